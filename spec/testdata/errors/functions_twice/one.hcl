function "a" {
  rootfs  = "../../root"
  command = ["/bin/app"]
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
function "a" { # ERROR: Duplicate function; There is a function "a" at testdata/errors/functions_twice/one.hcl:1 already. Rename or remove one.
  rootfs  = "../../root"
  command = ["/bin/app"]
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
