locals {
  size = "1GiB"
  oops # ERROR: Argument or block definition required; An argument or block definition is required here. To set an argument, use the equals sign "=" to introduce the argument value.
}
