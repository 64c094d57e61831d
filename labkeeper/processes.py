"""How a child process ends, known the moment it does and without taking its status from its parent's own poll."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

from .peak import peak_bytes

Exit = dict[str, Any]
"""`Exit` of packages/protocol/src/values/kernel.ts."""

UNKNOWN: Exit = {"how": "unknown"}
FALLBACK_PERIOD_S = 1.0
"""How often a process is looked at where the system cannot wait for a pidfd (before Linux 5.4, macOS)."""


class ProcessWatch:
    """
    Watches one child of this process and calls `on_exit(at_ms, exit)` once, on the running loop.

    A pidfd becomes readable when the process ends; waitid(2) with WNOWAIT reads its status and leaves it for
    `Popen.poll`, on which jupyter_client rests. Owns the pidfd; `close` gives it back.
    """

    def __init__(self, process: subprocess.Popen[Any], on_exit: Callable[[int, Exit], None]):
        self.process = process
        self.pid = process.pid
        self.began = time.monotonic()
        self.peak_bytes: int | None = None
        """The most memory it ever held, once it ended; None = not known."""
        self._on_exit = on_exit
        self._done = False
        self._fd: int | None = None
        self._timer: asyncio.Handle | None = None
        self._loop = asyncio.get_running_loop()
        try:
            self._fd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            # Ended and taken before we came: Popen knows its status.
            self._loop.call_soon(self.look)
        except (AttributeError, OSError):
            # No pidfd on this system (or no descriptor left): look now and then.
            self._look_again()
        else:
            self._loop.add_reader(self._fd, self.look)

    def look(self) -> None:
        """Report the end if there is one. For whoever has reason to believe that the process ended just now."""
        if self._done:
            return
        ended = self._read()
        if ended is None:
            return
        at_ms = int(time.time() * 1000)
        self.peak_bytes = None if self._fd is None else peak_bytes(self._fd)
        self.close()
        self._on_exit(at_ms, ended)

    def close(self) -> None:
        """Stop watching, without a report."""
        self._done = True
        if self._timer is not None:
            self._timer.cancel()
        self._give_back_fd()

    def _give_back_fd(self) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None

    def _look_again(self) -> None:
        self.look()
        if not self._done:
            self._timer = self._loop.call_later(FALLBACK_PERIOD_S, self._look_again)

    def _read(self) -> Exit | None:
        """Read how it ended; None = it did not."""
        try:
            if self._fd is not None:
                status = os.waitid(os.P_PIDFD, self._fd, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            else:
                status = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except (OSError, AttributeError) as error:
            if self._fd is not None and not isinstance(error, ChildProcessError):
                # Linux 5.3 has pidfds and cannot wait for them; a readable one would call us in every turn.
                self._give_back_fd()
                self._timer = self._loop.call_soon(self._look_again)
                return None
            # Somebody was faster and took the status, or waitid does not exist here (macOS before Python 3.13).
            code = self.process.returncode if self._fd is not None else self.process.poll()
            return (
                _from_return_code(code) if code is not None else (UNKNOWN if self._fd is not None else None)
            )
        if status is None:
            return None
        if status.si_code == os.CLD_EXITED:
            return {"how": "code", "code": status.si_status & 0xFF}
        return {"how": "signal", "signal": status.si_status, "coreDumped": status.si_code == os.CLD_DUMPED}


def _from_return_code(code: int) -> Exit:
    """Translate Popen.returncode: minus the signal, or the status. Whether there was a core dump is lost with it."""
    if code < 0:
        return {"how": "signal", "signal": -code, "coreDumped": False}
    return {"how": "code", "code": code & 0xFF}
