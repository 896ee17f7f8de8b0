locals {
  a = local.b # ERROR: Locals in a circle; The value of local "a" needs itself: a -> b -> a. Give one of them a value of its own.
  c = 1
}
