"""A Docker engine: the one that runs here, or one of our own for as long as it is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dev.docker.bridge import Bridge, BridgeError, make_bridge
from dev.parent import end_with_parent

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0


class NoEngineError(Exception):
    """No container can be had here; the message says why and what would help."""


@dataclass
class Engine:
    """An engine that answers."""

    host: str
    """Its address, as DOCKER_HOST takes it."""
    gateway: str
    """The machine's address on the engine's bridge: where containers reach a hub."""
    _process: subprocess.Popen[bytes] | None = None
    _folder: Path | None = None
    _bridge: Bridge | None = None

    @property
    def own(self) -> bool:
        """Whether we started it."""
        return self._process is not None

    def docker(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run the docker command and give what it prints. Raises NoEngineError with its complaint."""
        command = ["docker", "--host", self.host, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        if done.returncode != 0:
            complaint = done.stderr.decode(errors="replace").strip()[:500]
            raise NoEngineError(f"docker {' '.join(arguments[:2])}: {complaint}")
        return done.stdout.decode().strip()

    def stop(self) -> None:
        """End our own engine, its containers with it; leave an engine of others alone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._bridge is not None:
            self._bridge.remove()


def open_engine(state: Path) -> Engine:
    """
    Find the engine that runs here (DOCKER_HOST is respected); else, as root, start one of our own.

    Our own engine keeps everything below `state`, leaves the machine's firewall alone (its containers reach
    the machine and nothing beyond it), and ends with the calling process at the latest.

    Raises NoEngineError, with one sentence for people.
    """
    if not shutil.which("docker"):
        raise NoEngineError("Docker is not installed (Debian: sudo apt-get install docker.io).")
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if _answers(host):
        return Engine(host, _gateway(host))
    if not shutil.which("dockerd") or os.geteuid() != 0:
        raise NoEngineError(
            f"No Docker engine answers at {host}. "
            "Start it (sudo systemctl start docker), be in the group docker, or run as root."
        )
    return _start(state)


def _start(state: Path) -> Engine:
    state.mkdir(parents=True, exist_ok=True)
    try:
        bridge = make_bridge()
    except BridgeError as error:
        raise NoEngineError(f"A Docker engine of our own has no network: {error}.") from error
    # The socket has a short path of its own: the state folder may lie too deep for one.
    folder = Path(tempfile.mkdtemp(prefix="labkeeper-docker-"))
    host = f"unix://{folder}/docker.sock"
    log_path = state / "dockerd.log"
    arguments = [
        "dockerd",
        f"--host={host}",
        f"--data-root={state / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'docker.pid'}",
        f"--bridge={bridge.name}",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-masq=false",
        "--ip-forward=false",
        "--log-level=warn",
    ]
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    engine = Engine(host, bridge.address, process, folder, bridge)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _answers(host):
        if process.poll() is not None or time.monotonic() > deadline:
            engine.stop()
            said = log_path.read_text(errors="replace").strip().splitlines()[-1:]
            raise NoEngineError(f"A Docker engine of our own did not start: {' '.join(said)[:500]}")
        time.sleep(0.05)
    return engine


def _answers(host: str) -> bool:
    command = ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def _gateway(host: str) -> str:
    """The bridge's address; empty for an engine whose bridge is elsewhere (a virtual machine, rootless)."""
    command = ["docker", "--host", host, "network", "inspect", "bridge"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        return ""
    configurations = json.loads(done.stdout)[0].get("IPAM", {}).get("Config") or []
    return next((item["Gateway"] for item in configurations if item.get("Gateway")), "")
