"""A web server for the tests of basin data get: server.py FOLDER LOG. Prints its port; ends when its input does.

    /NAME        a file of FOLDER, or the part of it that a Range header asks for
    /whole/NAME  without ranges, as some servers are
    /cut/NAME    closes the connection after 5000 bytes, each time
    /slow/NAME   1000 bytes every tenth of a second
Each request is a line of LOG: its path and its Range.
"""
import http.server
import os
import re
import sys
import threading
import time

folder, log = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        wanted = self.headers.get("Range")
        with open(log, "a") as out:
            print(self.path, wanted, file=out)
        way, name = ("/" + self.path.lstrip("/")).rsplit("/", 1)
        try:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
        except OSError:
            return self.send_error(404)
        first = 0
        if wanted and way != "/whole":
            first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if first >= len(data):
                return self.send_error(416)
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        data = data[first:]
        if way == "/cut" and len(data) > 5000:
            self.wfile.write(data[:5000])
            self.close_connection = True
            return
        if way != "/slow":
            self.wfile.write(data)
            return
        for at in range(0, len(data), 1000):
            self.wfile.write(data[at:at + 1000])
            time.sleep(0.1)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None  # a client that was killed
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
