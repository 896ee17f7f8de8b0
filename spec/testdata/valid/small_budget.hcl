node {
  memory_budget = "0.25GiB"
}
function "a" {
  image = "app"
  listen "http" {
    address = "10.0.0.1:80"
    port    = 80
  }
}
function "b" {
  image = "app"
  listen "http" {
    address = "10.0.0.2:80"
    port    = 80
  }
}
