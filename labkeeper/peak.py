"""The most memory a process ever held, asked of the system while its status still waits to be taken."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from pathlib import Path

_WAITID = {"x86_64": 247, "aarch64": 95, "riscv64": 95, "ppc64le": 272, "s390x": 281}
"""The number of waitid(2): only the bare system call gives the resource usage, the C library's function hides it."""


class _Usage(ctypes.Structure):
    """`struct rusage` of a 64-bit Linux."""

    _fields_ = [("times", ctypes.c_long * 4), ("maxrss", ctypes.c_long), ("rest", ctypes.c_long * 13)]


def peak_bytes(pidfd: int) -> int | None:
    """
    Give the highest resident memory of an ended child (or of the biggest child it waited for), in bytes.

    The process's status is left for whoever takes it. None where the system does not tell, or what it tells is no more
    than this process itself once held: a child begins with the peak of the memory it was forked from (exec_mmap in
    fs/exec.c), so that may be ours.
    """
    number = _WAITID.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None
    if number is None:
        return None
    usage = _Usage()
    info = ctypes.create_string_buffer(128)
    options = os.WEXITED | os.WNOWAIT | os.WNOHANG
    failed = ctypes.CDLL(None).syscall(number, os.P_PIDFD, pidfd, info, options, ctypes.byref(usage))
    return None if failed or usage.maxrss <= _own_peak_kib() else usage.maxrss * 1024


def _own_peak_kib() -> int:
    """
    Give the most that this program ever had resident, 0 where the system does not tell.

    Not getrusage(2), which counts what its own parent had.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        # No /proc for us: then the child's figure is taken as it is.
        return 0
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0
