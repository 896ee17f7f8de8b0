function "a" {
  image = local.image
  listen "http" {
    socket = "a"
    port   = 80
  }
}
locals {
  image = "app"
}
