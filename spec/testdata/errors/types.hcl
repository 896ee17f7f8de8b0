node {
  memory_budget = ["1GiB"] # ERROR: Wrong type of memory_budget; This is a list, but memory_budget is a string, as in: memory_budget = "512MiB".
  swap {
    path = {} # ERROR: Wrong type of path; This is an object, but path is a string, as in: path = "/var/lib/torpor/swap".
    size = true # ERROR: Wrong type of size; This is a boolean, but size is a string, as in: size = "512MiB".
  }
}
function "a" {
  rootfs       = 1 # ERROR: Wrong type of rootfs; This is a number, but rootfs is a string, as in: rootfs = "/srv/app".
  command      = { a = 1 } # ERROR: Wrong type of command; This is an object, but command is a list of strings, as in: command = ["..."].
  args         = "x" # ERROR: Wrong type of args; This is a string, but args is a list of strings, as in: args = ["..."].
  env          = "A=b" # ERROR: Wrong type of env; This is a string, but env is an object of strings, as in: env = { NAME = "value" }.
  user         = [] # ERROR: Wrong type of user; This is a list, but user is a string, as in: user = "nobody".
  working_dir  = false # ERROR: Wrong type of working_dir; This is a boolean, but working_dir is a string, as in: working_dir = "/app".
  scratch      = 1 # ERROR: Wrong type of scratch; This is a number, but scratch is a string, as in: scratch = "memory".
  isolation    = null
  start        = {} # ERROR: Wrong type of start; This is an object, but start is a string, as in: start = "demand".
  stop_timeout = 10 # ERROR: Wrong type of stop_timeout; This is a number, but stop_timeout is a string, as in: stop_timeout = "30s".
  listen "http" {
    address       = [] # ERROR: Wrong type of address; This is a list, but address is a string, as in: address = "127.0.0.1:8080".
    socket        = null
    port          = true # ERROR: Wrong type of port; This is a boolean, but port is a number, as in: port = 1.
    wake_on_close = 1 # ERROR: Wrong type of wake_on_close; This is a number, but wake_on_close is a boolean, as in: wake_on_close = true.
  }
  limits {
    memory = [] # ERROR: Wrong type of memory; This is a list, but memory is a string, as in: memory = "512MiB".
    cpus   = "1" # ERROR: Wrong type of cpus; This is a string, but cpus is a number, as in: cpus = 0.5.
    pids   = "many" # ERROR: Wrong type of pids; This is a string, but pids is a number, as in: pids = 16.
  }
  hibernate {
    after    = 30 # ERROR: Wrong type of after; This is a number, but after is a string, as in: after = "30s".
    priority = "1" # ERROR: Wrong type of priority; This is a string, but priority is a number, as in: priority = 0.
    idle_cpu = 5 # ERROR: Wrong type of idle_cpu; This is a number, but idle_cpu is a string, as in: idle_cpu = "5%".
  }
}
function "b" {
  image = 5 # ERROR: Wrong type of image; This is a number, but image is a string, as in: image = "./app.tar".
  listen "http" { # ERROR: Missing address or socket; One of the two has to be there: write address = "127.0.0.1:8080". # ERROR: Missing port; A listen block needs the port that the function listens on: write port = 8080.
    address = null
    port    = null
  }
}
