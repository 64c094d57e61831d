"""One save of one document through the contents manager, and the order it leaves behind, also when it fails."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anyio.to_thread import run_sync
from jupyter_core.utils import ensure_async

from .document_store import DocumentStore, Version
from .file_stamp import Stamp, digest_of
from .new_version import remove_forgotten
from .plain_files import ChangedMeanwhile, Write, crash_safe, is_plain
from .save_leftovers import Leftovers, bytes_of

AFTER_SAVE_FAILED = "after-save-failed"
"""The document is written, but something that the server does after a save failed: a hook, the first checkpoint."""


@dataclass(frozen=True)
class Written:
    """What a save made."""

    version: Version
    warning: str | None
    """AFTER_SAVE_FAILED, or None."""


class DocumentWriter:
    """Writes documents; who calls holds the document's lock."""

    def __init__(self, store: DocumentStore, log: logging.Logger) -> None:
        self._store = store
        self._log = log
        self._swept: set[str] = set()

    async def write(self, path: str, model: dict[str, Any], is_new: bool, stamp: Stamp | None) -> Written:
        """
        Save a model over the file with this stamp; None = over nothing.

        Raises ChangedMeanwhile when another file stands there, and what the manager raises.
        """
        manager = self._store.manager
        write = Write(stamp) if is_plain(manager) else None
        if write is not None:
            await self._sweep(path)
        leftovers = Leftovers.before(manager, path)
        writer = manager if write is None else crash_safe(manager, write)
        self._log.info("Saving file at %r", path)
        warning = message = None
        try:
            # `new` for what is not there yet, as jupyter_server's own PUT.
            save = writer.new if is_new else writer.save
            message = (await ensure_async(save(model, path))).get("message")
        except ChangedMeanwhile:
            raise
        except Exception:
            done = await self._is_done(path, model, write)
            await self._tidy(leftovers, model)
            if not done:
                raise
            self._log.warning("Labkeeper: %r is saved, but not all that follows", path, exc_info=True)
            warning = AFTER_SAVE_FAILED
        version = await self._now(path, write)
        if message:
            version.model["message"] = message
        return Written(version, warning)

    async def _now(self, path: str, write: Write | None) -> Version:
        if write is None or write.digest is None:
            version = await self._store.version(path)
            if version is None:
                # Somebody removed it just after.
                raise ChangedMeanwhile
            return version
        # The hash of what was written, which need not be what stands there by now.
        model = await ensure_async(self._store.manager.get(path, content=False))
        return Version(write.digest, {**model, "hash": write.digest, "hash_algorithm": "sha256"})

    async def _is_done(self, path: str, model: dict[str, Any], write: Write | None) -> bool:
        """Whether the file was written all the same, and what failed came after."""
        if write is not None:
            return write.digest is not None
        os_path = self._store.os_path(path)
        return os_path is not None and await run_sync(_holds, os_path, model)

    async def _tidy(self, leftovers: Leftovers | None, model: dict[str, Any]) -> None:
        """Remove what a failed save left."""
        if leftovers is None:
            return
        try:
            await run_sync(leftovers.remove, model)
        except OSError as error:
            # It stays then; why the save failed is what matters.
            self._log.warning("Labkeeper: what a failed save left could not be removed: %s", error)

    async def _sweep(self, path: str) -> None:
        """Once in each folder, remove what servers that were killed in the middle of a save left there."""
        # The lock's name is the file itself, past all links.
        folder = os.path.dirname(self._store.lock_name(path))
        if folder in self._swept:
            return
        self._swept.add(folder)
        try:
            await run_sync(remove_forgotten, folder, time.time())
        except OSError:
            # There is no such folder, or it cannot be read: the save itself will say what is wrong.
            return


def _holds(os_path: str, model: dict[str, Any]) -> bool:
    """Whether a file is what saving the model makes."""
    return os.path.isfile(os_path) and makes(model, digest_of(os_path))


def makes(model: dict[str, Any], file_hash: str) -> bool:
    """Whether saving the model makes a file with this SHA-256."""
    try:
        return sha256(bytes_of(model)).hexdigest() == file_hash
    except Exception:
        # It cannot be written at all: the save says why.
        return False
