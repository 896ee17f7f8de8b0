# Node.js from Debian's packages. It takes a while to start, so it sleeps later than the others.
#
#   curl http://127.0.0.1:18082/
function "hello-node" {
  rootfs  = "rootfs"
  command = ["/usr/bin/node", "/app/server.js"]
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
    address = "127.0.0.1:18082"
    port    = 8080
  }
  hibernate {
    after    = "2m"
    priority = 10
  }
}
