function "a" {
  rootfs    = "../root"
  command   = ["/bin/app"]
  isolation = "kmv" # ERROR: Invalid isolation; "kmv" (did you mean "kvm"?) is not a value of isolation: write "auto", "gvisor" or "kvm".
  scratch   = "tmpfs" # ERROR: Invalid scratch; "tmpfs" is not a value of scratch: write "memory" or "disk".
  start     = true # ERROR: Wrong type of start; This is a boolean, but start is a string, as in: start = "demand".
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
