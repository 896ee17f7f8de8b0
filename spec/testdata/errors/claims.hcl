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
  listen "admin" {
    socket = "admin" # ERROR: Socket claimed twice; Socket "admin" is claimed by listen "admin" of function "a" at testdata/errors/claims.hcl:9 already. Use another one.
    port   = 6
  }
}
