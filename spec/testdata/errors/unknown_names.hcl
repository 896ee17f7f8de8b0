fucntion "typo" { # ERROR: Unknown block; There is no block "fucntion" here. Did you mean "function"?
}
service "far" { # ERROR: Unknown block; There is no block "service" here. What can be written here: blocks node, function, locals.
}
rootfs = "/srv/app" # ERROR: Unknown attribute; There is no attribute "rootfs" here. What can be written here: blocks node, function, locals.
function = "attribute" # ERROR: Block written as an attribute; "function" is a block here: write function { ... }, without the equals sign.
function "a" {
  rootfs   = "../root"
  comand   = ["/bin/app"] # ERROR: Unknown attribute; There is no attribute "comand" here. Did you mean "command"?
  colour   = "red" # ERROR: Unknown attribute; There is no attribute "colour" here. What can be written here: attributes rootfs, image, command, args, env, user, working_dir, scratch, isolation, start, stop_timeout; blocks mount, limits, listen, ready, hibernate, hold.
  limits   = { memory = "64MiB" } # ERROR: Block written as an attribute; "limits" is a block here: write limits { ... }, without the equals sign.
  env { # ERROR: Attribute written as a block; "env" is an attribute here: write env = ..., with an equals sign.
    A = "b"
  }
  listen "http" {
    adress = ":8080" # ERROR: Unknown attribute; There is no attribute "adress" here. Did you mean "address"?
    port   = 8080
  }
  hibernat { # ERROR: Unknown block; There is no block "hibernat" here. Did you mean "hibernate"?
    after = "1m"
  }
  ready {
    path    = "/"
    timeuot = "3s" # ERROR: Unknown attribute; There is no attribute "timeuot" here. Did you mean "timeout"?
  }
}
node {
  memory_limit  = "1GiB" # ERROR: Unknown attribute; There is no attribute "memory_limit" here. What can be written here: attributes memory_budget, pressure; blocks swap, kvm.
  memory_budge  = "1GiB" # ERROR: Unknown attribute; There is no attribute "memory_budge" here. Did you mean "memory_budget"?
}
