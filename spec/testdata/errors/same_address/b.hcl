function "b" {
  rootfs  = "../../root"
  command = ["/bin/app"]
  listen "http" {
    address = ":8080" # ERROR: Address claimed twice; :8080 overlaps with :8080, which is claimed by listen "http" of function "a" at testdata/errors/same_address/a.hcl:5 already. Use another port or address.
    port    = 8080
  }
}
