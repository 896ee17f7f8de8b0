# With a byte order mark and Windows line ends.
function "a" {
  image = "app"
  listen "http" {
    socket = "a"
    port   = 80
  }
}
