function "a" { # ERROR: Missing listen; A function needs at least one listen block: write listen "http" { ... } with address = "127.0.0.1:8080" and port = 8080 in it. # ERROR: Missing rootfs or image; One of the two has to be there: write rootfs = "/srv/app", which is a folder, or image = "./app.tar".
}
node {
  swap { # ERROR: Missing size; A swap block needs a size: write size = "16GiB".
  }
}
