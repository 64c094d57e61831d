"""The server's contents manager as a place of documents: what stands at a path, and where that is on a disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.services.contents.handlers import validate_model
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from .file_stamp import digest_of
from .plain_files import is_plain
from .save_problems import SaveProblem


@dataclass(frozen=True)
class Version:
    """A version of a document, as the contents manager tells of it without the content."""

    hash: str
    model: dict[str, Any]


class DocumentStore:
    """Asks the contents manager of one server. Paths are those of its API, without slashes at their ends."""

    def __init__(self, manager: Callable[[], ContentsManager]) -> None:
        self._get_manager = manager

    @property
    def manager(self) -> ContentsManager:
        """The manager; a server may be given another one while it starts."""
        return self._get_manager()

    def os_path(self, path: str) -> str | None:
        """Say where a file is on this machine's disks; None if its manager has none there or the path leads out."""
        if not isinstance(self.manager, FileManagerMixin):
            return None
        try:
            return self.manager._get_os_path(path)
        except HTTPError:
            return None

    def lock_name(self, path: str) -> str:
        """Name the lock of a document; one name for all links to it."""
        os_path = self.os_path(path)
        return path if os_path is None else os.path.realpath(os_path)

    async def admit(self, *paths: str) -> None:
        """
        Refuse what jupyter_server's own PUT refuses: hidden files, and paths that lead out of the server's folder.

        Raises SaveProblem "not-permitted".
        """
        for path in paths:
            try:
                hidden = await ensure_async(self.manager.is_hidden(path))
            except HTTPError as error:
                raise SaveProblem("not-permitted") from error
            if hidden and not self.manager.allow_hidden:
                raise SaveProblem("not-permitted")

    async def version(self, path: str) -> Version | None:
        """
        Ask what stands at a path; None = nothing.

        Raises SaveProblem "no-hash" and "is-directory", and what the manager raises.
        """
        try:
            model = await self._model(path)
        except TypeError as error:
            # As in jupyter_server's own handler: a manager from before 2.11 does not know the argument.
            raise SaveProblem("no-hash") from error
        except HTTPError as error:
            if error.status_code == 404:
                return None
            raise
        if model["type"] == "directory":
            raise SaveProblem("is-directory")
        if not model.get("hash"):
            raise SaveProblem("no-hash")
        validate_model(model)
        return Version(model["hash"], model)

    async def _model(self, path: str) -> dict[str, Any]:
        """Ask for the model with its hash. Managers read the whole file for it, and hash on the loop; plain ones need not."""
        manager = self.manager
        os_path = self.os_path(path)
        if os_path is None or not is_plain(manager) or not await run_sync(os.path.isfile, os_path):
            return await ensure_async(manager.get(path, content=False, require_hash=True))
        model = await ensure_async(manager.get(path, content=False))
        return {**model, "hash": await run_sync(digest_of, os_path), "hash_algorithm": "sha256"}
