function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "http" {
    address = "127.0.0.1:8080"
    port    = 8080
  }
  listen "admin" {
    socket = "admin"
    port   = 9090
  }
}
function "b" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "wildcard" {
    address = ":8080" # ERROR: Address claimed twice; :8080 overlaps with 127.0.0.1:8080, which is claimed by listen "http" of function "a" at testdata/errors/claims.hcl:5 already. Use another port or address.
    port    = 1
  }
  listen "localhost" {
    address = "localhost:8080" # ERROR: Address claimed twice; 127.0.0.1:8080 overlaps with 127.0.0.1:8080, which is claimed by listen "http" of function "a" at testdata/errors/claims.hcl:5 already. Use another port or address.
    port    = 2
  }
  listen "other" {
    address = "127.0.0.2:8081"
    port    = 3
  }
  listen "zero" {
    address = "0.0.0.0:8081" # ERROR: Address claimed twice; 0.0.0.0:8081 overlaps with 127.0.0.2:8081, which is claimed by listen "other" of function "b" at testdata/errors/claims.hcl:25 already. Use another port or address.
    port    = 4
  }
  listen "mapped" {
    address = "[::ffff:127.0.0.2]:8081" # ERROR: Address claimed twice; [::ffff:127.0.0.2]:8081 overlaps with 127.0.0.2:8081, which is claimed by listen "other" of function "b" at testdata/errors/claims.hcl:25 already. Use another port or address.
    port    = 5
  }
  listen "datagrams" {
    address  = ":8080"
    protocol = "udp"
    port     = 1
  }
  listen "unix" {
    address = "/run/b.sock"
    port    = 7
  }
  listen "for-the-unit" {
    address = "unix:/run/./b.sock" # ERROR: Address claimed twice; /run/b.sock overlaps with /run/b.sock, which is claimed by listen "unix" of function "b" at testdata/errors/claims.hcl:42 already. Use another port or address.
    socket  = "b-unix"
    port    = 8
  }
  listen "datagrams-too" {
    address  = "127.0.0.1:8080" # ERROR: Address claimed twice; 127.0.0.1:8080 overlaps with :8080, which is claimed by listen "datagrams" of function "b" at testdata/errors/claims.hcl:37 already. Use another port or address.
    socket   = "b-unix" # ERROR: Socket claimed twice; Socket "b-unix" is claimed by listen "for-the-unit" of function "b" at testdata/errors/claims.hcl:46 already. Use another one.
    protocol = "udp"
    port     = 9
  }
  listen "admin" {
    socket = "admin" # ERROR: Socket claimed twice; Socket "admin" is claimed by listen "admin" of function "a" at testdata/errors/claims.hcl:9 already. Use another one.
    port   = 6
  }
}
