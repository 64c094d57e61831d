"""Saves a document only over the version that its page knows: comparing and writing are one step."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.to_thread import run_sync
from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.manager import ContentsManager

from .document_store import DocumentStore, Version
from .document_write import DocumentWriter, makes
from .file_stamp import Stamp
from .kept_copies import keep_bytes, keep_through_manager
from .path_locks import PathLocks
from .plain_files import ChangedMeanwhile, is_plain
from .save_problems import SaveProblem, code_of

MOST_ROUNDS = 5
"""How often a file that changes while it is compared or written is looked at again."""
STANDS_STILL_S = 0.25
"""A file that another program is writing right now is not kept before it is done: half of it would be."""
MOST_REMEMBERED = 1000
"""Documents whose last save is remembered."""


@dataclass(frozen=True)
class Condition:
    """What a page knows of the document that it wants to write."""

    expected: str | None
    """The hash it must have; None = it must not exist."""
    keep_other: bool = False
    """Whether another version is kept beside it and ours written, instead of refusing."""
    run: str | None = None
    """Who saves. A version that the same run wrote is not another's: the answer to that save may have been lost."""


@dataclass(frozen=True)
class Kept:
    """Where another's version is kept, and its hash."""

    path: str
    hash: str
    made: bool
    """Whether the copy was made by this save; else it was there already."""


@dataclass(frozen=True)
class Saved:
    """What stands there now."""

    version: Version
    created: bool
    was_missing: bool
    """The page knew a file that was not there any more: it has been written anew."""
    kept: Kept | None = None
    warning: str | None = None


class ChangedElsewhere(Exception):
    """The document is not the version that the page knows; nothing was written."""

    def __init__(self, found: Version) -> None:
        super().__init__(found.hash)
        self.found = found


class CompareWrite:
    """
    Saves through the server's contents manager, one save of a document at a time.

    Other writers of this server hold the same `locks`, by the store's `lock_name`. What writes past them,
    JupyterLab's own saves and other programs, is noticed where the files are plain up to the moment when ours takes
    its place, and with other managers up to the moment when the manager's own save begins.
    """

    def __init__(self, manager: Callable[[], ContentsManager], log: logging.Logger) -> None:
        self.store = DocumentStore(manager)
        self.locks = PathLocks()
        self._writer = DocumentWriter(self.store, log)
        self._log = log
        self._last: OrderedDict[str, tuple[str | None, str]] = OrderedDict()
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def save(self, path: str, model: dict[str, Any], condition: Condition) -> Saved:
        """
        Save a model of the contents API at an API path.

        Raises ChangedElsewhere, and SaveProblem with the reason for everything else.
        """
        path = "/".join(part for part in path.split("/") if part)
        try:
            await self.store.admit(path, *filter(None, [model.get("path")]))
            async with self.locks.of(self.store.lock_name(path)):
                for _ in range(MOST_ROUNDS):
                    try:
                        return await self._compare_and_write(path, model, condition)
                    except ChangedMeanwhile:
                        continue
                found = await self.store.version(path)
                raise ChangedElsewhere(found) if found else SaveProblem("failed")
        except (ChangedElsewhere, SaveProblem):
            raise
        except Exception as error:
            code = await run_sync(code_of, error, model, self.store.os_path(path))
            self._log.warning("Labkeeper: %r was not saved: %s", path, code, exc_info=code == "failed")
            raise SaveProblem(code) from error

    async def _compare_and_write(self, path: str, model: dict[str, Any], condition: Condition) -> Saved:
        os_path = self.store.os_path(path)
        stamp = Stamp.of(os_path) if os_path else None
        found = await self.store.version(path)
        if os_path and Stamp.of(os_path) != stamp:
            raise ChangedMeanwhile
        kept = None
        if found is not None and not self._is_known(path, found, condition):
            if is_plain(self.store.manager) and await run_sync(makes, model, found.hash):
                # The same thing stands there already: a save whose answer was lost, or a change undone.
                return self._saved(path, condition, Saved(found, created=False, was_missing=False))
            if not condition.keep_other:
                raise ChangedElsewhere(found)
            kept = await self._keep(path, found, model, stamp)
        try:
            written = await self._writer.write(path, model, found is None, stamp)
        except Exception:
            if kept is not None and kept.made:
                await run_sync(self._forget_copy, path, kept, stamp)
            raise
        missing = found is None and condition.expected is not None
        saved = Saved(written.version, found is None, missing, kept, written.warning)
        return self._saved(path, condition, saved)

    def _is_known(self, path: str, found: Version, condition: Condition) -> bool:
        if found.hash == condition.expected:
            return True
        return condition.run is not None and self._last.get(path) == (condition.run, found.hash)

    def _saved(self, path: str, condition: Condition, saved: Saved) -> Saved:
        _remember(self._last, path, (condition.run, saved.version.hash))
        return saved

    async def _keep(self, path: str, found: Version, model: dict[str, Any], stamp: Stamp | None) -> Kept:
        """Keep another's version beside it, once: as bytes where files are plain, else through the manager."""
        manager = self.store.manager
        os_path = self.store.os_path(path)
        if os_path is not None:
            await asyncio.sleep(STANDS_STILL_S)
            if await run_sync(Stamp.of, os_path) != stamp:
                raise ChangedMeanwhile
            if is_plain(manager):
                name, made = await run_sync(keep_bytes, os_path, found.hash)
                return Kept("/".join([*path.split("/")[:-1], name]), found.hash, made)
        place = self._kept.get((path, found.hash))
        # Remembered, because a manager may write a copy that has another hash than the original.
        if place is None or not await ensure_async(manager.file_exists(place)):
            place = await keep_through_manager(self.store, self._writer, path, found, model["type"])
            _remember(self._kept, (path, found.hash), place)
        now = await self.store.version(path)
        if now is None or now.hash != found.hash:
            raise ChangedMeanwhile
        return Kept(place, found.hash, made=False)

    def _forget_copy(self, path: str, kept: Kept, stamp: Stamp | None) -> None:
        """Remove a copy of what still stands in its place after all: on a full disk it takes the last room."""
        os_path, copy = self.store.os_path(path), self.store.os_path(kept.path)
        if os_path is not None and copy is not None and Stamp.of(os_path) == stamp:
            Path(copy).unlink(missing_ok=True)


def _remember(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)
