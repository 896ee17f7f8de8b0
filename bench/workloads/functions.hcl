# The eight functions that the paper "Hibernate Container" measures, one each. `make bench` measures ten of each, with
# `make bench-quick` two. To try them by hand, once one of these has made their root file systems:
#
#   out/torpor run --config bench/workloads
#   curl http://127.0.0.1:18103/

locals {
  python = "/usr/bin/python3"
}

# Sines, cosines and square roots.
function "float-operation" {
  rootfs  = "python/rootfs"
  command = [local.python, "/app/float_operation.py"]

  limits {
    memory = "96MiB"
  }
  listen "http" {
    address = "127.0.0.1:18101"
    port    = 8080
  }
}

# OpenCV turns a video grey.
function "video-processing" {
  rootfs  = "opencv/rootfs"
  command = [local.python, "/app/video_processing.py"]

  limits {
    memory = "512MiB"
  }
  listen "http" {
    address = "127.0.0.1:18102"
    port    = 8080
  }
}

# Pillow turns, filters and shrinks a picture of 8 KB.
function "image-small" {
  rootfs  = "pillow/rootfs"
  command = [local.python, "/app/image_processing.py", "/app/small.jpg"]

  limits {
    memory = "128MiB"
  }
  listen "http" {
    address = "127.0.0.1:18103"
    port    = 8080
  }
}

# The same with a picture of 2.6 MB.
function "image-large" {
  rootfs  = "pillow/rootfs"
  command = [local.python, "/app/image_processing.py", "/app/large.jpg"]

  limits {
    memory = "512MiB"
  }
  listen "http" {
    address = "127.0.0.1:18104"
    port    = 8080
  }
}

function "hello-python" {
  rootfs  = "python/rootfs"
  command = [local.python, "/app/hello.py"]

  limits {
    memory = "96MiB"
  }
  listen "http" {
    address = "127.0.0.1:18105"
    port    = 8080
  }
}

function "hello-node" {
  rootfs  = "node/rootfs"
  command = ["/usr/bin/node", "/app/hello.js"]

  limits {
    memory = "192MiB"
  }
  listen "http" {
    address = "127.0.0.1:18106"
    port    = 8080
  }
}

function "hello-go" {
  rootfs  = "go/rootfs"
  command = ["/hello"]

  limits {
    memory = "96MiB"
  }
  listen "http" {
    address = "127.0.0.1:18107"
    port    = 8080
  }
}

function "hello-java" {
  rootfs  = "java/rootfs"
  command = ["/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "-cp", "/app", "Hello"]

  limits {
    memory = "256MiB"
  }
  listen "http" {
    address = "127.0.0.1:18108"
    port    = 8080
  }
}
