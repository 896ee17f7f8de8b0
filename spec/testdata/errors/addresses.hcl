function "a" {
  rootfs  = "../root"
  command = ["/bin/app"]
  listen "none" {
    address = "127.0.0.1" # ERROR: Invalid address; "127.0.0.1" is not host:port: write "127.0.0.1:8080", ":8080" for all addresses, or "/run/hello.sock" for a Unix socket.
    port    = 1
  }
  listen "range" {
    address = "127.0.0.1:65536" # ERROR: Invalid address; "127.0.0.1:65536" has no port that can be used: write a number from 1 to 65535 after the ":".
    port    = 65536 # ERROR: Invalid port; 65536 does not fit: write a whole number from 1 to 65535.
  }
  listen "name" {
    address = "example.org:80" # ERROR: Invalid address; "example.org" is not the address of this machine: write an IP address, "localhost", or nothing before the ":" for all.
    port    = 2
  }
  listen "star" {
    address = "*:80" # ERROR: Invalid address; "*:80" is not host:port: write ":80" for all addresses.
    port    = 3
  }
  listen "number" {
    address = 8080 # ERROR: Wrong type of address; This is a number, but address is a string, as in: address = "127.0.0.1:8080".
    port    = "80" # ERROR: Wrong type of port; This is a string, but port is a number, as in: port = 1.
  }
  listen "service" {
    address = "127.0.0.1:http" # ERROR: Invalid address; "127.0.0.1:http" has no port that can be used: write a number from 1 to 65535 after the ":".
    port    = 4
  }
  listen "v6" {
    address = "::1:80" # ERROR: Invalid address; "::1:80" is not host:port: write "127.0.0.1:8080", ":8080" for all addresses, or "/run/hello.sock" for a Unix socket.
    port    = 5
  }
  listen "both" {
    address = ":81"
    socket  = "b-http"
    port    = 6
  }
  listen "neither" { # ERROR: Missing address or socket; One of the two has to be there: write address = "127.0.0.1:8080".
    port = 7
  }
  listen "socket" {
    socket = "a:b" # ERROR: Invalid socket; "a:b" is not a FileDescriptorName of systemd: use up to 255 ASCII characters without ":".
    port   = 8
  }
  listen "no-port" { # ERROR: Missing port; A listen block needs the port that the function listens on: write port = 8080.
    address = ":82"
  }
  listen "empty" {
    address = "" # ERROR: Invalid address; It is empty: give a value, or leave the attribute out.
    port    = 9
  }
}
