locals {
  b = local.a
  c = 2 # ERROR: Duplicate local; The local "c" is already defined at testdata/errors/locals_across/a.hcl:3. Rename or remove one.
}
