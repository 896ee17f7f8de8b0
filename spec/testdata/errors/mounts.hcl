function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  mount {
    source = "nowhere" # ERROR: Missing source; {DIR}/errors/nowhere does not exist. Create it, or correct the path.
    target = "/data"
  }
  mount { # ERROR: Duplicate mount; /data is the target of the mount at testdata/errors/mounts.hcl:4 already. Choose another target.
    source = "../root/data"
    target = "/data"
  }
  mount {
    source = "../root/data"
    target = "/" # ERROR: Invalid target; "/" is the root folder: name something below it.
  }
  mount {
    source = "../root/data"
    target = "relative" # ERROR: Invalid target; "relative" is not an absolute path: write it with a leading "/".
  }
  mount {
    source = "../root/data"
    target = "/a/../b/" # ERROR: Invalid target; "/a/../b/" is not in its plain form: write "/b".
  }
  mount {
    source   = "../root/bin/app/x" # ERROR: Unusable source; {DIR}/root/bin/app/x cannot be mounted: not a directory.
    target   = "/x"
    writable = "no" # ERROR: Wrong type of writable; This is a string, but writable is a boolean, as in: writable = true.
  }
  mount { # ERROR: Missing source; A mount block needs a source on this machine and a target in the sandbox: write source = "...". # ERROR: Missing target; A mount block needs a source on this machine and a target in the sandbox: write target = "...".
  }
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
