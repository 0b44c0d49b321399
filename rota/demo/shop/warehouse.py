"""The warehouse: a small HTTP server that is sometimes down, sometimes slow, and sometimes too busy."""

import json
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Warehouse(BaseHTTPRequestHandler):
    """Answers one order in ten with an error, and some with a request to come back later."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        luck = random.random()
        if luck < 0.1:
            self.answer(503, {"error": "the warehouse is having a break"})
        elif luck < 0.15:
            self.answer(429, {"error": "one at a time, please"}, {"Retry-After": "3"})
        else:
            time.sleep(random.random() * 0.3)
            self.answer(200, {"reference": f"W-{random.randrange(10**6):06}"})

    def answer(self, status, body, headers=None):
        """Send `body` as JSON."""
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *args):  # noqa: A002 - the standard library's name
        """Say nothing: the jobs' own logs tell."""


def serve(port):
    """Serve until killed."""
    ThreadingHTTPServer(("127.0.0.1", port), Warehouse).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8088)
