"""Checks the container half: whatever Labkeeper needs in a user's image and container, each with its fix."""

from __future__ import annotations

import http.client
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ._version import __version__
from .cgroups import MemoryFiles, find_memory_files
from .node import Node, NodeError, find_node
from .parts import read_disabled
from .sockets import make_private_socket
from .supervisor import COMPANION, companion_environment

Status = Literal["ok", "note", "broken"]

LAB_EXTENSION = "@labkeeper/labextension"
SMALL_SHM_BYTES = 64 * 1024 * 1024
"""Docker's default: what torch's data loaders and others fill first."""
START_TIMEOUT_S = 20.0

# What is known to get into our way, and what comes of it.
_NEIGHBOURS = {
    "jupyter-resource-usage": "its meter is switched off while Labkeeper's is on, so that there is one",
    "jupyterlab-system-monitor": "its meter stands beside Labkeeper's: remove it with `pip uninstall jupyterlab-system-monitor`",
    "nbresuse": "it is the old name of jupyter-resource-usage: remove it with `pip uninstall nbresuse`",
    "jupyter-server-documents": "it replaces the kernels' channels; states of kernels come from its own manager",
}


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    status: Status
    """`note`: works, with less than all; `broken`: does not work until it is fixed."""
    message: str
    fix: str = ""


def examine() -> Iterator[Finding]:
    """Make all checks, one after the other. A check that fails in itself is a finding too."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _jupyter,
        _server_extension,
        _lab_extension,
        _switched_off,
        _node_and_companion,
        _limit,
        _pidfd,
        _oom_score,
        _home,
        _shm,
        _gpu,
        _neighbours,
    ]
    for check in checks:
        try:
            yield from check()
        except Exception as error:
            name = check.__name__.strip("_").replace("_", " ")
            yield Finding(
                name, "broken", f"This check itself failed: {type(error).__name__}: {error}", "Report it."
            )


def report(findings: list[Finding]) -> str:
    """Give the findings as lines for a terminal."""
    signs = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}
    lines = []
    for finding in findings:
        lines.append(f"{signs[finding.status]}  {finding.check}: {finding.message}")
        if finding.fix:
            lines.append(f"          → {finding.fix}")
    broken = sum(finding.status == "broken" for finding in findings)
    lines.append("")
    lines.append(
        "Everything that Labkeeper needs is here."
        if broken == 0
        else f"{broken} of {len(findings)} checks found something broken."
    )
    return "\n".join(lines)


def report_json(findings: list[Finding]) -> str:
    """Give the findings as JSON."""
    return json.dumps(
        {
            "version": __version__,
            "ok": all(finding.status != "broken" for finding in findings),
            "findings": [asdict(finding) for finding in findings],
        },
        indent=2,
        ensure_ascii=False,
    )


# ---- Python and Jupyter


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", "ok", f"Python {version}, Labkeeper {__version__}.")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _at_least(version: str, *wanted: int) -> bool:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[: len(wanted)])
    return numbers >= wanted


def _jupyter() -> Iterator[Finding]:
    server = _version("jupyter-server")
    if server is None or not _at_least(server, 2, 14):
        yield Finding(
            "jupyter_server",
            "broken",
            f"It is {server or 'not installed'}.",
            "pip install 'jupyter-server>=2.14'",
        )
    else:
        yield Finding("jupyter_server", "ok", f"jupyter_server {server}.")
    lab, notebook = _version("jupyterlab"), _version("notebook")
    old = []
    if lab is not None and not _at_least(lab, 4, 4):
        old.append(f"JupyterLab {lab} (4.4 or newer is needed)")
    if notebook is not None and not _at_least(notebook, 7, 4):
        old.append(f"Notebook {notebook} (7.4 or newer is needed)")
    if lab is None and notebook is None:
        yield Finding(
            "JupyterLab",
            "broken",
            "Neither JupyterLab nor Notebook is installed.",
            "pip install 'jupyterlab>=4.4'",
        )
    elif old:
        yield Finding(
            "JupyterLab", "broken", f"Too old: {', '.join(old)}.", "pip install -U jupyterlab notebook"
        )
    else:
        here = [f"JupyterLab {lab}" if lab else "", f"Notebook {notebook}" if notebook else ""]
        yield Finding("JupyterLab", "ok", f"{' and '.join(filter(None, here))}.")


def _server_extension() -> Iterator[Finding]:
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
    enabled = manager.get_jpserver_extensions().get("labkeeper")
    if enabled:
        yield Finding("server extension", "ok", "Enabled.")
    else:
        state = "is disabled" if enabled is False else "is not enabled in any configuration folder"
        yield Finding(
            "server extension",
            "broken",
            f"It {state}.",
            "jupyter server extension enable labkeeper --sys-prefix",
        )


def _lab_extension() -> Iterator[Finding]:
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) / LAB_EXTENSION for folder in jupyter_path("labextensions")]
    found = next((folder for folder in folders if (folder / "package.json").is_file()), None)
    if found is None:
        yield Finding(
            "lab extension",
            "broken",
            f"It is in none of Jupyter's folders: {', '.join(jupyter_path('labextensions'))}.",
            "pip install --force-reinstall --no-deps labkeeper-core",
        )
        return
    version = json.loads((found / "package.json").read_text())["version"]
    if version != __version__:
        yield Finding(
            "lab extension",
            "broken",
            f"The one in {found} is {version}, the Python package is {__version__}.",
            f"Remove {found} if it is left over, then pip install --force-reinstall --no-deps labkeeper-core",
        )
        return
    if importlib.util.find_spec("jupyterlab_server") is not None:
        from jupyterlab_server.config import get_page_config

        off = get_page_config(jupyter_path("labextensions")).get("disabledExtensions", [])
        ours = [name for name in off if name.split(":")[0] == LAB_EXTENSION]
        if ours:
            yield Finding(
                "lab extension",
                "broken" if LAB_EXTENSION in ours else "note",
                f"Disabled: {', '.join(ours)}.",
                "; ".join(f"jupyter labextension enable {name}" for name in ours),
            )
            return
    yield Finding("lab extension", "ok", f"{LAB_EXTENSION} {version}.")


def _switched_off() -> Iterator[Finding]:
    disabled = read_disabled(os.environ.get("LABKEEPER_DISABLE", ""))
    if disabled.warning:
        yield Finding("LABKEEPER_DISABLE", "note", disabled.warning, "Correct the variable.")
    if disabled.parts:
        yield Finding("LABKEEPER_DISABLE", "note", f"Switched off: {', '.join(disabled.parts)}.")


# ---- Node and the companion


def _node_and_companion() -> Iterator[Finding]:
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


# ---- the container


def _limit() -> Iterator[Finding]:
    files = find_memory_files()
    if files is None:
        yield Finding(
            "memory limit",
            "note",
            "No memory cgroup can be read; the meter shows the machine's memory.",
            "On Linux mount /sys/fs/cgroup read-only into the container (Docker and Kubernetes do).",
        )
        return
    limit = files.limit()
    if limit is None:
        yield Finding(
            "memory limit",
            "note",
            f"There is none (cgroup v{files.version}, {files.folder}); the meter shows the machine's memory.",
            "Set one: c.Spawner.mem_limit, c.DockerSpawner.mem_limit or c.KubeSpawner.mem_limit.",
        )
    else:
        path, size = limit
        yield Finding(
            "memory limit", "ok", f"{size / 2**20:,.0f} MiB, read from {path} (cgroup v{files.version})."
        )
    yield _counters(files)


def _counters(files: MemoryFiles) -> Finding:
    path = files.counters_path
    try:
        text = path.read_text()
    except OSError as error:
        return Finding(
            "out-of-memory counters",
            "note",
            f"{path} cannot be read ({error.strerror}); a death by memory is told from a kill only by its signal.",
            "Mount /sys/fs/cgroup read-only into the container.",
        )
    killed = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    if killed is None:
        return Finding("out-of-memory counters", "note", f"{path} does not count kills (Linux before 4.13).")
    return Finding("out-of-memory counters", "ok", f"{path}, {killed[1]} processes killed so far.")


def _pidfd() -> Iterator[Finding]:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError) as error:
        yield Finding(
            "pidfd",
            "note",
            f"Not available ({error}); a kernel's death is seen up to 1 s late.",
            "Linux 5.3 or newer has it; a sandbox (gVisor, an old seccomp profile) may refuse it.",
        )
    else:
        yield Finding("pidfd", "ok", "Available: deaths are seen at once.")


def _oom_score() -> Iterator[Finding]:
    program = (
        "p='/proc/self/oom_score_adj'; b=int(open(p).read()); open(p,'w').write(str(min(b+1,1000))); print(b)"
    )
    tried = subprocess.run([sys.executable, "-ISc", program], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        yield Finding(
            "oom_score_adj", "ok", f"Can be raised from {tried.stdout.strip()}: kernels go before the server."
        )
    else:
        last = (tried.stderr.strip().splitlines() or ["no /proc"])[-1]
        yield Finding(
            "oom_score_adj",
            "note",
            f"Cannot be raised ({last}); in a shortage the server may be killed instead of a kernel.",
            "Leave /proc writable for its own processes.",
        )


def _home() -> Iterator[Finding]:
    home = os.environ.get("LABKEEPER_HOME") or os.path.expanduser("~")
    try:
        with tempfile.NamedTemporaryFile(dir=home, prefix=".labkeeper-doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield Finding(
            "flight recorder",
            "note",
            f"{home} cannot be written ({error.strerror}); the end of a whole container stays unexplained.",
            "Make the home folder writable, or name a folder on a volume in LABKEEPER_HOME.",
        )
    else:
        yield Finding("flight recorder", "ok", f"{home} can be written.")


def _shm() -> Iterator[Finding]:
    try:
        size = shutil.disk_usage("/dev/shm").total
    except OSError:
        yield Finding(
            "/dev/shm", "note", "It is not there; libraries that share memory between processes fail."
        )
        return
    text = f"{size / 2**20:,.0f} MiB."
    if size <= SMALL_SHM_BYTES:
        yield Finding(
            "/dev/shm",
            "note",
            f"{text} Data loaders with several workers die of a bus error when it is full.",
            "docker run --shm-size=1g, DockerSpawner: extra_host_config={'shm_size': '1g'}, "
            "KubeSpawner: an emptyDir of medium Memory at /dev/shm.",
        )
    else:
        yield Finding("/dev/shm", "ok", text)


def _gpu() -> Iterator[Finding]:
    program = shutil.which("nvidia-smi")
    if program is None:
        if os.path.exists("/dev/nvidiactl"):
            yield Finding(
                "GPU",
                "note",
                "There is an NVIDIA device but no nvidia-smi; the meter shows no GPU.",
                "Set NVIDIA_DRIVER_CAPABILITIES=compute,utility in the image.",
            )
        else:
            yield Finding("GPU", "ok", "No NVIDIA device here.")
        return
    listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=30, check=False)
    names = listed.stdout.strip().splitlines()
    if listed.returncode != 0 or not names:
        said = (listed.stderr.strip() or listed.stdout.strip() or "nothing").splitlines()[-1]
        yield Finding("GPU", "note", f"{program} is there but finds no GPU: {said}")
    else:
        yield Finding("GPU", "ok", f"{program} finds {len(names)}.")


def _neighbours() -> Iterator[Finding]:
    for package, effect in _NEIGHBOURS.items():
        version = _version(package)
        if version is not None:
            yield Finding("neighbours", "note", f"{package} {version} is installed: {effect}.")
