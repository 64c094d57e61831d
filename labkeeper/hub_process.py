"""
Turns into the hub service: `python -m labkeeper.hub_process`, in a container of its own or by hand.

JupyterHub runs `python -IS hub_process.py NODE [ARGUMENT…] PROGRAM`. It starts a service in a session of its own, and
one whose hub was killed would live on and hold the port against the next. So this asks Linux for SIGTERM at its
parent's end and becomes Node, which inherits the request.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

#: prctl(2): the signal that a process gets when its parent dies.
_PR_SET_PDEATHSIG = 1
#: glibc keeps what was freed for each thread apart, and Node has ten threads.
MEMORY = {"MALLOC_ARENA_MAX": "2"}


def main(arguments: list[str]) -> None:
    """Become Node with the service's program; returns only by SystemExit, where there is none."""
    for name, value in MEMORY.items():
        os.environ.setdefault(name, value)
    if arguments:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        os.execv(arguments[0], arguments)
    from labkeeper.managed_service import NODE_ARGUMENTS, PROGRAM, node_for_service

    node, reason = node_for_service()
    if node is None:
        raise SystemExit(f"labkeeper: the hub service cannot be started. {reason}")
    os.execv(node.path, [node.path, *NODE_ARGUMENTS, str(PROGRAM)])


if __name__ == "__main__":
    main(sys.argv[1:])
