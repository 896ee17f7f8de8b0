node {
  memory_budget = "512MB" # ERROR: Invalid memory_budget; "512MB" is not a size: write "512MiB".
  swap {
    path = "/var/swap"
    size = "99999999TiB" # ERROR: Invalid size; "99999999TiB" is too large: a size is less than 16777216TiB.
  }
}
function "plain" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    memory = 512 # ERROR: Wrong type of memory; This is a number, but memory is a string, as in: memory = "512MiB".
  }
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
function "short" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    memory = "512m" # ERROR: Invalid memory; "512m" is not a size: write "512MiB".
  }
  listen "http" {
    address = ":8081"
    port    = 8080
  }
}
function "words" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    memory = "plenty" # ERROR: Invalid memory; "plenty" is not a size: write a number and a unit, such as "512MiB".
  }
  listen "http" {
    address = ":8082"
    port    = 8080
  }
}
function "tiny" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    memory = "1MiB" # ERROR: Invalid memory; 1MiB is too small: write at least "16MiB".
  }
  listen "http" {
    address = ":8083"
    port    = 8080
  }
}
function "odd" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    memory = "0.3KiB" # ERROR: Invalid memory; "0.3KiB" is not a whole number of bytes: write fewer decimals or a smaller unit.
  }
  listen "http" {
    address = ":8084"
    port    = 8080
  }
}
