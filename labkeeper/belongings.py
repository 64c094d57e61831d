"""Which document each kernel belongs to, as jupyter_server's sessions say."""

from __future__ import annotations

import asyncio
import logging
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_core.utils import ensure_async

from .hooks import call_after

_OWNERS = {"notebook": "notebook", "console": "console", "file": "file"}
_RANK = {"notebook": 0, "file": 1, "console": 2}
"""A kernel of several sessions is its notebook's first."""


@dataclass(frozen=True)
class Belonging:
    """What a kernel belongs to, from its session."""

    path: str | None = None
    name: str = ""
    type: str = ""

    @property
    def owner(self) -> str:
        """`KernelOwner` of the protocol."""
        return _OWNERS.get(self.type, "other")

    def title(self, kernel_name: str) -> str:
        """Give what people call it: the file's name, or the console's."""
        if self.type == "console" and self.name:
            return self.name
        return posixpath.basename(self.path or "") or self.name or kernel_name


class Belongings:
    """Reads the sessions whenever one changed; owns the task that does it. `close` ends it."""

    def __init__(self, session_manager: Any, changed: Callable[[], None], log: logging.Logger):
        """`changed` is called when the sessions were read, whether they differ or not."""
        self._sessions = session_manager
        self._changed = changed
        self._log = log
        self._found: dict[str, Belonging] = {}
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def install(self) -> None:
        """Begin to listen in. Needs no running loop."""
        for name in ("save_session", "update_session", "delete_session"):
            call_after(self._sessions, name, self.read)

    def of(self, kernel_id: str) -> Belonging | None:
        """Give what a kernel belongs to; None when no session has it."""
        return self._found.get(kernel_id)

    def read(self) -> None:
        """Read the sessions anew, soon. Needs the running loop."""
        if self._task is not None and not self._task.done():
            self._again = True
            return
        self._task = asyncio.get_running_loop().create_task(self._read())

    def close(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            try:
                sessions = await ensure_async(self._sessions.list_sessions())
            except Exception as error:
                self._log.warning("Labkeeper: could not read the list of sessions: %s", error)
                return
            found: dict[str, Belonging] = {}
            for session in sorted(sessions, key=lambda session: _RANK.get(session.get("type", ""), 3)):
                kernel_id = (session.get("kernel") or {}).get("id")
                if kernel_id and kernel_id not in found:
                    found[kernel_id] = Belonging(
                        session.get("path"), session.get("name") or "", session.get("type") or ""
                    )
            self._found = found
            self._changed()
