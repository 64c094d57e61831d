"""Tells the companion for how long this server has seen no activity, as it reports to the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

SERVER_IDLE = "server/idle"
PERIOD_S = 30.0


class IdleTeller:
    """
    Tells every PERIOD_S, at once and again, while the server lives. Owns its task; `stop` ends it.

    `last_activity` is the method of jupyter_server's web application that JupyterHub's single-user server reports from.
    """

    def __init__(
        self,
        last_activity: Callable[[], datetime],
        tell: Callable[[str, dict[str, Any]], None],
        log: logging.Logger,
        period_s: float = PERIOD_S,
    ):
        self._last_activity = last_activity
        self._tell = tell
        self._log = log
        self._period_s = period_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while True:
                last = self._last_activity()
                # jupyterhub does the same: some extensions leave the zone out.
                last = last if last.tzinfo else last.replace(tzinfo=timezone.utc)
                idle = datetime.now(timezone.utc) - last
                # A clock that was set back makes it negative.
                self._tell(SERVER_IDLE, {"idleMs": max(0.0, idle.total_seconds() * 1000)})
                await asyncio.sleep(self._period_s)
        except Exception:
            # Nobody awaits this task. Without it there is no warning before culling, and all else goes on.
            self._log.exception("Labkeeper: for how long the server has been idle cannot be told.")
