"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import ctypes
import signal
import sys

#: prctl(2): the signal that a process gets when its parent dies.
_PR_SET_PDEATHSIG = 1
#: Loaded here, because between fork and exec nothing may be.
_LIBC = ctypes.CDLL(None)


def end_with_parent() -> None:
    """
    Let the calling process get SIGTERM when its parent dies, however that dies. Linux only, elsewhere nothing.

    Meant for a program's start, and for a child between fork and exec (`preexec_fn`).
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
