# Redis as Debian ships it. It writes nothing to disk: what it is told stays in its memory, asleep too, and
# with evict = false also when swap is full.
#
#   redis-cli -p 18083 incr visits
function "redis" {
  rootfs  = "rootfs"
  command = ["/usr/bin/redis-server"]
  args    = ["--port", "6379", "--bind", "127.0.0.1", "--save", ""]
  user    = local.nobody

  limits {
    memory = "96MiB"
  }
  listen "redis" {
    address = "127.0.0.1:18083"
    port    = 6379
  }
  hibernate {
    after = "1m"
    evict = false
  }
}
