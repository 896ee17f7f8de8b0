function "missing" {
  rootfs  = "../nowhere" # ERROR: Missing rootfs; The folder {DIR}/nowhere does not exist. Create it, or correct the path.
  command = ["/bin/app"]
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
function "file" {
  rootfs  = "../root/bin/app" # ERROR: Unusable rootfs; {DIR}/root/bin/app is not a folder. Unpack it into one, or use image for an archive.
  command = ["/bin/app"]
  listen "http" {
    address = ":8081"
    port    = 8080
  }
}
function "neither" { # ERROR: Missing rootfs or image; One of the two has to be there: write rootfs = "/srv/app", which is a folder, or image = "./app.tar".
  command = ["/bin/app"]
  listen "http" {
    address = ":8082"
    port    = 8080
  }
}
function "both" {
  rootfs  = "../root"
  image   = "example.org/app:1" # ERROR: Both rootfs and image; rootfs and image exclude each other: remove one.
  command = ["/bin/app"]
  listen "http" {
    address = ":8083"
    port    = 8080
  }
}
function "image-path" {
  image = "./nowhere.tar" # ERROR: Invalid image; {DIR}/errors/nowhere.tar cannot be read (no such file or directory): create it, or correct the path.
  listen "http" {
    address = ":8084"
    port    = 8080
  }
}
function "image-name" {
  image = "not an image" # ERROR: Invalid image; "not an image" is not an image: write a path with a leading "/" or "./", or a reference such as "registry.example/app:1".
  listen "http" {
    address = ":8085"
    port    = 8080
  }
}
function "null" { # ERROR: Missing rootfs or image; One of the two has to be there: write rootfs = "/srv/app", which is a folder, or image = "./app.tar".
  rootfs  = null
  command = ["/bin/app"]
  listen "http" {
    address = ":8086"
    port    = 8080
  }
}
function "under-a-file" {
  rootfs  = "../root/bin/app/root" # ERROR: Unusable rootfs; {DIR}/root/bin/app/root cannot be used: not a directory.
  command = ["/bin/app"]
  listen "http" {
    address = ":8087"
    port    = 8080
  }
}
