"""Another's version of a file, kept beside it under a name of its own before ours is written."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from itertools import count
from pathlib import PurePosixPath

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from .document_store import DocumentStore, Version
from .document_write import DocumentWriter
from .file_stamp import CHUNK_BYTES, digest_of
from .new_version import copy_attributes, new_version
from .plain_files import ChangedMeanwhile
from .publish_file import publish

LONGEST_NAME_BYTES = 255
"""NAME_MAX of nearly every file system (limits.h)."""
LONGEST_SUFFIX = 20
"""What is longer than this after the last dot is no file type."""
HASH_LETTERS = 6


def kept_name(name: str, file_hash: str, number: int = 1) -> str:
    """
    Name the kept copy: `a.py` → `a (changed elsewhere 0a1b2c).py`, the second of that name `… 0a1b2c 2).py`.

    A name that would be too long loses the end of its stem.
    """
    stem, suffix = os.path.splitext(name)
    if len(suffix) > LONGEST_SUFFIX:
        stem, suffix = name, ""
    letters = "".join(letter for letter in file_hash if letter.isalnum())[:HASH_LETTERS]
    end = f" (changed elsewhere {letters}{'' if number == 1 else f' {number}'}){suffix}"
    room = LONGEST_NAME_BYTES - len(end.encode(errors="surrogatepass"))
    return stem.encode(errors="surrogatepass")[:room].decode(errors="ignore") + end


def kept_path(path: str, file_hash: str, number: int = 1) -> str:
    """Name the kept copy of the file at an API path."""
    parsed = PurePosixPath(path)
    return str(parsed.with_name(kept_name(parsed.name, file_hash, number)))


def keep_bytes(source: str, file_hash: str, algorithm: str = "sha256") -> tuple[str, bool]:
    """
    Copy a file, byte for byte and for good, to a kept name in its folder; give that name, and whether it is new.

    Where such a copy is there already it is left as it is; where the name is taken by something else, the next is
    used. The copy has the original's mode and times.

    Raises ChangedMeanwhile when the file does not have that hash any more, and OSError.
    """
    folder, name = os.path.split(source)
    for number in count(1):
        kept = kept_name(name, file_hash, number)
        place = os.path.join(folder, kept)
        if not os.path.lexists(place):
            try:
                _copy(source, place, file_hash, algorithm)
            except FileExistsError:
                # Somebody was faster: then it is looked at like one that was there before.
                pass
            else:
                return kept, True
        if _is_copy(place, file_hash, algorithm):
            return kept, False
    raise AssertionError("there is always a next number")


def _is_copy(place: str, file_hash: str, algorithm: str) -> bool:
    return stat.S_ISREG(os.lstat(place).st_mode) and digest_of(place, algorithm) == file_hash


def _copy(source: str, place: str, file_hash: str, algorithm: str) -> None:
    """Copy under a temporary name, then take the place, if it is still free."""
    with new_version(place) as new:
        assert new is not None, "nothing is in the way of a new file"
        digest = hashlib.new(algorithm)
        with open(source, "rb") as read, os.fdopen(new.fd, "wb", closefd=False) as write:
            found = os.fstat(read.fileno())
            # Before the first byte: a private file stays private.
            os.fchmod(new.fd, stat.S_IMODE(found.st_mode))
            while chunk := read.read(CHUNK_BYTES):
                digest.update(chunk)
                write.write(chunk)
            write.flush()
            try:
                copy_attributes(source, new.fd)
                os.utime(new.fd, ns=(found.st_atime_ns, found.st_mtime_ns))
            except OSError:
                # Some file systems take no times or attributes; the bytes are what matters.
                pass
            os.fsync(new.fd)
        if digest.hexdigest() != file_hash or not new.is_there():
            raise ChangedMeanwhile
        if not publish(new.path, place, None):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), place)


async def keep_through_manager(
    store: DocumentStore, writer: DocumentWriter, path: str, found: Version, kind: str
) -> str:
    """
    Copy a document to a kept path through its contents manager, and give that path.

    `kind` is the type as which it is read when it cannot be read as a file.

    Raises SaveProblem and what the manager raises.
    """
    number = 1
    while there := await store.version(place := kept_path(path, found.hash, number)):
        if there.hash == found.hash:
            return place
        number += 1
    manager = store.manager
    try:
        # As a file even if it is a notebook: it stays as it is then, and need not be one that can be read.
        other = await ensure_async(manager.get(path, content=True, type="file"))
    except HTTPError:
        # Some managers know a notebook only as a notebook.
        other = await ensure_async(manager.get(path, content=True, type=kind))
    copy = {key: other[key] for key in ("type", "format", "content")}
    await writer.write(place, copy, is_new=True, stamp=None)
    return place
