"""A new version of a file, written beside it: whoever dies on the way leaves the old one or the new one."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FORGOTTEN_AFTER_S = 3600.0
"""A save takes seconds; a temporary file this old belongs to a server that was killed."""

_TEMPORARY = re.compile(r"\.labkeeper-[0-9a-f]{16}\.saving")
_KERNELS_OWN = ("security.", "trusted.")
"""Attributes that a system's policy gives to a new file by itself, and a user may not set."""
_NOT_OURS_TO_SET = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.EINVAL)


@dataclass(frozen=True)
class NewFile:
    """A file that is being written; open for as long as `new_version` has it."""

    path: str
    fd: int
    """To be written by, not by the path: where others may write the folder, that can be made a link to any file."""

    def is_there(self) -> bool:
        """Whether the path still is this file."""
        try:
            named, ours = os.lstat(self.path), os.fstat(self.fd)
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)


@contextmanager
def new_version(target: str) -> Iterator[NewFile | None]:
    """
    Give an empty file beside `target` (no link) that has the target's mode, owner and extended attributes.

    None where a new file cannot take the target's place unnoticed: it has other names (hard links), belongs to
    somebody else, is mounted by itself, has attributes that we may not set, may not be written, or its folder may
    not. Then it has to be written in place. What is left of the new file at the end is removed.

    Raises OSError.
    """
    new = _make(target)
    try:
        yield new
    finally:
        if new is not None:
            os.close(new.fd)
            try:
                os.unlink(new.path)
            except FileNotFoundError:
                # It was published.
                pass


def remove_forgotten(folder: str, now_s: float) -> None:
    """Remove what servers that were killed in the middle of a save left in a folder. Raises OSError."""
    for entry in os.scandir(folder):
        if _TEMPORARY.fullmatch(entry.name) is None:
            continue
        try:
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) and now_s - found.st_mtime > FORGOTTEN_AFTER_S:
                os.unlink(entry.path)
        except OSError:
            # Gone already, or not ours to remove: it does no harm.
            continue


def _make(target: str) -> NewFile | None:
    folder = os.path.dirname(target)
    try:
        old = os.lstat(target)
    except FileNotFoundError:
        old = None
    if old is not None and not _is_replaceable(target, folder, old):
        return None
    # Short whatever the target's name is, and hidden.
    temporary = os.path.join(folder, f".labkeeper-{secrets.token_hex(8)}.saving")
    # A private file's new version must not be readable for a moment; a file that is new takes the usual mode.
    mode = 0o666 if old is None else 0o600
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    is_alike = False
    try:
        is_alike = old is None or _take_after(fd, target, old)
    finally:
        if not is_alike:
            os.close(fd)
            os.unlink(temporary)
    return NewFile(temporary, fd) if is_alike else None


def _is_replaceable(target: str, folder: str, old: os.stat_result) -> bool:
    return (
        stat.S_ISREG(old.st_mode)
        and old.st_nlink == 1
        and os.access(target, os.W_OK)
        and os.access(folder, os.W_OK | os.X_OK)
        and not _is_mounted(target)
    )


def _is_mounted(target: str) -> bool:
    """Whether a file is a mount of its own, as single files in containers are; its name cannot be given away."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        # Not Linux.
        return False
    # proc_pid_mountinfo(5): the fifth field is the place; blanks, newlines and backslashes in it are octal.
    place = re.sub(rb"[\s\\]", lambda found: b"\\%03o" % found[0][0], os.fsencode(target))
    return any(line.split(b" ", 5)[4] == place for line in lines)


def _take_after(fd: int, target: str, old: os.stat_result) -> bool:
    """Give a new file the owner, attributes and mode of the old one; False where we may not."""
    made = os.fstat(fd)
    try:
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(fd, old.st_uid, old.st_gid)
        copy_attributes(target, fd)
        os.fchmod(fd, stat.S_IMODE(old.st_mode))
    except OSError as error:
        if error.errno in _NOT_OURS_TO_SET:
            return False
        raise
    return True


def copy_attributes(source: str, fd: int) -> None:
    """
    Give an open file the extended attributes of another, and no others. Raises OSError.

    Access lists are extended attributes too, and a folder may give some to new files that the old one has not.
    """
    if not hasattr(os, "listxattr"):
        return
    try:
        wanted = {name for name in os.listxattr(source) if not name.startswith(_KERNELS_OWN)}
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return
        raise
    for name in os.listxattr(fd):
        if name not in wanted and not name.startswith(_KERNELS_OWN):
            os.removexattr(fd, name)
    for name in wanted:
        os.setxattr(fd, name, os.getxattr(source, name))
