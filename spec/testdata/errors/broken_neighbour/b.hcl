node {
  memory_budget = local.size
  swap {
    size = "1GB" # ERROR: Invalid size; "1GB" is not a size: write "1GiB".
  }
}
