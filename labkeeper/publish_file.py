"""Gives a new file the name of the old one, in one step, if the old one is still the one that was compared."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

from .conditional_rename import EXCHANGE, NO_REPLACE, rename_under
from .file_stamp import Stamp


def publish(temporary: str, target: str, expected: Stamp | None) -> bool:
    """
    Let a file whose bytes are on the disk take the target's name, for good, if what is expected still stands there.

    False, with nothing changed, if it does not. Where the system cannot rename under a condition, some microseconds
    remain in which another's change would go unseen. Raises OSError.
    """
    if Stamp.of(target) != expected:
        return False
    taken = _take_free(temporary, target) if expected is None else _swap_in(temporary, target, expected)
    if taken:
        sync_folder(os.path.dirname(target))
    return taken


def _take_free(temporary: str, target: str) -> bool:
    try:
        if not rename_under(NO_REPLACE, temporary, target):
            os.replace(temporary, target)
    except FileExistsError:
        return False
    return True


def _swap_in(temporary: str, target: str, expected: Stamp) -> bool:
    """Change names with what stands there, and look at what that was."""
    ours = os.stat(temporary).st_ino
    try:
        if not rename_under(EXCHANGE, temporary, target):
            os.replace(temporary, target)
            return True
    except FileNotFoundError:
        # It was removed just now.
        return False
    found = Stamp.of(temporary)
    # A new name is a change of the file.
    if found is not None and replace(found, changed_ns=expected.changed_ns) == expected:
        return True
    rename_under(EXCHANGE, temporary, target)
    if os.stat(temporary).st_ino != ours:
        # A third version came over ours in between: the newest of the others stands, as it would without us.
        os.replace(temporary, target)
    return False


def sync_folder(folder: str) -> None:
    """Bring the names in a folder to the disk, where the file system knows of that. Raises OSError."""
    try:
        fd = os.open(folder, os.O_RDONLY)
    except PermissionError:
        # Its names may be changed but not read.
        return
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network and FUSE file systems have no such thing for folders.
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(fd)
