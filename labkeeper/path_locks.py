"""One writer per file at a time, within this server."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class PathLocks:
    """Locks by name, each there for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """Give the lock of this name; the caller keeps it alive."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock

    def __len__(self) -> int:
        return len(self._locks)
