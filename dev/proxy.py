"""What is left of the hub's proxy when the hub could not end it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

PROGRAM = b"configurable-http-proxy"


def end_left_proxy(pid_file: Path, proc: Path = Path("/proc")) -> bool:
    """
    End the proxy whose id a hub left in ``pid_file``. Returns whether there was one.

    An old file may hold a number that belongs to somebody else by now; where the system does not tell what a process
    runs (macOS), nothing is ended: the hub itself looks for its old proxy at its next start.
    """
    try:
        pid = int(pid_file.read_text())
        if PROGRAM not in (proc / str(pid) / "cmdline").read_bytes():
            return False
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        return False  # The hub ended its proxy and removed the file, as it should.
    return True
