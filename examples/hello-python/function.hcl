# Python from Debian's packages; the program is mounted, so that an edit needs no new root file system.
#
#   curl http://127.0.0.1:18081/
function "hello-python" {
  rootfs  = "rootfs"
  command = ["/usr/bin/python3", "/app/server.py"]
  user    = local.nobody
  env     = { PORT = "8080" }

  mount {
    source = "app"
    target = "/app"
  }
  limits {
    memory = "96MiB"
  }
  listen "http" {
    address = "127.0.0.1:18081"
    port    = 8080
  }
  hibernate {
    after = "1m"
  }
}
