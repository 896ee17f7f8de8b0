node { # ERROR: Duplicate node; There is a node block at testdata/errors/nodes_twice/a.hcl:1 already. Put everything into that one.
}
