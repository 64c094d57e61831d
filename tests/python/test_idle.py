"""For how long the server has been idle, as the hub hears it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from labkeeper.idle import IdleTeller

LOG = logging.getLogger("labkeeper-tests")


async def hear(last: Any, times: int = 1) -> list[float]:
    """Give what is told of a server that was active `last`."""
    said: list[float] = []
    enough = asyncio.Event()

    def tell(method: str, params: dict[str, Any]) -> None:
        assert method == "server/idle"
        said.append(params["idleMs"])
        if len(said) >= times:
            enough.set()

    teller = IdleTeller(last, tell, LOG, period_s=0.01)
    teller.start()
    try:
        await asyncio.wait_for(enough.wait(), 5)
    finally:
        teller.stop()
    return said


def told(last: Any, times: int = 1) -> list[float]:
    """Likewise, in a loop of its own."""
    return asyncio.run(hear(last, times))


@pytest.mark.parametrize("zone", [timezone.utc, timezone(timedelta(hours=5)), None])
def test_tells_again_and_again(zone: timezone | None) -> None:
    last = (
        (datetime.now(timezone.utc) - timedelta(minutes=3))
        .astimezone(zone or timezone.utc)
        .replace(tzinfo=zone)
    )
    said = told(lambda: last, 3)
    assert all(180_000 <= idle < 240_000 for idle in said)


def test_a_clock_that_was_set_back_is_no_idleness() -> None:
    assert told(lambda: datetime.now(timezone.utc) + timedelta(hours=1)) == [0.0]


def test_what_nobody_thought_of_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(hear(lambda: 1 / 0), 0.2))
    assert "cannot be told" in caplog.text
