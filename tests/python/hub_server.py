"""The least that JupyterHub takes for a user's server: writes its environment to the file named, and answers."""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


with open(sys.argv[1], "w") as file:
    json.dump(dict(os.environ), file)
at = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
HTTPServer((at.hostname or "127.0.0.1", at.port or 0), Answer).serve_forever()
