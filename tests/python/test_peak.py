"""The peak of an ended process is read, and its status is left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labkeeper.peak import peak_bytes

MIB = 1024 * 1024
ENDS = "import os; rows = b'x' * (200 << 20); del rows; os.kill(os.getpid(), 9)"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no pidfd")
def test_the_peak_of_a_killed_process() -> None:
    process = subprocess.Popen([sys.executable, "-c", ENDS])
    pidfd = os.pidfd_open(process.pid)
    try:
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
        peak = peak_bytes(pidfd)
    finally:
        os.close(pidfd)
    assert peak is not None
    assert 200 * MIB < peak < 250 * MIB
    assert process.wait() == -9


def test_nothing_is_told_of_what_is_no_process() -> None:
    assert peak_bytes(-1) is None
