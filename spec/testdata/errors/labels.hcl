function { # ERROR: Missing name; Give this block a name: write function "NAME" { ... }.
  colour = "not looked at"
}
function "a" "b" { # ERROR: Too many names; This block has one name: write function "a" { ... }.
}
node "a" { # ERROR: Name not needed; This block has no name: write node { ... }.
}
function "c" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen { # ERROR: Missing name; Give this block a name: write listen "NAME" { ... }.
    address = ":8080"
  }
}
function "Upper_Case" { # ERROR: Invalid name; "Upper_Case" is not a name: use 1 to 63 of a-z, 0-9 and "-", the first one not "-".
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "-http" { # ERROR: Invalid name; "-http" is not a name: use 1 to 63 of a-z, 0-9 and "-", the first one not "-".
    address = ":8081"
    port    = 80
  }
}
