# A node of its own: counts what other programs tell it in datagrams, to which they want no answer. Each
# wakes it, if it sleeps. The counts are to be had over HTTP, on a Unix socket. After `make setup`:
#
#   torpor run --config examples/udp
#   echo 'logins:1|c' >/dev/udp/127.0.0.1/18125
#   curl --unix-socket /run/tally.sock http://tally/
node {
  memory_budget = "96MiB"

  swap {
    size = "1GiB"
  }
}

function "tally" {
  rootfs  = "rootfs"
  command = ["/tally"]
  user    = "65534:65534"

  limits {
    memory = "64MiB"
  }
  listen "counts" {
    address  = "127.0.0.1:18125"
    protocol = "udp"
    port     = 8125
  }
  listen "http" {
    address = "/run/tally.sock"
    mode    = "0600"
    port    = 8125
  }
  hibernate {
    after = "10s"
  }
}
