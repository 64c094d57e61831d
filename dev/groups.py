"""Real limits for a demo server: a cgroup of its own (v1 or v2), or a systemd scope where we are not root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
#: The kernel's default length of a CPU scheduling period, 100 ms (Documentation/scheduler/sched-bwc.rst).
PERIOD_US = 100_000
SYSTEMD_TIMEOUT_S = 10


@dataclass(frozen=True)
class Limits:
    """What one server may use."""

    memory_bytes: int
    cpu_cores: float
    processes: int = 2000
    #: memory.oom.group, v2 only: the system kills the whole group at once, as Kubernetes sets it.
    oom_group: bool = False


@dataclass
class Group:
    """A cgroup that exists: one folder on v2, one per controller on v1."""

    folders: list[Path] = field(default_factory=list)

    def enter(self) -> None:
        """Move the calling process in. Meant for the child between fork and exec."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def processes(self) -> set[int]:
        """Ids of all processes in the group."""
        found: set[int] = set()
        for folder in self.folders:
            try:
                found.update(int(line) for line in (folder / "cgroup.procs").read_text().split())
            except OSError:
                continue  # The group is gone, and so are its processes.
        return found

    def remove(self, grace_s: float = 1.5, patience_s: float = 5.0) -> bool:
        """Let what is left in the group end by itself, then kill it, and remove the group. False when it would not go."""
        deadline = time.monotonic() + grace_s
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        deadline = time.monotonic() + patience_s
        while self.processes() and time.monotonic() < deadline:
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue  # It ended by itself meanwhile.
            time.sleep(0.02)
        gone = True
        for folder in self.folders:
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue  # Removed already.
            except OSError:
                gone = False
        return gone


def make_group(name: str, limits: Limits) -> Group | None:
    """Make the cgroup ``name`` with ``limits``; None where this machine does not let us."""
    try:
        if (ROOT / "cgroup.controllers").exists():
            return _make_v2(name, limits)
        if (ROOT / "memory" / "memory.limit_in_bytes").exists():
            return _make_v1(name, limits)
    except OSError:
        return None  # Not root, or the hierarchy is delegated otherwise: the caller tries the next way.
    return None


def _make_v1(name: str, limits: Limits) -> Group:
    group = Group()
    for controller in ("memory", "cpu", "cpuacct", "pids"):
        folder = ROOT / controller / name
        # Where cpu and cpuacct are one mount, both names lead to it.
        if not folder.parent.exists() or any(
            os.path.samefile(folder.parent, f.parent) for f in group.folders
        ):
            continue
        folder.mkdir(exist_ok=True)
        group.folders.append(folder)
    memory = ROOT / "memory" / name
    (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
    swap = memory / "memory.memsw.limit_in_bytes"
    if swap.exists():
        swap.write_text(str(limits.memory_bytes))
    cpu = ROOT / "cpu" / name
    (cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (cpu / "cpu.cfs_quota_us").write_text(str(int(PERIOD_US * limits.cpu_cores)))
    pids = ROOT / "pids" / name / "pids.max"
    if pids.exists():
        pids.write_text(str(limits.processes))
    return group


def _make_v2(name: str, limits: Limits) -> Group:
    enabled = (ROOT / "cgroup.subtree_control").read_text().split()
    for controller in ("memory", "cpu", "pids"):
        if controller not in enabled:
            (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
    folder = ROOT / name
    folder.mkdir(exist_ok=True)
    (folder / "memory.max").write_text(str(limits.memory_bytes))
    swap = folder / "memory.swap.max"
    if swap.exists():
        swap.write_text("0")
    (folder / "memory.oom.group").write_text("1" if limits.oom_group else "0")
    (folder / "cpu.max").write_text(f"{int(PERIOD_US * limits.cpu_cores)} {PERIOD_US}")
    (folder / "pids.max").write_text(str(limits.processes))
    return Group([folder])


def systemd_scope(limits: Limits) -> list[str] | None:
    """The command prefix that starts a program in a scope of the user's own systemd; None where there is none."""
    if not shutil.which("systemd-run"):
        return None
    prefix = [
        "systemd-run",
        "--user",
        "--scope",
        "--quiet",
        "--collect",
        f"--property=MemoryMax={limits.memory_bytes}",
        "--property=MemorySwapMax=0",
        f"--property=CPUQuota={round(limits.cpu_cores * 100)}%",
        f"--property=TasksMax={limits.processes}",
        "--",
    ]
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=SYSTEMD_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None  # A systemd that does not answer limits nothing.
    return prefix if tried.returncode == 0 else None
