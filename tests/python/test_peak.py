"""The peak of an ended process is read, and its status is left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labkeeper.peak import peak_bytes

MIB = 1024 * 1024
WATCHES = """
import os, subprocess, sys
from labkeeper.peak import peak_bytes
before = b'x' * (int(sys.argv[1]) << 20)
process = subprocess.Popen(
    [sys.executable, '-c', "import os; rows = b'x' * (200 << 20); del rows; os.kill(os.getpid(), 9)"]
)
pidfd = os.pidfd_open(process.pid)
os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
print(peak_bytes(pidfd), process.wait())
"""


def watched(parent_mib: int) -> tuple[str, str]:
    """Give the peak of a child that held 200 MiB and was killed, and its status; its parent had held so much before."""
    # In a process of its own: this one may have held anything.
    program = [sys.executable, "-c", WATCHES, str(parent_mib)]
    peak, status = subprocess.run(
        program, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    return peak, status


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no pidfd")
def test_the_peak_of_a_killed_process() -> None:
    peak, status = watched(0)
    assert 200 * MIB < int(peak) < 250 * MIB
    assert status == "-9"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no pidfd")
def test_the_peak_of_a_large_parent_is_not_the_childs() -> None:
    assert watched(400) == ("None", "-9")


def test_nothing_is_told_of_what_is_no_process() -> None:
    assert peak_bytes(-1) is None
