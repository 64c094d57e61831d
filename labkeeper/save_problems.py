"""Why a document was not saved, as codes that stay the same from version to version."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

from tornado.web import HTTPError

from .save_leftovers import bytes_of

PROBLEMS: dict[str, tuple[int, str, str]] = {
    "bad-request": (400, "The request to save is malformed.", ""),
    "changed-elsewhere": (
        409,
        "The file was changed elsewhere since it was opened or last saved.",
        "Ask for both versions to be kept, or open the file again.",
    ),
    "disk-full": (507, "The disk is full.", "Remove files that you do not need, and save again."),
    "quota": (
        507,
        "Your quota on this disk is used up.",
        "Remove files that you do not need, and save again.",
    ),
    "read-only": (403, "The disk can only be read.", "Save the file under another path."),
    "logged-out": (403, "The server does not know you any more.", "Log in again."),
    "not-permitted": (403, "You may not write this file.", "Save it under another name or path."),
    "is-directory": (409, "A folder has this name.", "Save the file under another name."),
    "bad-name": (400, "The disk does not take this name.", "Save the file under a shorter or simpler name."),
    "no-folder": (
        409,
        "The folder of this file does not exist any more.",
        "Save the file under another path.",
    ),
    "too-large": (413, "The file is too large for this server.", ""),
    "invalid-notebook": (400, "This is no notebook that can be written.", ""),
    "invalid-text": (400, "The text holds characters that cannot be written.", ""),
    "no-hash": (501, "This server's storage cannot tell whether a file changed.", ""),
    "refused": (400, "This server's storage refused the file.", "The server's log may say why."),
    "failed": (500, "The file could not be saved.", "The server's log says why."),
}
"""Code → HTTP status, sentence, and what to do about it. Words of an exception never go out: they hold paths."""

_BY_ERRNO = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "quota",
    errno.EROFS: "read-only",
    errno.EFBIG: "too-large",
    errno.EACCES: "not-permitted",
    errno.EPERM: "not-permitted",
    errno.ENAMETOOLONG: "bad-name",
    errno.EILSEQ: "bad-name",
    errno.EISDIR: "is-directory",
    errno.ENOTDIR: "no-folder",
    errno.ENOENT: "no-folder",
}
"""In the order in which they count: after a full disk, jupyter_server misses its own copy and reports ENOENT."""
_BY_STATUS = {403: "not-permitted", 404: "no-folder", 413: "too-large", 507: "disk-full"}


class SaveProblem(Exception):
    """A save that was refused; `code` is one of PROBLEMS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def code_of(error: BaseException, model: dict[str, Any], os_path: str | None) -> str:
    """
    Name the reason why a contents manager could not save a model.

    `os_path` is where the file is, None if that is not on a disk here.
    """
    causes = list(_causes(error))
    found = {cause.errno for cause in causes if isinstance(cause, OSError)}
    code = next((code for number, code in _BY_ERRNO.items() if number in found), None)
    if code is None and any(
        "disk is full" in str(e) for e in causes if isinstance(e, sqlite3.OperationalError)
    ):
        # The database of signatures; SQLITE_FULL is a number only since Python 3.11.
        code = "disk-full"
    if code is None and isinstance(error, HTTPError):
        code = _BY_STATUS.get(error.status_code)
    if code == "not-permitted" and _is_read_only(os_path):
        return "read-only"
    if code is not None:
        return code
    if not _can_be_written(model):
        return "invalid-notebook" if model["type"] == "notebook" else "invalid-text"
    return "refused" if isinstance(error, HTTPError) and error.status_code < 500 else "failed"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give the error and what led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ if cause.__suppress_context__ else cause.__context__


def _can_be_written(model: dict[str, Any]) -> bool:
    """Whether it is the content that is wrong. Tried, because nbformat has no one error for what is no notebook."""
    try:
        bytes_of(model)
    except Exception:
        # Anything at all: the content is any JSON, and nbformat reads it without looking.
        return False
    return True


def _is_read_only(os_path: str | None) -> bool:
    """Whether the file system says so; jupyter_server looks at permissions before it meets EROFS."""
    if os_path is None or not hasattr(os, "statvfs"):
        return False
    try:
        return bool(os.statvfs(os.path.dirname(os_path)).f_flag & os.ST_RDONLY)
    except OSError:
        # No such folder: then that is the reason.
        return False
