"""The last words of a kernel: its standard error goes on to the server's, and its end is remembered."""

from __future__ import annotations

import asyncio
import fcntl
import os

from .stderr_writer import server_stderr

REMEMBERED_BYTES = 8192
PIPE_BYTES = 256 * 1024
"""How much a kernel may write while the server's loop is busy before it has to wait."""
_READ_BYTES = 64 * 1024
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
        for _ in range(1 + PIPE_BYTES // _READ_BYTES):
            # The last words are at the end of a pipe that may be full; who writes on for ever is not followed.
            if not self._open or not self._read():
                break
        text = self._tail.decode(errors="replace")
        return (text.partition("\n")[2] or text) if len(self._tail) >= REMEMBERED_BYTES else text

    def close(self) -> None:
        """Stop reading. A process that still writes then gets a broken pipe, so only for processes that are gone."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._read_fd)
            os.close(self._read_fd)

    def _read(self) -> bool:
        """Read once. Returns whether there was something."""
        try:
            data = os.read(self._read_fd, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self.close()
            return False
        self._tail = (self._tail + data)[-REMEMBERED_BYTES:]
        server_stderr().write(data)
        return True
