function "a" {
  rootfs       = "../root"
  command      = ["/bin/app"]
  stop_timeout = "0s" # ERROR: Invalid stop_timeout; "0s" is too short: write a time above zero, such as "30s".
  hibernate {
    after      = "soon" # ERROR: Invalid after; "soon" is not a duration: write "30s", or "never".
    priority   = 101 # ERROR: Invalid priority; 101 does not fit: write a whole number from 0 to 100.
    idle_cpu   = "5" # ERROR: Invalid idle_cpu; "5" is not a percentage: write "5%".
    busy_limit = "1d" # ERROR: Invalid busy_limit; "1d" is not a duration: write "24h".
  }
  ready {
    timeout = 30 # ERROR: Wrong type of timeout; This is a number, but timeout is a string, as in: timeout = "30s".
    path    = "healthz" # ERROR: Invalid path; "healthz" is not the path of a URL: it begins with "/" and has no spaces, such as "/healthz".
  }
  hold {
    timeout = "-1s" # ERROR: Invalid timeout; "-1s" is too short: write a time above zero, such as "30s".
  }
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
function "b" {
  rootfs       = "../root"
  command      = ["/bin/app"]
  stop_timeout = "30" # ERROR: Invalid stop_timeout; "30" is not a duration: write "30s".
  hibernate {
    after      = "9999h" # ERROR: Invalid after; "9999h" is too long: write at most "8760h", or "never".
    priority   = "high" # ERROR: Wrong type of priority; This is a string, but priority is a number, as in: priority = 0.
    idle_cpu   = "500%" # ERROR: Invalid idle_cpu; "500%" is not a percentage of one core: write more than "0%" and up to "100%".
    busy_limit = "5 M" # ERROR: Invalid busy_limit; "5 M" is not a duration: write "5m".
  }
  ready {
    timeout = "2h" # ERROR: Invalid timeout; "2h" is too long: write at most "1h".
    path    = "/a b" # ERROR: Invalid path; "/a b" is not the path of a URL: it begins with "/" and has no spaces, such as "/healthz".
  }
  listen "http" {
    address       = ":8081"
    port          = 8080
    wake_on_close = "yes" # ERROR: Wrong type of wake_on_close; This is a string, but wake_on_close is a boolean, as in: wake_on_close = true.
  }
}
