"""Checks of the container: its limits, and what it lets an ordinary user do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from ..cgroups import MemoryFiles, find_memory_files
from .finding import Finding

SMALL_SHM_BYTES = 64 * 1024 * 1024
"""Docker's default: what torch's data loaders and others fill first."""


def check_limit() -> Iterator[Finding]:
    """There is a memory limit, and the counters that prove a death by it can be read."""
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
    return Finding(
        "out-of-memory counters", "ok", f"{path} can be read; processes killed so far: {killed[1]}."
    )


def check_pidfd() -> Iterator[Finding]:
    """A kernel's death can be seen at once: a pidfd can be opened, and waited for."""
    try:
        fd = os.pidfd_open(os.getpid())
        try:
            os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:
            # We are no child of our own: the answer of a system that understood the question.
            pass
        finally:
            os.close(fd)
    except (AttributeError, OSError) as error:
        yield Finding(
            "pidfd",
            "note",
            f"Not available ({error}); a kernel's death is seen up to 1 s late.",
            "Linux 5.4 or newer has it; a sandbox (gVisor, an old seccomp profile) may refuse it.",
        )
    else:
        yield Finding("pidfd", "ok", "Available: deaths are seen at once.")


def check_oom_score() -> Iterator[Finding]:
    """Kernels can be made to go before the server."""
    program = (
        "p='/proc/self/oom_score_adj'; b=int(open(p).read()); open(p,'w').write(str(min(b+1,1000))); print(b)"
    )
    tried = subprocess.run(
        [sys.executable, "-ISc", program], capture_output=True, text=True, errors="replace", check=False
    )
    if tried.returncode == 0:
        yield Finding(
            "oom_score_adj",
            "ok",
            f"Can be raised (here it is {tried.stdout.strip()}): in a shortage a kernel is killed before the server.",
        )
    else:
        last = (tried.stderr.strip().splitlines() or ["no /proc"])[-1]
        yield Finding(
            "oom_score_adj",
            "note",
            f"Cannot be raised ({last}); in a shortage the server may be killed instead of a kernel.",
            "Leave /proc writable for its own processes.",
        )


def check_home() -> Iterator[Finding]:
    """The journal of unsaved work and the flight recorder can write."""
    home = os.environ.get("LABKEEPER_HOME") or os.path.expanduser("~")
    try:
        with tempfile.NamedTemporaryFile(dir=home, prefix=".labkeeper-doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield Finding(
            "home",
            "note",
            f"{home} cannot be written ({error.strerror}): there is no journal of unsaved work, and the end of a whole"
            " container stays unexplained.",
            "Make the home folder writable, or name a folder on a volume in LABKEEPER_HOME.",
        )
    else:
        yield Finding(
            "home",
            "ok",
            f"{home} can be written: the journal of unsaved work and the flight recorder have a place.",
        )


def check_shm() -> Iterator[Finding]:
    """Shared memory is there, and large enough for data loaders."""
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


def check_gpu() -> Iterator[Finding]:
    """The GPU, if there is one, can be measured."""
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
