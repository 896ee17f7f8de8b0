# A static Go binary that keeps 30 MiB in memory: its root file system is that one file.
#
#   curl http://127.0.0.1:18080/
function "hello-go" {
  rootfs  = "rootfs"
  command = ["/hello"]
  user    = local.nobody
  env     = { PORT = "8080", STATE_MIB = "30" }

  limits {
    memory = "96MiB"
  }
  listen "http" {
    address = "127.0.0.1:18080"
    port    = 8080
  }
  hibernate {
    after = "1m"
  }
}
