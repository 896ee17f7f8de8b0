function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "http" {
    address = ":8080"
    port    = 80
  }
  listen "again" {
    address = ":8081"
    port    = 80 # ERROR: Port listed twice; Port 80 is listed at testdata/errors/ports.hcl:6 already. Give each listen its own port, or remove one.
  }
  listen "http" { # ERROR: Duplicate listen; There is a listen "http" at testdata/errors/ports.hcl:4 already. Give each its own name.
    address = ":8082"
    port    = 81
  }
}
