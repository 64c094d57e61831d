"""`npm start`: a real JupyterHub with demo accounts, until Ctrl-C. Leaves no process behind."""

from __future__ import annotations

import argparse
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from dev.accounts import ACCOUNTS
from dev.groups import ROOT as CGROUP_ROOT
from dev.groups import Group
from dev.install_log import POLICY, PORTS, pages_host, pages_port, where
from dev.parent import end_with_parent
from dev.proxy import end_left_proxy

ROOT = Path(__file__).resolve().parent.parent
LEAST_MEMORY_BYTES = 128 * 2**20
"""Below this a server cannot start: jupyterhub-singleuser alone takes some 100 MB."""
LAST_PORT = 65536 - PORTS
"""The ports after it are taken as well."""


def main() -> int:
    """Start the hub, say where it is, wait for the end of it or of us."""
    arguments = _parse()
    end_with_parent()
    state = Path(arguments.state).resolve()
    try:
        (state / "home").mkdir(parents=True, exist_ok=True)
        lock = (state / "running").open("a+")
    except OSError as error:
        print(f"labkeeper: --state {state} cannot be used: {error.strerror}.", file=sys.stderr)
        return 1
    if not _take(lock):
        lock.seek(0)
        print(
            f"labkeeper: it already runs from this folder, {lock.read().strip() or 'and is just starting'}. "
            "Stop that one with Ctrl-C, or give this one a folder of its own: npm start -- --state FOLDER",
            file=sys.stderr,
        )
        return 1
    port = _free_ports(arguments.port)
    if port is None:
        print(
            f"labkeeper: no five free ports from {arguments.port} on. Choose another: npm start -- --port 9000",
            file=sys.stderr,
        )
        return 1
    if port != arguments.port:
        print(f"labkeeper: port {arguments.port} is taken, using {port}.")
    lock.truncate(0)
    lock.write(f"at http://127.0.0.1:{port} (process {os.getpid()})\n")
    lock.flush()
    password = _password(state)
    environment = {
        **os.environ,
        "LABKEEPER_PORT": str(port),
        "LABKEEPER_STATE": str(state),
        "LABKEEPER_PASSWORD": password,
        "LABKEEPER_MEMORY": str(to_bytes(arguments.memory)),
        "LABKEEPER_CPU": str(arguments.cpu),
    }
    if arguments.docker:
        environment["LABKEEPER_DOCKER"] = "1"
    if arguments.database:
        environment["LABKEEPER_DEMO_DATABASE"] = arguments.database
    log_path = state / "hub.log"
    with log_path.open("ab") as log:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(ROOT / "dev/jupyterhub_config.py")],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if not _wait_until_up(hub, port):
            print(
                f"labkeeper: the hub did not start. Its last lines, from {_short(log_path)}:\n",
                file=sys.stderr,
            )
            print(
                "".join(log_path.read_text(errors="replace").splitlines(keepends=True)[-15:]), file=sys.stderr
            )
            return 1
        _welcome(port, password, arguments, log_path)
        return hub.wait()
    except KeyboardInterrupt:
        print("\nlabkeeper: stopping the hub and its servers …")
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _stop(hub, port, state)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="npm start --", description="Start a demo JupyterHub with Labkeeper."
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port of the hub (it takes the next four as well)"
    )
    parser.add_argument("--memory", default="2G", help="memory limit of each server, for example 2G or 700M")
    parser.add_argument("--cpu", type=float, default=1.0, help="CPU quota of each server in cores")
    parser.add_argument("--docker", action="store_true", help="start servers in containers, by DockerSpawner")
    parser.add_argument(
        "--database",
        help="where the install log is kept: sqlite:/path/file.sqlite or postgres://user@host/name; by default a SQLite file",
    )
    # Taken out by scripts/labkeeper.mjs, which sets that one up; here for --help alone.
    parser.add_argument(
        "--oldest", action="store_true", help="the oldest JupyterHub and JupyterLab that are supported"
    )
    parser.add_argument(
        "--state", default=str(ROOT / ".state/hub"), help="folder for homes, database and log"
    )
    arguments = parser.parse_args()
    try:
        enough = to_bytes(arguments.memory) >= LEAST_MEMORY_BYTES
    except (ValueError, OverflowError):
        parser.error(f"--memory: expected a number with K, M or G behind it (2G), got {arguments.memory!r}")
    if not enough:
        parser.error(f"--memory: expected 128M or more, got {arguments.memory!r}")
    # Not "less than": it is not less, and not more, than what is no number.
    if not 0.05 <= arguments.cpu <= 4096:
        parser.error(f"--cpu: expected 0.05 cores or more, got {arguments.cpu}")
    if not 1 <= arguments.port <= LAST_PORT:
        parser.error(f"--port: expected a port from 1 to {LAST_PORT}, got {arguments.port}")
    return arguments


def _take(lock: IO[str]) -> bool:
    """Lock a file for as long as this process lives; False if another one has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def to_bytes(text: str) -> int:
    """Bytes from a text such as ``700M``. Raises ValueError for anything else."""
    factor = {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1:].upper())
    return int(float(text[:-1]) * factor) if factor else int(text)


def _free_ports(first: int) -> int | None:
    """The first port from ``first`` on that is free together with those after it that the demo takes."""
    for port in range(first, min(first + 20 * PORTS, LAST_PORT + 1), PORTS):
        hosts = {p: "127.0.0.1" for p in range(port, port + PORTS)} | {pages_port(port): pages_host()}
        if all(_is_free(p, host) for p, host in hosts.items()):
            return port
    return None


def _is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _password(state: Path) -> str:
    """The demo password: made once, kept, because browsers remember it."""
    file = state / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9))
    return os.environ.get("LABKEEPER_PASSWORD") or file.read_text().strip()


def _wait_until_up(hub: subprocess.Popen[bytes], port: int, patience_s: float = 90) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and hub.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/hub/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _welcome(port: int, password: str, arguments: argparse.Namespace, log_path: Path) -> None:
    print(f"\n  Labkeeper is at   http://127.0.0.1:{port}\n")
    for name, what in ACCOUNTS.items():
        print(f"  {name:12} {what}")
    print(f"\n  password          {password}")
    print(f"  install log       {where(port)}")
    print(f"  policy            {_short(log_path.with_name(POLICY.name))} (edit it: taken up within seconds)")
    print(f"  each server has   {arguments.memory} of memory, {arguments.cpu:g} CPU")
    print(f"  log               {_short(log_path)}")
    print("  stop              Ctrl-C\n", flush=True)


def _short(path: Path) -> str:
    return os.path.relpath(path)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _stop(hub: subprocess.Popen[bytes], port: int, state: Path) -> None:
    """Stop the hub in order; what does not go in 20 s is killed by its group."""
    if hub.poll() is None:
        hub.terminate()
        try:
            hub.wait(20)
        except subprocess.TimeoutExpired:
            hub.kill()
            hub.wait()
    # A hub that was killed leaves its servers: their groups are named for this hub.
    names = {
        folder.name
        for folder in [*CGROUP_ROOT.glob(f"labkeeper-{port}-*"), *CGROUP_ROOT.glob(f"*/labkeeper-{port}-*")]
    }
    for name in names:
        Group([f for f in [CGROUP_ROOT / name, *CGROUP_ROOT.glob(f"*/{name}")] if f.is_dir()]).remove()
    end_left_proxy(state / "proxy.pid")


if __name__ == "__main__":
    sys.exit(main())
