"""The demo hub of `npm start` has the install log, and starts without it."""

from __future__ import annotations

import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from servers import ROOT, wait_for

from dev import install_log
from dev.start import _free_ports
from labkeeper.managed_service import PROGRAM


def test_the_pages_are_on_another_host_than_the_hub() -> None:
    assert install_log.pages_url(8000) in ("http://127.0.0.2:8004", "http://labkeeper.localhost:8004")


def test_the_policy_is_there_to_be_edited_and_stays_as_it_was_edited(tmp_path: Path) -> None:
    made = install_log.policy_file(tmp_path)
    assert made.read_text() == install_log.POLICY.read_text()
    made.write_text("# mine\n")
    assert install_log.policy_file(tmp_path).read_text() == "# mine\n"


def test_a_program_that_is_missing_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkeeper.managed_service.PROGRAM", tmp_path / "hub-service.mjs")
    assert install_log.where(8000).startswith("not there: hub-service.mjs is missing")


def test_pages_that_do_not_answer_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install_log, "start_command", lambda: (["node"], ""))
    port = _free_ports(24000)
    assert port is not None
    assert "nothing answers" in install_log.where(port, patience_s=0.2)
    at = (install_log.pages_host(), install_log.pages_port(port))
    with http.server.HTTPServer(at, http.server.BaseHTTPRequestHandler) as pages:
        threading.Thread(target=pages.handle_request, daemon=True).start()
        assert install_log.where(port) == f"{install_log.pages_url(port)} (log in as support)"


def test_the_demo_says_where_it_is_and_leaves_nothing(tmp_path: Path) -> None:
    port = _free_ports(25000)
    demo = subprocess.Popen(
        [sys.executable, "-m", "dev.start", "--port", str(port), "--state", str(tmp_path / "state")],
        cwd=ROOT,
        env={**os.environ, "LABKEEPER_PASSWORD": "tests-only"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert demo.stdout is not None
        said = ""
        for line in demo.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        assert re.search(r"policy +\S+/labkeeper\.toml \(edit it", said), said
        assert (tmp_path / "state/labkeeper.toml").is_file()
        where = re.search(r"install log +(.+)", said)
        assert where, said
        if PROGRAM.is_file():
            assert where[1] == f"{install_log.pages_url(port)} (log in as support)"
            assert (tmp_path / "state/labkeeper").stat().st_mode & 0o077 == 0
        else:
            assert where[1].startswith("not there: ")
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=40)
    wait_for("free ports", lambda: all(_closed(p) for p in range(port, port + install_log.PORTS)), 5)


def _closed(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
