function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "relative" {
    address = "unix:run/a.sock" # ERROR: Invalid address; "run/a.sock" is not an absolute path, which a Unix socket needs: write "/run/hello.sock".
    port    = 1
  }
  listen "folder" {
    address = "/run/" # ERROR: Invalid address; "/run/" is a folder: write the path of the socket in it, such as "/run/hello.sock".
    port    = 2
  }
  listen "long" {
    address = "/${join("", [for i in range(107) : "x"])}" # ERROR: Invalid address; "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" is too long for a Unix socket: write a path of at most 107 bytes.
    port    = 3
  }
  listen "abstract" {
    address = "@hello" # ERROR: Invalid address; "@hello" is not host:port: write "127.0.0.1:8080", ":8080" for all addresses, or "/run/hello.sock" for a Unix socket.
    port    = 4
  }
  listen "misspelt" {
    address  = ":5"
    protocol = "upd" # ERROR: Invalid protocol; "upd" (did you mean "udp"?) is not a value of protocol: write "tcp" or "udp".
    port     = 5
  }
  listen "unix-udp" {
    address  = "/run/a.sock"
    protocol = "udp" # ERROR: Unix socket with udp; A Unix socket takes streams, for the function's TCP port: remove protocol, or write an address such as "127.0.0.1:53".
    port     = 6
  }
  listen "close" {
    address       = ":7"
    protocol      = "udp"
    port          = 7
    wake_on_close = true # ERROR: wake_on_close with udp; Datagrams come without a connection that could be closed: remove wake_on_close, or the protocol.
  }
  listen "session" {
    address         = ":8"
    port            = 8
    session_timeout = "10s" # ERROR: session_timeout without udp; It is for datagrams, and this listen takes connections: remove it, or write protocol = "udp".
  }
  listen "endless" {
    address         = ":9"
    protocol        = "udp"
    port            = 9
    session_timeout = "25h" # ERROR: Invalid session_timeout; "25h" is too long: write at most "24h".
  }
  listen "mode" {
    address = ":10"
    port    = 10
    mode    = "0600" # ERROR: mode without Unix socket; It says who may connect to a Unix socket: remove it, or write an address such as "/run/hello.sock".
  }
  listen "mode-of-unit" {
    socket = "mode"
    port   = 11
    mode   = "0600" # ERROR: mode without Unix socket; It says who may connect to a Unix socket: remove it, or write an address such as "/run/hello.sock".
  }
  listen "modes" {
    address = "/run/modes.sock"
    port    = 12
    mode    = "rw" # ERROR: Invalid mode; "rw" is not a file mode: write three octal digits, such as "0660".
  }
  listen "number" {
    address = "/run/number.sock"
    port    = 13
    mode    = 660 # ERROR: Wrong type of mode; This is a number, but mode is a string, as in: mode = "0660".
  }
}
function "b" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "dns" {
    address  = ":53"
    protocol = "udp"
    port     = 53
  }
  ready {
    path = "/healthz" # ERROR: Path without TCP; The path is asked for over TCP, but this function listens for udp only. Remove it: the function is ready once it has bound port 53.
  }
}
