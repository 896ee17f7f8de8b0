function "b" {
  image = local.image
  listen "http" {
    socket = "b"
    port   = 80
  }
}
