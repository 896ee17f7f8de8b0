function "none" { # ERROR: Missing command; A function with a rootfs needs the program to run: write command = ["/usr/bin/program"].
  rootfs  = "../root"
  listen "http" {
    address = ":8000"
    port    = 8080
  }
}
function "null-command" { # ERROR: Missing command; A function with a rootfs needs the program to run: write command = ["/usr/bin/program"].
  rootfs  = "../root"
  command = null
  listen "http" {
    address = ":8001"
    port    = 8080
  }
}
function "empty" {
  rootfs  = "../root"
  command = [] # ERROR: Invalid command; The program is missing: write command = ["/usr/bin/program", "argument"].
  listen "http" {
    address = ":8002"
    port    = 8080
  }
}
function "string" {
  rootfs  = "../root"
  command = "/bin/app" # ERROR: Wrong type of command; This is a string, but command is a list of strings, as in: command = ["..."].
  listen "http" {
    address = ":8003"
    port    = 8080
  }
}
function "missing" {
  rootfs  = "../root"
  command = ["/bin/ap"] # ERROR: Missing program; /bin/ap does not exist in the rootfs {DIR}/root: put it there, or correct the path.
  listen "http" {
    address = ":8004"
    port    = 8080
  }
}
function "folder" {
  rootfs  = "../root"
  command = ["/etc"] # ERROR: Missing program; /etc in the rootfs {DIR}/root is not a file: name the program itself.
  listen "http" {
    address = ":8005"
    port    = 8080
  }
}
function "mode" {
  rootfs  = "../root"
  command = ["/etc/text"] # ERROR: Missing program; /etc/text in the rootfs {DIR}/root is not executable: change its mode with chmod +x.
  listen "http" {
    address = ":8006"
    port    = 8080
  }
}
function "through-file" {
  rootfs  = "../root"
  command = ["/etc/text/app"] # ERROR: Missing program; /etc/text/app cannot be run from the rootfs {DIR}/root: a part of its path is not a folder.
  listen "http" {
    address = ":8007"
    port    = 8080
  }
}
function "loop" {
  rootfs  = "../root"
  command = ["/bin/loop"] # ERROR: Missing program; /bin/loop cannot be run from the rootfs {DIR}/root: its symbolic links lead in a circle.
  listen "http" {
    address = ":8008"
    port    = 8080
  }
}
function "dangling" {
  rootfs  = "../root"
  command = ["/bin/dangling"] # ERROR: Missing program; /bin/dangling leads to /nowhere, which does not exist in the rootfs {DIR}/root: put it there, or correct the path.
  listen "http" {
    address = ":8009"
    port    = 8080
  }
}
function "items" {
  rootfs  = "../root"
  command = [
    "/bin/app",
    null, # ERROR: Invalid command; Null is not a string: leave it out, or write "".
    ["nested"], # ERROR: Invalid command; A list is not a string: write a string, or use jsonencode().
    "a\u0000b", # ERROR: Invalid command; The string holds a NUL byte, which no program can be given: remove it.
  ]
  args = 5 # ERROR: Wrong type of args; This is a number, but args is a list of strings, as in: args = ["..."].
  listen "http" {
    address = ":8010"
    port    = 8080
  }
}
function "link-is-fine" {
  rootfs  = "../root"
  command = ["/bin/link", 1, true]
  listen "http" {
    address = ":8011"
    port    = 8080
  }
}
