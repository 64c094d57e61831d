"""Writes to this server's standard error without ever waiting for whoever reads it."""

from __future__ import annotations

import atexit
import functools
import os
import select
import sys
import threading
import time
from collections import deque

LONGEST_WAITING_BYTES = 1024 * 1024
"""How much may wait for a reader that is slow; what comes beyond that is dropped and counted."""
FLUSH_TIMEOUT_S = 0.3
"""How long the end of the server waits for what is still to be written."""


class StderrWriter:
    """
    A thread that writes to `fd` what `write` is given, in order.

    A full pipe stops the thread and not the server's loop. It is a daemon, so that it does not keep the server from
    ending; `flush` gives it its time.
    """

    def __init__(self, fd: int, longest_waiting_bytes: int = LONGEST_WAITING_BYTES):
        self._fd = fd
        self._longest = longest_waiting_bytes
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        """With the chunk that is just being written."""
        self._dropped_bytes = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="labkeeper-stderr", daemon=True).start()

    def write(self, data: bytes) -> None:
        """Take data to be written; drop and count it when too much waits already. Returns at once."""
        with self._changed:
            if self._waiting_bytes + len(data) > self._longest:
                self._dropped_bytes += len(data)
                return
            self._say_what_was_dropped()
            self._add(data)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is written, at most `timeout_s`. Returns whether it is."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._waiting_bytes > 0:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return False
                self._changed.wait(left_s)
        return True

    def _add(self, data: bytes) -> None:
        self._chunks.append(data)
        self._waiting_bytes += len(data)
        self._changed.notify_all()

    def _say_what_was_dropped(self) -> None:
        if self._dropped_bytes > 0:
            count, self._dropped_bytes = self._dropped_bytes, 0
            self._add(
                f"\nLabkeeper: {count} bytes of kernels' standard error were dropped here, because this server's "
                "own was not read.\n".encode()
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._chunks:
                    self._say_what_was_dropped()
                while not self._chunks:
                    self._changed.wait()
                data = self._chunks.popleft()
            self._write_all(data)
            with self._changed:
                self._waiting_bytes -= len(data)
                self._changed.notify_all()

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                # Somebody made the other end's file non-blocking: wait for room.
                select.select([], [self._fd], [])
            except OSError:
                # The server has no standard error any more; the kernel's own write would have failed the same way.
                return


@functools.cache
def server_stderr() -> StderrWriter:
    """Give the one writer of this process; started when it is first needed."""
    try:
        fd = sys.__stderr__.fileno() if sys.__stderr__ else 2
    except (OSError, ValueError):
        # Closed, or no file of the system: number 2 is where a kernel's own output would have gone.
        fd = 2
    writer = StderrWriter(fd)
    atexit.register(writer.flush, FLUSH_TIMEOUT_S)
    return writer
