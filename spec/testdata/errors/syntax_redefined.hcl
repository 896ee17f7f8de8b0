function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  command = ["/bin/app"] # ERROR: Attribute redefined; The argument "command" was already set at testdata/errors/syntax_redefined.hcl:3,3-10. Each argument may be set only once.
  user    = 1 # ERROR: Wrong type of user; This is a number, but user is a string, as in: user = "nobody".
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
