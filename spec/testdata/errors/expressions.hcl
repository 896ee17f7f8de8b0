locals {
  unset     = env("TORPOR_UNSET") # ERROR: Error in function call; Call to function "env" failed: the environment variable TORPOR_UNSET is not set; set it, or give a default: env("TORPOR_UNSET", "...").
  given     = env("TORPOR_UNSET", "fine")
  three     = env("A", "b", "c") # ERROR: Error in function call; Call to function "env" failed: it takes a name and at most one default.
  bytes     = env("TORPOR_BYTES") # ERROR: Error in function call; Call to function "env" failed: the environment variable TORPOR_BYTES is not UTF-8.
  nothing   = file("nowhere.txt") # ERROR: Error in function call; Call to function "file" failed: {DIR}/errors/nowhere.txt cannot be read (no such file or directory): create it, or correct the path.
  folder    = file("../root") # ERROR: Error in function call; Call to function "file" failed: {DIR}/root cannot be read (not a regular file): create it, or correct the path.
  nul       = file("a\u0000b") # ERROR: Error in function call; Call to function "file" failed: a path cannot hold a NUL byte.
  binary    = file("../binary.txt") # ERROR: Error in function call; Call to function "file" failed: {DIR}/binary.txt is not UTF-8.
  fnuction  = uper("a") # ERROR: Call to unknown function; There is no function named "uper". Did you mean "upper"?
  variable  = auto # ERROR: Unknown variable; There is no variable "auto". Values of locals blocks are called local.NAME, environment variables env("NAME"); a string needs quotes: "auto".
  base      = base64decode("?") # ERROR: Error in function call; Call to function "base64decode" failed: the text is not base64.
  base_utf8 = base64decode("/w==") # ERROR: Error in function call; Call to function "base64decode" failed: the decoded text is not UTF-8.
  number    = 1 + "a" # ERROR: Invalid operand; Unsuitable value for right operand: a number is required.
  tried     = try(env("TORPOR_UNSET"), "fine")
}
function "a" {
  rootfs  = "../root"
  command   = ["/bin/app", local.unset]
  isolation = auto # ERROR: Unknown variable; There is no variable "auto". Values of locals blocks are called local.NAME, environment variables env("NAME"); a string needs quotes: "auto".
  listen "http" {
    address = ":8080"
    port    = 8080
  }
}
