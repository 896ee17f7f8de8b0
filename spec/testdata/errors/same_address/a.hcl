function "a" {
  rootfs  = "../../root"
  command = ["/bin/app"]
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
