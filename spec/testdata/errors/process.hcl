function "a" {
  rootfs  = "../root"
  command     = ["/bin/app"]
  working_dir = "app" # ERROR: Invalid working_dir; "app" is not an absolute path: write it as the program sees it, with a leading "/".
  user        = "me and you" # ERROR: Invalid user; "me and you" is not a user: write "uid", "uid:gid", "name" or "name:group".
  env = {
    "A=B" = "c" # ERROR: Invalid env; Of "A=B": the name of an environment variable is not empty and has no "=" and no NUL byte.
    ""    = "d" # ERROR: Invalid env; Of "": the name of an environment variable is not empty and has no "=" and no NUL byte.
    LIST  = [] # ERROR: Invalid env; Of "LIST": a list is not a string: write a string, or use jsonencode().
    NULL  = null # ERROR: Invalid env; Of "NULL": null is not a string: leave it out, or write "".
    ZERO  = "a\u0000b" # ERROR: Invalid env; Of "ZERO": the string holds a NUL byte, which no program can be given: remove it.
  }
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
function "b" {
  rootfs  = "../root"
  command     = ["/bin/app"]
  user        = "4294967295:0" # ERROR: Invalid user; "4294967295:0" is not a user: the largest id is 4294967294.
  env         = ["A=b"] # ERROR: Wrong type of env; This is a list, but env is an object of strings, as in: env = { NAME = "value" }.
  working_dir = "" # ERROR: Invalid working_dir; It is empty: give a value, or leave the attribute out.
  listen "http" {
    address = ":8081"
    port    = 8080
  }
}
function "c" {
  rootfs  = "../root"
  command = ["/bin/app"]
  user    = 0 # ERROR: Wrong type of user; This is a number, but user is a string, as in: user = "nobody".
  scratch = "me\u0000mory" # ERROR: Invalid scratch; The string holds a NUL byte, which no program can be given: remove it.
  listen "http" {
    address = ":8082"
    port    = 8080
  }
}
