"""Where the companion listens: a unix socket that only this user can reach."""

from __future__ import annotations

import shutil
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tornado.netutil import Resolver

LONGEST_PATH_BYTES = 100
"""A unix socket's path may have 107 bytes (unix(7)); the rest is room for what others append."""


@dataclass
class PrivateSocket:
    """A path for a socket in a folder of its own, mode 0700."""

    path: str
    folder: Path

    def remove(self) -> None:
        """Remove the folder with whatever is left in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def make_private_socket(runtime_folder: str) -> PrivateSocket:
    """
    Make a folder for one server's socket, in `runtime_folder` (jupyter_runtime_dir).

    Where that cannot be written or is too deep for a socket's path, the folder is made among the temporary files.
    A name that was never there before needs no clean-up after a companion that died.

    Raises OSError when neither place can be written.
    """
    for parent in (runtime_folder, None):
        try:
            folder = tempfile.mkdtemp(prefix="labkeeper-", dir=parent)
        except OSError:
            # Does not exist or cannot be written: the temporary files are next, and their error is the one to tell.
            if parent is None:
                raise
            continue
        path = str(Path(folder) / "companion.sock")
        if len(path.encode()) <= LONGEST_PATH_BYTES or parent is None:
            return PrivateSocket(path, Path(folder))
        Path(folder).rmdir()
    raise AssertionError("unreachable: the temporary folder either works or raises")


def answers(path: str) -> bool:
    """Whether somebody listens on the unix socket `path`."""
    try:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(path)
    except OSError:
        # Not there, nobody behind it, or not ours: in each case nobody answers us.
        return False
    return True


class UnixResolver(Resolver):
    """Resolves every host name to one unix socket, so that tornado's WebSocket client can reach it."""

    def initialize(self, path: str) -> None:
        """Take the socket's path."""
        self._path = path

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC):  # type: ignore[override]
        """Give the socket's address, whatever the host."""
        return [(socket.AF_UNIX, self._path)]
