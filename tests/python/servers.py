"""A real jupyter_server in a process of its own, with our extension, and what tests need to talk to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import websocket

ROOT = Path(__file__).resolve().parents[2]
FAKE = Path(__file__).with_name("fake_companion.mjs")
WITHOUT = Path(__file__).with_name("without")
"""Modules that stand in for packages whose import takes long."""
TOKEN = "secret-of-the-tests"
OTHER_EXTENSIONS = (
    "jupyterlab",
    "notebook",
    "notebook_shim",
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyter_resource_usage",
)
"""What the development packages enable."""


def wait_for(what: str, look: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """Look until there is something, and give it."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {timeout_s} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One jupyter_server and what its companion heard."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        env: dict[str, str] | None = None,
        script: Path | None = FAKE,
        app: str = "jupyter_server",
        wait: str = "connected",
        stdin: int = subprocess.DEVNULL,
        python: str = sys.executable,
        pages: bool = False,
    ):
        """`pages`: with Lab and Notebook, whose start takes longer than everything else here."""
        self.folder = folder
        self.log_path = folder / "server.log"
        self.heard_path = folder / "companion.jsonl"
        self.heard_path.touch()
        self.root = folder / "work"
        self.root.mkdir(exist_ok=True)
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.runtime = folder / "runtime"
        self.port = free_port()
        self.base = "/user/ada/"
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("LABKEEPER_", "JUPYTER"))
            },
            "PYTHONPATH": os.pathsep.join([str(WITHOUT), str(ROOT)]),
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "LABKEEPER_FAKE_LOG": str(self.heard_path),
            **(env or {}),
        }
        self._log = self.log_path.open("ab")
        self.process = subprocess.Popen(
            [
                python,
                "-m",
                app,
                f"--ServerApp.port={self.port}",
                "--ServerApp.port_retries=0",
                "--ServerApp.open_browser=False",
                "--ServerApp.allow_root=True",
                f"--ServerApp.base_url={self.base}",
                f"--ServerApp.root_dir={self.root}",
                f"--IdentityProvider.token={TOKEN}",
                f"--ServerApp.jpserver_extensions={dict.fromkeys(OTHER_EXTENSIONS, pages) | {'labkeeper': True}}",
                *([f"--Labkeeper.companion_script={script}"] if script else []),
                *arguments,
            ],
            env=environment,
            cwd=folder,
            stdout=self._log,
            stderr=self._log,
            stdin=stdin,
        )
        wait_for("the server", self._is_up, 40)
        if wait == "connected":
            self.wait_for_message("hello", timeout_s=20)

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            return self.request("GET", "api/status")[0] == 200
        except OSError:
            return False

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    # ---- HTTP

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        token: str | None = TOKEN,
    ) -> tuple[int, dict[str, str], Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {"Authorization": f"token {token}"} if token else {}
            connection.request(
                method,
                self.base + path,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json", **sent, **(headers or {})},
            )
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            found = {name.lower(): value for name, value in answer.getheaders()}
            try:
                return answer.status, found, json.loads(text)
            except ValueError:
                return answer.status, found, text
        finally:
            connection.close()

    def open(
        self, path: str = "labkeeper/ws", token: str | None = TOKEN, **options: Any
    ) -> websocket.WebSocket:
        query = f"?token={quote(token)}" if token else ""
        options.setdefault("origin", f"http://127.0.0.1:{self.port}")
        return websocket.create_connection(
            f"ws://127.0.0.1:{self.port}{self.base}{path}{query}", timeout=20, **options
        )

    def log_in(self) -> str:
        """Log in as a browser does, and give the cookies."""
        status, headers, _ = self.request("GET", f"labkeeper/health?token={TOKEN}", token=None)
        assert status == 200
        pairs = (part.split(";")[0].strip() for part in headers["set-cookie"].split(", "))
        return "; ".join(pair for pair in pairs if pair.startswith("username-"))

    # ---- kernels

    def new_session(
        self, path: str = "a.ipynb", kernel: str = "python3", type: str = "notebook"
    ) -> dict[str, Any]:
        status, _, session = self.request(
            "POST",
            "api/sessions",
            {"path": path, "name": Path(path).name, "type": type, "kernel": {"name": kernel}},
        )
        assert status == 201, session
        return session

    def channels(self, kernel_id: str) -> Channels:
        return Channels(self.open(f"api/kernels/{kernel_id}/channels"))

    # ---- the companion

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.heard_path.read_text().splitlines() if line.endswith("}")]

    def messages(self, method: str, kernel_id: str | None = None) -> list[dict[str, Any]]:
        found = [entry["params"] for entry in self.heard() if entry.get("method") == method]
        if kernel_id is None:
            return found
        return [
            p
            for p in found
            if p.get("kernelId") == kernel_id or p.get("kernel", {}).get("kernelId") == kernel_id
        ]

    def wait_for_message(
        self, method: str, kernel_id: str | None = None, number: int = 1, timeout_s: float = 20
    ) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self.messages(method, kernel_id)
            return found[number - 1] if len(found) >= number else None

        try:
            return wait_for(f"message {number} {method}", look, timeout_s)
        except AssertionError:
            print(self.log[-4000:])
            raise

    def kernel(self, kernel_id: str) -> dict[str, Any] | None:
        """The kernel as the companion knows it now."""
        lists = self.messages("server/kernels")
        kernels = lists[-1]["kernels"] if lists else []
        return next((kernel for kernel in kernels if kernel["kernelId"] == kernel_id), None)

    def wait_for_kernel(self, kernel_id: str, **expected: Any) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            kernel = self.kernel(kernel_id)
            return (
                kernel if kernel and all(kernel[name] == value for name, value in expected.items()) else None
            )

        return wait_for(f"kernel {kernel_id} with {expected}", look)

    def companion_pid(self) -> int:
        return [entry["pid"] for entry in self.heard() if entry.get("event") == "started"][-1]

    # ---- the end

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                # jupyter_client keeps a kernel that failed to start among the pending ones, cannot shut it down, and its
                # server then stays for ever: with Labkeeper and without.
                wait_for("the server's end", lambda: self.process.poll() is not None or self._is_stuck())
            finally:
                if self.process.poll() is None:
                    self.process.kill()
                    self.process.wait()
        self._log.close()

    def _is_stuck(self) -> bool:
        return (
            "HTTP 404: Not Found (Kernel does not exist" in self.log_path.read_text(errors="replace")[-1000:]
        )


class Channels:
    """A kernel's channels, as a page opens them."""

    def __init__(self, connection: websocket.WebSocket):
        self.connection = connection
        self.session = uuid.uuid4().hex

    def send(self, type: str, content: dict[str, Any], channel: str = "shell") -> str:
        message_id = uuid.uuid4().hex
        self.connection.send(
            json.dumps(
                {
                    "header": {
                        "msg_id": message_id,
                        "msg_type": type,
                        "session": self.session,
                        "username": "ada",
                        "version": "5.3",
                        "date": "2026-01-01T00:00:00Z",
                    },
                    "parent_header": {},
                    "metadata": {},
                    "content": content,
                    "channel": channel,
                    "buffers": [],
                }
            )
        )
        return message_id

    def start(self, code: str) -> str:
        """Run code without waiting for its end."""
        return self.send(
            "execute_request", {"code": code, "silent": False, "store_history": False, "stop_on_error": True}
        )

    def run(self, code: str) -> None:
        """Run code to its end."""
        self.wait_for_reply(self.start(code))

    def wait_until_ready(self) -> None:
        self.wait_for_reply(self.send("kernel_info_request", {}))

    def wait_for_reply(self, message_id: str) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            message = json.loads(self.connection.recv())
            if message["parent_header"].get("msg_id") == message_id and message["channel"] == "shell":
                return
        raise AssertionError("no reply")

    def close(self) -> None:
        self.connection.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(") ")[1][:1]


def rss_kib(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])
