"""Which version of a file it is: by what its folder says of it, and by its bytes."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Stamp:
    """What changes when a file is written, replaced or renamed, whoever does it."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: str) -> Stamp | None:
        """
        Read the stamp of the file that a path leads to, as its server knows it; None when there is none.

        Raises OSError.
        """
        try:
            found = os.stat(path)
            if stat.S_ISREG(found.st_mode):
                found = _opened(path, found)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _opened(path: str, found: os.stat_result) -> os.stat_result:
    """Ask again by opening: on NFS a look at the name may be answered from memory for up to a minute."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        # It may be written and not read.
        return found
    try:
        return os.fstat(fd)
    finally:
        os.close(fd)


def digest_of(path: str, algorithm: str = "sha256") -> str:
    """Compute the hexadecimal hash of a file's bytes, without holding them all. Raises OSError."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
