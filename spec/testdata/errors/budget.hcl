node {
  memory_budget = "256MiB"
}
function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  limits {
    memory = "1GiB" # ERROR: Budget smaller than one function's limit; Function "a" may use 1GiB, but the memory_budget of the node is 256MiB (testdata/errors/budget.hcl:2). Lower the limit or raise the budget.
  }
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
