"""Says hello, and how often it has done so since it started."""

import http.server
import json
import os
import signal
import sys
import threading


class Counter:
    """Counts requests. The start id tells one life of this process from the next."""

    def __init__(self):
        self.start = os.urandom(8).hex()
        self.requests = 0
        self.lock = threading.Lock()

    def greet(self):
        with self.lock:
            self.requests += 1
            return {"hello": "python", "start": self.start, "requests": self.requests}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet

    def do_GET(self):
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # the body is not read
        path = self.path.partition("?")[0]
        if path == "/":
            self.reply(200, self.server.counter.greet())
        else:
            self.reply(404, {"error": "there is only /"})

    do_HEAD = do_GET

    def reply(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, *args):
        pass  # errors are still logged


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    counter = Counter()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # clients may go at any time
            super().handle_error(request, client_address)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("PORT", "8080"))
    server = Server(("127.0.0.1", port), Handler)
    print("listening on 127.0.0.1:%d" % server.server_port, flush=True)
    server.serve_forever(poll_interval=None)  # without a timer that would wake it for nothing


main()
