function "zero" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    cpus = 0 # ERROR: Invalid cpus; 0 does not fit: write a number above 0 and up to 4096, such as 0.5.
    pids = 3 # ERROR: Invalid pids; 3 does not fit: write a whole number from 16 to 4194304.
  }
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
function "large" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    cpus = 1e9 # ERROR: Invalid cpus; 1000000000 does not fit: write a number above 0 and up to 4096, such as 0.5.
    pids = 20.5 # ERROR: Invalid pids; 20.5 does not fit: write a whole number from 16 to 4194304.
  }
  limits { # ERROR: Duplicate block; There is a limits block at testdata/errors/limits.hcl:16 already. Put everything into that one.
    cpus = 1
  }
  hold {
    connections = -1 # ERROR: Invalid connections; -1 does not fit: write a whole number from 1 to 1048576.
    timeout     = "2h" # ERROR: Invalid timeout; "2h" is too long: write at most "1h".
  }
  listen "http" {
    address = ":8081"
    port    = 8080
  }
}
