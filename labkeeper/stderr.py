"""The last words of a kernel: its standard error goes on to the server's, and its end is remembered."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys

REMEMBERED_BYTES = 8192
PIPE_BYTES = 256 * 1024
"""How much a kernel may write while the server's loop is busy before it has to wait."""
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class StderrTail:
    """
    A pipe for one process's standard error.

    Hand `write_fd` to the process and call `started`; what comes is passed on to this server's own standard error,
    where it would have gone. The pipe is read as long as the process or its children hold it. Owns both ends.
    """

    def __init__(self) -> None:
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        try:
            fcntl.fcntl(self.write_fd, _SET_PIPE_SIZE, PIPE_BYTES)
        except OSError:
            # The user has used up what the system grants for big pipes; the normal size does too.
            pass
        self._tail = b""
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_fd, self._read)

    def started(self) -> None:
        """Close our copy of the writing end: the process has its own, or was not started at all."""
        os.close(self.write_fd)

    def text(self) -> str:
        """Give what is remembered, whole lines where possible. Reads what has come since the loop last looked."""
        if self._open:
            self._read()
        text = self._tail.decode(errors="replace")
        return (text.partition("\n")[2] or text) if len(self._tail) >= REMEMBERED_BYTES else text

    def close(self) -> None:
        """Stop reading. A process that still writes then gets a broken pipe, so only for processes that are gone."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._read_fd)
            os.close(self._read_fd)

    def _read(self) -> None:
        try:
            data = os.read(self._read_fd, 65536)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        self._tail = (self._tail + data)[-REMEMBERED_BYTES:]
        try:
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, data)
        except (OSError, ValueError):
            # The server has no standard error any more; the kernel's own write would have failed the same way.
            pass
