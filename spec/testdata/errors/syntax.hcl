node {
  memory_budget = 1GiB # ERROR: Missing newline after argument; An argument definition must end with a newline. A size or a time is written in quotes, such as "512MiB".
}
function "a" {
  what is this # ERROR: Invalid block definition; A block definition must have block content delimited by "{" and "}", starting on the same line as the block header.
}
