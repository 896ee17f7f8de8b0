"""Serves one function over HTTP, and counts its requests, so that clients see whether it forgot any."""

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

    def next(self):
        with self.lock:
            self.requests += 1
            return {"start": self.start, "requests": self.requests}


def serve(work):
    """Replies to each GET with what work returns, a dictionary; never returns."""
    counter = Counter()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body in one packet

        def do_GET(self):
            body = json.dumps({**work(), **counter.next()}).encode() + b"\n"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *args):
            pass  # errors are still logged

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080")))
    server = http.server.ThreadingHTTPServer(address, Handler)
    print("listening on %s:%d" % server.server_address, flush=True)
    server.serve_forever(poll_interval=None)  # without a timer that would wake it for nothing
