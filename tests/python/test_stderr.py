"""A kernel's standard error goes on to the server's, and the server waits for nobody who reads it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time

import pytest
from servers import wait_for

from labkeeper import stderr as stderr_module
from labkeeper.stderr import StderrTail
from labkeeper.stderr_writer import StderrWriter

CHUNK = 1000


def read_all(fd: int, until: bytes) -> bytes:
    data = b""
    while not data.endswith(until):
        data += os.read(fd, 65536)
    return data


@pytest.mark.parametrize("blocking", [True, False])
def test_a_full_pipe_stops_nobody_and_what_is_dropped_is_counted(blocking: bool) -> None:
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, blocking)
    writer = StderrWriter(write_fd, longest_waiting_bytes=10 * CHUNK)
    began = time.monotonic()
    for number in range(1000):
        writer.write(f"{number:0{CHUNK - 1}}\n".encode())
        if number % 100 == 0:
            # The thread fills the pipe meanwhile.
            time.sleep(0.005)
    assert time.monotonic() - began < 1
    assert not writer.flush(0.05)
    text = ""

    def kept() -> list[int]:
        return [int(line) for line in text.splitlines() if line.isdigit() and len(line) == CHUNK - 1]

    def dropped_bytes() -> int:
        return sum(int(count) for count in re.findall(r"Labkeeper: (\d+) bytes .*read\.\n", text))

    os.set_blocking(read_fd, False)
    deadline = time.monotonic() + 5
    # What was kept is whole and in order, and nothing is missing without being counted.
    while len(kept()) * CHUNK + dropped_bytes() < 1000 * CHUNK and time.monotonic() < deadline:
        try:
            text += os.read(read_fd, 65536).decode()
        except BlockingIOError:
            time.sleep(0.01)
    assert len(kept()) * CHUNK + dropped_bytes() == 1000 * CHUNK
    assert kept() == sorted(kept()) and len(kept()) > 10
    assert dropped_bytes() > 0
    assert writer.flush(1)


def test_more_than_a_pipe_holds_arrives_whole() -> None:
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    writer = StderrWriter(write_fd)
    data = os.urandom(300_000) + b"end\n"
    writer.write(data)
    assert read_all(read_fd, b"end\n") == data


def test_a_standard_error_that_is_closed_is_no_error() -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    writer = StderrWriter(write_fd)
    writer.write(b"x")
    assert writer.flush(1)


def test_the_loop_goes_on_while_nobody_reads_the_servers_standard_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_fd, write_fd = os.pipe()
    writer = StderrWriter(write_fd)
    monkeypatch.setattr(stderr_module, "server_stderr", lambda: writer)

    async def run() -> str:
        tail = StderrTail()
        process = subprocess.Popen(
            ["sh", "-c", "head -c 4000000 /dev/zero | tr '\\0' x >&2; echo the last word >&2"],
            stderr=tail.write_fd,
        )
        tail.started()
        longest = 0.0
        while process.poll() is None:
            turn = time.monotonic()
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - turn)
        text = tail.text()
        assert longest < 0.5
        return text

    assert asyncio.run(asyncio.wait_for(run(), 10)).endswith("the last word\n")
    # And whoever reads it again hears how much is missing.
    os.set_blocking(read_fd, False)
    seen = bytearray()

    def look() -> bool:
        try:
            seen.extend(os.read(read_fd, 65536))
        except BlockingIOError:
            pass
        return b"bytes of kernels' standard error were dropped" in seen

    wait_for("the count", look, 5)
