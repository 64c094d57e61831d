"""Where the companion listens: a unix socket that only this user can reach."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tornado.netutil import Resolver

LONGEST_PATH_BYTES = 100
"""A unix socket's path may have 107 bytes (unix(7)); the rest is room for what others append."""

FORGOTTEN_AFTER_S = 30 * 24 * 3600.0
"""A home folder may be shared with servers elsewhere, whose sockets do not answer here: only old ones are removed."""

_PREFIX = "labkeeper-"
_NAME = "companion.sock"


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

    Where that cannot be written, is too deep for a socket's path, or lies on a file system without sockets (home
    folders on object storage), the folder is made among the temporary files. Its name was never there before, so
    nothing that a dead server left is in the way.

    Raises OSError when neither place works.
    """
    try:
        return _make_in(runtime_folder)
    except OSError:
        # Whatever is wrong there, the temporary files are next, and their error is the one to tell.
        return _make_in(tempfile.gettempdir())


def remove_old_sockets(runtime_folder: str, now_s: float) -> None:
    """Remove folders that servers which were killed left behind, at least FORGOTTEN_AFTER_S ago."""
    for folder in Path(runtime_folder).glob(f"{_PREFIX}*"):
        try:
            old = now_s - folder.stat().st_mtime > FORGOTTEN_AFTER_S
        except OSError:
            # Gone in the meantime.
            continue
        if old and not answers(str(folder / _NAME)):
            shutil.rmtree(folder, ignore_errors=True)


def _make_in(parent: str) -> PrivateSocket:
    made = PrivateSocket("", Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)))
    made.path = str(made.folder / _NAME)
    try:
        if len(made.path.encode()) > LONGEST_PATH_BYTES:
            raise OSError(f"the path of a socket in {parent} would be too long")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(made.path)
        os.unlink(made.path)
    except OSError:
        made.remove()
        raise
    return made


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
