"""Checks of Node and of the companion, by starting it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from ..node import Node, NodeError, find_node
from ..sockets import make_private_socket
from ..supervisor import COMPANION, companion_environment
from .finding import Finding

START_TIMEOUT_S = 20.0


def check_node_and_companion() -> Iterator[Finding]:
    """Node is there and new enough, and the companion starts and answers with it."""
    try:
        node = find_node()
    except NodeError as error:
        reason, _, hint = str(error).partition(". ")
        yield Finding("Node", "broken", f"{reason.rstrip('.')}.", hint)
        return
    yield Finding("Node", "ok", f"Node {node.version} from {node.source} ({node.path}).")
    if not COMPANION.is_file():
        yield Finding(
            "companion",
            "broken",
            f"{COMPANION.name} is missing from the installation.",
            "pip install --force-reinstall --no-deps labkeeper-core (in a checkout: npm run build)",
        )
        return
    yield _try_companion(node)


def _try_companion(node: Node) -> Finding:
    from jupyter_core.paths import jupyter_runtime_dir

    place = make_private_socket(jupyter_runtime_dir())
    environment = companion_environment(os.environ)
    environment.pop("LABKEEPER_DISABLE", None)
    # A home of its own, so that the real server's flight recorder is left alone; nobody's score is raised.
    environment |= {
        "LABKEEPER_SOCKET": place.path,
        "LABKEEPER_HOME": str(place.folder),
        "LABKEEPER_SERVER_PID": str(os.getpid()),
        "LABKEEPER_DISABLE": "oom-score,flight-recorder",
    }
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            [node.path, str(COMPANION)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            health = _wait_for_health(process, place.path, began + START_TIMEOUT_S)
        finally:
            assert process.stdin is not None and process.stderr is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            said = process.stderr.read().decode(errors="replace").strip()
            process.stderr.close()
    finally:
        place.remove()
    if health is None:
        last = said.splitlines()[-1] if said else "it said nothing"
        return Finding(
            "companion",
            "broken",
            f"It does not start: {last}",
            "Report it with the lines of the server's log.",
        )
    return Finding("companion", "ok", f"Starts and answers in {time.monotonic() - began:.1f} s.")


def _wait_for_health(process: subprocess.Popen[bytes], path: str, deadline: float) -> Any | None:
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("labkeeper", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.settimeout(5)
            connection.sock.connect(path)
            connection.request("GET", "/health")
            answer = connection.getresponse()
            if answer.status == 200:
                return json.loads(answer.read())
        except (OSError, ValueError, http.client.HTTPException):
            # Not there yet.
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    return None
