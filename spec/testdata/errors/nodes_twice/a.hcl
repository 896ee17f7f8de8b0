node {
  memory_budget = "1GiB"
}
