locals {
  a     = local.b # ERROR: Locals in a circle; The value of local "a" needs itself: a -> b -> c -> a. Give one of them a value of its own.
  b     = [local.c]
  c     = "${local.a}"
  self  = local.self # ERROR: Locals in a circle; The value of local "self" needs itself: self -> self. Give one of them a value of its own.
  all   = local # ERROR: Locals in a circle; The value of local "all" needs itself: all -> all. Give one of them a value of its own.
  fine  = "10MiB"
  broke = upper(local.missing) # ERROR: Unknown local; There is no local "missing". Define it in a locals block.
  index = local["fnie"] # ERROR: Unknown local; There is no local "fnie". Did you mean "fine"?
  block { # ERROR: Unexpected "block" block; Blocks are not allowed here.
  }
}
locals {
  fine = "again" # ERROR: Duplicate local; The local "fine" is already defined at testdata/errors/locals.hcl:7. Rename or remove one.
}
function "a" {
  rootfs  = "../root"
  command = ["/bin/app", local.a, local.broke]
  user    = local.fin # ERROR: Unknown local; There is no local "fin". Did you mean "fine"?
  env     = local.b
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
