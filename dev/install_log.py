"""Where the demo has the install log: pages on another host than the hub's, both on this machine."""

from __future__ import annotations

import http.client
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from labkeeper.managed_service import start_command

#: The hub's port, and those that follow it: its API, its proxy's API, the hub service, the pages.
PORTS = 5
READER = "support"
DECIDERS = (READER, "approver")
ADMINS = ("admin",)


POLICY = Path(__file__).resolve().parent / "labkeeper.toml"


def policy_file(state: Path) -> Path:
    """The demo's policy, in the folder `state`: made at the first start, and from then on whoever tries it out edits it."""
    path = state / POLICY.name
    if not path.exists():
        shutil.copyfile(POLICY, path)
    return path


def service_port(port: int) -> int:
    """Where users' servers reach the hub service of the hub at `port`."""
    return port + 3


def pages_port(port: int) -> int:
    """Where the pages of the hub at `port` listen."""
    return port + 4


def pages_host() -> str:
    """The address of this machine on which the pages listen."""
    # All of 127.0.0.0/8 is this machine on Linux; elsewhere only the first is.
    return "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"


def pages_url(port: int) -> str:
    """The pages' address: for a browser another site than 127.0.0.1."""
    host = "127.0.0.2" if sys.platform == "linux" else "labkeeper.localhost"
    return f"http://{host}:{pages_port(port)}"


def where(port: int, patience_s: float = 10.0) -> str:
    """Where the install log is, as soon as it answers; else a sentence that says why it does not."""
    command, reason = start_command()
    if command is None:
        return f"not there: {reason}"
    url = pages_url(port)
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(pages_host(), pages_port(port), timeout=2)
        try:
            # Whatever it answers, a redirection to the login as a rule, it is there.
            connection.request("GET", "/", headers={"Host": urlsplit(url).netloc})
            connection.getresponse()
            return f"{url} (log in as {READER})"
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    return f"not there: nothing answers at {url}; the log says why."
