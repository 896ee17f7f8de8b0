function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "http" {
    address = ":8080"
    port    = 80
  }
  listen "again" {
    address = ":8081"
    port    = 80 # ERROR: Port listed twice; Port 80 is listed for tcp at testdata/errors/ports.hcl:6 already. Give each listen its own port, remove one, or give them different protocols.
  }
  listen "http" { # ERROR: Duplicate listen; There is a listen "http" at testdata/errors/ports.hcl:4 already. Give each its own name.
    address = ":8082"
    port    = 81
  }
  listen "udp" {
    address  = ":8080"
    protocol = "udp"
    port     = 80
  }
  listen "unix" {
    address = "/run/a.sock"
    port    = 80 # ERROR: Port listed twice; Port 80 is listed for tcp at testdata/errors/ports.hcl:6 already. Give each listen its own port, remove one, or give them different protocols.
  }
  listen "either" {
    socket = "a-either"
    port   = 82
  }
  listen "one-of-them" {
    address  = ":8083"
    protocol = "udp"
    port     = 82 # ERROR: Port listed twice; Port 82 is listed for udp at testdata/errors/ports.hcl:27 already. Give each listen its own port, remove one, or give them different protocols.
  }
}
