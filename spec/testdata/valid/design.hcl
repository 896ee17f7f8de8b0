node {
  memory_budget = "2GiB"
  swap {
    path = "/var/lib/torpor/swap"
    size = "16GiB"
  }
}

function "thumbnails" {
  rootfs    = "/srv/thumbnails"
  command   = ["/usr/bin/python3", "/app/server.py"]
  env       = { PORT = "8000" }
  isolation = "auto"

  limits {
    memory = "512MiB"
    cpus   = 1
  }
  listen "http" {
    address = "127.0.0.1:8080"   # or socket = "thumbnails-http": a descriptor that systemd hands over
    port    = 8000               # where the function listens in its sandbox
  }
  ready {
    timeout = "30s"              # a TCP connect on the first listener, unless path = "/healthz"
  }
  hibernate {
    after    = "30s"
    priority = 10                # a higher one sleeps later
  }
}
