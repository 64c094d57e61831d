"""Renames that Linux does only under a condition (renameat2(2)); other systems and some file systems cannot."""

from __future__ import annotations

import ctypes
import errno
import os

NO_REPLACE = 1
"""RENAME_NOREPLACE of linux/fs.h: only if the new name is free."""
EXCHANGE = 2
"""RENAME_EXCHANGE: both files change names, so that nothing is replaced unseen."""

_AT_FDCWD = -100
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


def rename_under(condition: int, source: str, target: str) -> bool:
    """
    Rename `source` to `target` under NO_REPLACE or with EXCHANGE; False where this system cannot.

    Raises OSError: FileExistsError and FileNotFoundError when the condition does not hold.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    failed = rename(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(condition))
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), source, None, target)
