node {
  memory_budget = "1MiB" # ERROR: Invalid memory_budget; 1MiB is too small: write at least "16MiB".
  swap {
    path = "swap" # ERROR: Invalid path; "swap" is not an absolute path: write it with a leading "/".
    size = "4MiB" # ERROR: Invalid size; 4MiB is too small: write at least "16MiB".
    writes_per_day = "0GiB" # ERROR: Invalid writes_per_day; 0B is too small: write at least "16MiB".
  }
  swap { # ERROR: Duplicate block; There is a swap block at testdata/errors/node.hcl:3 already. Put everything into that one.
    size = "1GiB"
  }
  kvm {
    kernel = "vmlinuz" # ERROR: Invalid kernel; "vmlinuz" is not an absolute path: write it with a leading "/".
  }
  kvm { # ERROR: Duplicate block; There is a kvm block at testdata/errors/node.hcl:11 already. Put everything into that one.
  }
  pressure = "10" # ERROR: Invalid pressure; "10" is not a share of time: write "1%" to "100%", or "never".
}
node { # ERROR: Duplicate node; There is a node block at testdata/errors/node.hcl:1 already. Put everything into that one.
  memory_budget = "1GB" # ERROR: Invalid memory_budget; "1GB" is not a size: write "1GiB".
}
