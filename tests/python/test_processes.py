"""The end of a child process is seen, whatever the system offers for it."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess

import pytest

from labkeeper import processes
from labkeeper.doctor.container import check_pidfd
from labkeeper.processes import Exit, ProcessWatch


@pytest.fixture
def linux_5_3(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A system with pidfds that waitid does not know; gives the descriptors it was asked for."""
    original, asked = os.waitid, []

    def waitid(kind: int, number: int, options: int):
        if kind == os.P_PIDFD:
            asked.append(number)
            raise OSError(errno.EINVAL, "Invalid argument")
        return original(kind, number, options)

    monkeypatch.setattr(os, "waitid", waitid)
    monkeypatch.setattr(processes, "FALLBACK_PERIOD_S", 0.05)
    return asked


async def watch_until_killed() -> Exit:
    ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
    with subprocess.Popen(["sleep", "60"]) as process:
        watch = ProcessWatch(process, lambda _at_ms, how: ended.set_result(how))
        watch.look()
        await asyncio.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        how = await asyncio.wait_for(ended, 5)
        # The status is still there for its owner.
        assert process.wait() == -signal.SIGKILL
    return how


def test_the_end_is_seen_and_its_status_left() -> None:
    assert asyncio.run(watch_until_killed()) == {"how": "signal", "signal": 9, "coreDumped": False}


def test_a_pidfd_that_cannot_be_waited_for_is_given_back(linux_5_3: list[int]) -> None:
    before = set(os.listdir("/proc/self/fd"))
    assert asyncio.run(watch_until_killed()) == {"how": "signal", "signal": 9, "coreDumped": False}
    assert len(linux_5_3) == 1
    assert set(os.listdir("/proc/self/fd")) == before


def test_the_doctor_tries_to_wait_too(linux_5_3: list[int]) -> None:
    [found] = check_pidfd()
    assert found.status == "note" and "5.4" in found.fix
    assert linux_5_3


def test_the_doctor_is_content_here() -> None:
    [found] = check_pidfd()
    assert found.status == "ok"
