"""The real companion behind the real server: a kernel's death reaches the page that is open."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from servers import Server, is_alive, wait_for

from labkeeper.supervisor import COMPANION

pytestmark = pytest.mark.skipif(not COMPANION.is_file(), reason="the companion is not built: npm run build")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory):
    server = Server(tmp_path_factory.mktemp("real"), script=None, wait="")
    wait_for("the companion", lambda: server.request("GET", "labkeeper/health")[0] == 200)
    yield server
    server.stop()


class Page:
    """A page that has said hello."""

    def __init__(self, server: Server):
        self.socket = server.open()
        self.seen: list[dict] = []
        hello = {"protocol": 1, "build": "test", "client": "lab", "visible": True}
        self.socket.send(json.dumps({"method": "hello", "params": hello}))

    def wait_for(self, method: str, fits=lambda _params: True, timeout_s: float = 15) -> dict:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            message = json.loads(self.socket.recv())
            self.seen.append(message)
            if message["method"] == method and fits(message["params"]):
                return message["params"]
        raise AssertionError(f"no {method}; seen {[m['method'] for m in self.seen]}")


def test_a_page_hears_hello_samples_and_a_death(real: Server) -> None:
    page = Page(real)
    hello = page.wait_for("hello")
    assert hello["protocol"] == 1 and hello["disabled"] == []
    sample = page.wait_for("usage/sample")
    assert sample["memory"]["usageBytes"] > 0
    kernel_id = real.new_session("real.ipynb")["kernel"]["id"]
    channels = real.channels(kernel_id)
    channels.wait_until_ready()
    kernels = page.wait_for(
        "kernels/changed",
        lambda p: any(
            k["kernelId"] == kernel_id and k["path"] == "real.ipynb" and k["state"] == "idle"
            for k in p["kernels"]
        ),
    )
    pid = next(k["pid"] for k in kernels["kernels"] if k["kernelId"] == kernel_id)
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    death = page.wait_for("kernel/death", lambda d: d["verdict"] is not None)
    print(f"death told to the page after {(time.monotonic() - killed) * 1000:.0f} ms: {death['verdict']}")
    assert time.monotonic() - killed < 1.5
    channels.close()
    page.socket.close()
    real.request("DELETE", f"api/kernels/{kernel_id}")


def test_the_real_companion_comes_back_and_ends_with_its_server(make_server) -> None:
    server: Server = make_server(script=None, wait="")

    def companion() -> int | None:
        status, _, health = server.request("GET", "labkeeper/health")
        return health["companionPid"] if status == 200 else None

    first = wait_for("the companion", companion)
    killed = time.monotonic()
    os.kill(first, signal.SIGKILL)
    second = wait_for("the next one", lambda: (pid := companion()) != first and pid)
    assert time.monotonic() - killed < 3
    server.process.kill()
    server.process.wait()
    wait_for("its end", lambda: not is_alive(second), 5)


def test_what_is_installed_is_recorded_where_that_is_asked_for(make_server) -> None:
    server: Server = make_server(script=None, wait="", env={"LABKEEPER_AUDIT": "1"})
    folder = server.home / ".local/share/labkeeper/audit/default"
    wait_for("what is installed", lambda: "jupyter-server" in read(folder / "installed.json"), 40)
    records = [
        json.loads(line)
        for line in read(*folder.glob("*.0.audit")).splitlines()
        if '"labkeeper.install/1"' in line
    ]
    assert records[0]["action"] == "opened"
    found = next(record for record in records[1:] if record["package"]["name"] == "jupyter-server")
    assert found["action"] == "found-on-disk" and found["environment"]["kind"] == "venv"
    assert sys.prefix not in json.dumps(found)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
