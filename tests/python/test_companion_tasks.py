"""What runs in the background of the server goes on whatever happens, and says what happened."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from labkeeper import link as link_module
from labkeeper import supervisor as supervisor_module
from labkeeper.link import CompanionLink
from labkeeper.node import Node, NodeError, find_node
from labkeeper.supervisor import Program, Supervisor

LOG = logging.getLogger("labkeeper-tests")


async def until(look: Callable[[], object], timeout_s: float = 10.0) -> None:
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not look():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


def supervisor_of(script: Path, on_ready: Callable[[int], None] = lambda _pid: None) -> Supervisor:
    """Run a Python program in the companion's place: it starts faster than Node."""
    return Supervisor(Program(script, f"{script}.sock", {}), LOG, on_ready)


@pytest.fixture(autouse=True)
def python_for_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        supervisor_module, "find_node", lambda *_: Node(sys.executable, "24.0.0", "these tests")
    )


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (
            "import sys; sys.stderr.write('LABKEEPER_SOCKET is missing.\\n'); sys.exit(2)",
            "the companion ended with status 2: LABKEEPER_SOCKET is missing",
        ),
        ("raise SystemExit(5)", "the companion ended with status 5"),
        (
            "import sys\nsys.stderr.write('Error: no luck\\n    at run (file:1:1)\\n\\nNode.js v24.1.0\\n'); sys.exit(1)",
            "the companion ended with status 1: Error: no luck",
        ),
        (
            "import sys; sys.stderr.write('x' * 1000 + '\\n'); sys.exit(1)",
            f"the companion ended with status 1: {'x' * 300}…",
        ),
        (
            "import sys, os; sys.stderr.write('Sampling.\\n'); sys.stderr.flush(); os.kill(os.getpid(), 9)",
            "the companion ended by signal 9",
        ),
        (
            "import sys, os\nsys.stderr.write('FATAL ERROR: heap limit\\n----- Native stack trace -----\\n 1: 0x1\\n')\n"
            "sys.stderr.flush(); os.abort()",
            "the companion ended by signal 6: FATAL ERROR: heap limit",
        ),
    ],
)
def test_the_last_words_are_the_reason(tmp_path: Path, program: str, reason: str) -> None:
    script = tmp_path / "companion.py"
    script.write_text(program)

    async def run() -> None:
        supervisor = supervisor_of(script)
        supervisor.start()
        await until(lambda: supervisor.state == "away")
        assert supervisor.reason == reason
        await supervisor.stop()

    asyncio.run(run())


def test_an_orderly_stop_says_good_bye_before_the_input_ends(tmp_path: Path) -> None:
    script, heard = tmp_path / "companion.py", tmp_path / "heard"
    script.write_text(
        "import sys, pathlib\nprint('{\"ready\": true}', flush=True)\n"
        f"pathlib.Path({str(heard)!r}).write_text(sys.stdin.read())\n"
    )

    async def run() -> None:
        supervisor = supervisor_of(script)
        supervisor.start()
        await until(lambda: supervisor.state == "running")
        await supervisor.stop()

    asyncio.run(run())
    assert heard.read_text() == "stopping\n"


def test_a_failure_nobody_thought_of_is_said_and_the_next_try_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = tmp_path / "companion.py"
    script.write_text("import sys; print('{\"ready\": true}', flush=True); sys.stdin.read()\n")
    tries = []

    def fails_once(*_: object) -> Node:
        tries.append(1)
        if len(tries) == 1:
            raise UnicodeError("a secret detail")
        return Node(sys.executable, "24.0.0", "these tests")

    monkeypatch.setattr(supervisor_module, "find_node", fails_once)

    async def run() -> None:
        supervisor = supervisor_of(script)
        supervisor.start()
        await until(lambda: supervisor.state == "away")
        assert supervisor.reason == "it could not be run, for a reason that is in the server's log"
        await until(lambda: supervisor.state == "running")
        assert supervisor.reason == ""
        await supervisor.stop()

    asyncio.run(run())
    assert "Traceback" in caplog.text and "a secret detail" in caplog.text


def test_a_node_that_speaks_no_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "node"
    path.write_text("#!/bin/sh\nprintf '\\377\\376 luck\\n'\n")
    path.chmod(0o755)
    with pytest.raises(NodeError, match="it says: �� luck"):
        find_node({"LABKEEPER_NODE": str(path), "PATH": "/usr/bin:/bin"})


class Ear(WebSocketHandler):
    """The companion's end of the server's line."""

    def initialize(self, heard: list[str]) -> None:
        self.heard = heard

    def on_message(self, message: str | bytes) -> None:
        self.heard.append(json.loads(message)["method"])


def test_the_line_goes_on_after_an_event_that_cannot_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(link_module, "UNEXPECTED_PAUSE_S", 0.3)
    heard: list[str] = []

    async def run() -> None:
        path = str(tmp_path / "companion.sock")
        server = HTTPServer(Application([("/server", Ear, {"heard": heard})]))
        server.add_socket(bind_unix_socket(path))
        link = CompanionLink(lambda: path, lambda: {}, list, LOG)
        link.start()
        await until(lambda: "server/kernels" in heard)
        link.tell("server/unspeakable", {"value": object()})
        link.tell("server/next", {})
        await until(lambda: link.failure)
        assert link.failure == "the server cannot talk to it, for a reason that is in the server's log"
        await until(lambda: "server/next" in heard)
        assert link.failure == ""
        await link.stop("server/stopping", {})
        server.stop()

    asyncio.run(run())
    assert "Traceback" in caplog.text
