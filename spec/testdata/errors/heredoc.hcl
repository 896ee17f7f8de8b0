function "a" {
  rootfs  = "../root"
  command = ["/bin/app", <<-END
    text
    END
  ]
  user = "a b" # ERROR: Invalid user; "a b" is not a user: write "uid", "uid:gid", "name" or "name:group".
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
