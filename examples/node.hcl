# All folders here are one node. `make setup` makes the root file systems, then:
#
#   torpor run --config examples
#
# Awake at once, the four functions need more memory than this budget. The first byte on the address of
# one that sleeps wakes it, and another one goes to sleep.
node {
  memory_budget = "96MiB"

  swap {
    size = "1GiB" # where sleeping functions keep their memory
  }
}

locals {
  nobody = "65534:65534"
}
