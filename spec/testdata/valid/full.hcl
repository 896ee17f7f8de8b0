locals {
  size = "${local.half * 2}MiB"
  half = 128
  base = { LOG = "info", PORT = 8000 }
}

node {
  memory_budget = "2GiB"
  pressure      = "25%"
  swap {
    path = "/var/lib/torpor/swap"
    size = "16GiB"

    writes_per_day = "50GiB"
  }
  kvm {
    kernel = "/boot/vmlinuz"
  }
}

function "everything" {
  rootfs      = "../root"
  command     = ["/bin/link", "--port", 8000, true]
  args        = concat(["a"], split(",", "b,c"), [for n in range(2) : "n${n}"])
  env         = merge(local.base, { SECRET = trimspace(file("../root/etc/text")), SET = env("TORPOR_SET"), UNSET = env("TORPOR_UNSET", "default") })
  user        = "1000:daemon"
  working_dir = "/data"

  scratch      = "disk"
  isolation    = "gvisor"
  start        = "boot"
  stop_timeout = "1m"

  mount {
    source = "../root/data"
    target = "/data"
  }
  mount {
    source   = "../root/etc/text"
    target   = "/etc/other"
    writable = true
  }
  limits {
    memory = local.size
    cpus   = 0.5
    pids   = 64
  }
  listen "http" {
    address = "localhost:8080"
    port    = 8000
  }
  listen "v6" {
    address       = "[::1]:8080"
    port          = 8001
    wake_on_close = true
  }
  listen "handed-over" {
    socket = "everything"
    port   = 8002
  }
  listen "unit" {
    address = "unix:/run/everything.sock"
    socket  = "everything-unix"
    port    = 8003
    mode    = "0660"
  }
  listen "unix" {
    address         = "/run/other.sock"
    port            = 8004
    session_timeout = null
  }
  listen "datagrams" {
    address         = ":8080"
    protocol        = "udp"
    port            = 8000
    session_timeout = "10s"
  }
  ready {
    timeout = "5s"
    path    = "/healthz?deep=1"
  }
  hibernate {
    after      = "90s"
    priority   = 10
    idle_cpu   = "2.5%"
    prefetch   = false
    evict      = false
    busy_limit = "1h"
  }
  hold {
    connections = 16
    timeout     = "3s"
  }
}

function "defaults" {
  image = "registry.example/team/app:1.2"
  user  = null
  listen "http" {
    address = ":9090"
    port    = 80
  }
}

function "awake" {
  image = "../root"
  listen "http" {
    address = "127.0.0.1:9091"
    port    = 80
  }
  hibernate {
    after = "never"
  }
}
