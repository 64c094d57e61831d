"""Contents managers that only keep files, as jupyter_server's own do, and saving with them so that no crash cuts a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager, FileContentsManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from .file_stamp import Stamp, digest_of
from .new_version import new_version
from .publish_file import publish

_HOME = "jupyter_server.services.contents."
_METHODS = ("get", "save", "new", "atomic_writing", "_save_notebook", "_save_file", "_get_os_path")


class ChangedMeanwhile(HTTPError):
    """The file is not what it was when it was compared. An HTTPError, because managers let only those through."""

    def __init__(self) -> None:
        super().__init__(409, "The file changed while it was being saved.")


@dataclass
class Write:
    """One save of one file."""

    expected: Stamp | None
    """What stood there when it was compared; None = nothing."""
    digest: str | None = None
    """The hash of what this save wrote; None = it has not, yet."""


def is_plain(manager: ContentsManager) -> bool:
    """
    Whether a file with the right bytes is all that a save of this manager leaves.

    So it is for jupyter_server's own managers of files, with no hooks, nothing patched and the settings that decide
    how a file is written at their defaults. Anything else (jupytext, object stores, hooks that clear outputs) has
    to see each save itself.
    """
    if type(manager) not in _WRITERS:
        return False
    patched = any(
        name in vars(manager) or not getattr(type(manager), name).__module__.startswith(_HOME)
        for name in _METHODS
    )
    hooks = (manager.pre_save_hook, manager.post_save_hook, manager._pre_save_hooks, manager._post_save_hooks)
    return (
        not patched
        and not any(hooks)
        and manager.use_atomic_writing  # type: ignore[attr-defined]
        and manager.hash_algorithm == "sha256"  # type: ignore[attr-defined]
    )


def crash_safe(manager: ContentsManager, write: Write) -> ContentsManager:
    """
    Give a plain manager that saves as `manager` does, but lets a whole file take the place of the old one.

    jupyter_server copies the old file aside and then writes over it, so that a server killed in between leaves half
    a file. Everything else is the manager's own: it is the same object in all but its class, so that validation,
    signatures, checkpoints, events and limits are shared.
    """
    writer_class = _WRITERS[type(manager)]
    # Not by its constructor: that would make a second signature database, second checkpoints and second settings.
    writer = object.__new__(writer_class)
    writer.__dict__ = manager.__dict__
    writer.write = write
    return writer


class _WholeFile(FileManagerMixin):
    """Overrides how FileManagerMixin writes a file; `write` is the only state of its own."""

    __slots__ = ()
    write: Write

    @contextmanager
    def atomic_writing(
        self, os_path: str, text: bool = True, encoding: str = "utf-8", **options: Any
    ) -> Iterator[Any]:
        """Write all into a new file that takes the old one's place, or as jupyter_server does where none can."""
        target = os.path.realpath(os_path)
        with self.perm_to_403(os_path), new_version(target) as new:
            if new is None:
                # From here on until it is written, another's change would be lost.
                if Stamp.of(target) != self.write.expected:
                    raise ChangedMeanwhile
                with super().atomic_writing(os_path, text, encoding, **options) as file:
                    yield file
            else:
                with (
                    os.fdopen(new.fd, "w", encoding=encoding, newline="\n", closefd=False)
                    if text
                    else os.fdopen(new.fd, "wb", closefd=False)
                ) as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                digest = digest_of(new.path)
                if not new.is_there() or not publish(new.path, target, self.write.expected):
                    raise ChangedMeanwhile
                self.write.digest = digest
        if new is None:
            self.write.digest = digest_of(target)


class _InThread(_WholeFile):
    """Has the whole write in a thread; jupyter_server's own has fsync and the copy of the old file on the loop."""

    __slots__ = ()

    async def _save_notebook(
        self, os_path: str, nb: Any, capture_validation_error: dict[str, Any] | None = None
    ) -> None:
        save = partial(FileManagerMixin._save_notebook, capture_validation_error=capture_validation_error)
        await run_sync(save, self, os_path, nb)

    async def _save_file(self, os_path: str, content: str, format: str) -> None:
        await run_sync(FileManagerMixin._save_file, self, os_path, content, format)


class _File(_WholeFile, FileContentsManager):
    __slots__ = ("write",)


class _LargeFile(_WholeFile, LargeFileManager):
    __slots__ = ("write",)


class _AsyncFile(_InThread, AsyncFileContentsManager):
    __slots__ = ("write",)


class _AsyncLargeFile(_InThread, AsyncLargeFileManager):
    __slots__ = ("write",)


_WRITERS: dict[type, Any] = {
    FileContentsManager: _File,
    LargeFileManager: _LargeFile,
    AsyncFileContentsManager: _AsyncFile,
    AsyncLargeFileManager: _AsyncLargeFile,
}
