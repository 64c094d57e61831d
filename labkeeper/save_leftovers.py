"""What a failed save of jupyter_server's own leaves in the way, and how to tell that it is that save's."""

from __future__ import annotations

import os
from base64 import decodebytes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.services.contents.filecheckpoints import FileCheckpoints
from jupyter_server.services.contents.fileio import FileManagerMixin, path_to_intermediate
from jupyter_server.services.contents.manager import ContentsManager

from .file_stamp import CHUNK_BYTES, Stamp


def bytes_of(model: dict[str, Any]) -> bytes:
    """
    Give the bytes that jupyter_server's managers of files write for a model; hooks have changed the model by then.

    Raises whatever nbformat raises for what is no notebook, and UnicodeError.
    """
    if model["type"] == "notebook":
        # The same steps as FileContentsManager.save and nbformat.write.
        text = nbformat.writes(nbformat.from_dict(model["content"]), capture_validation_error={})
        return (text if text.endswith("\n") else text + "\n").encode()
    if model["format"] == "base64":
        return decodebytes(model["content"].encode("ascii"))
    return model["content"].encode()


@dataclass(frozen=True)
class Leftovers:
    """
    What was there before a save, so that only what it left is removed.

    On a full disk jupyter_server leaves half of the copy `.~name` that it meant to make of the old file, or half of
    a new file, or of a first checkpoint, and that takes the last free space (seen with 2.21).
    """

    place: str
    """Where the file really is."""
    stamp: Stamp | None
    """The file; None = there was none."""
    copy: str | None
    """Where jupyter_server copies the old file to; None = something is there already, which is not ours."""
    checkpoint: str | None
    """Where its first checkpoint goes; None likewise."""

    @classmethod
    def before(cls, manager: ContentsManager, path: str) -> Leftovers | None:
        """Look before a save; None for a manager whose files are not here."""
        if not isinstance(manager, FileManagerMixin):
            return None
        os_path = manager._get_os_path(path)
        # One link, as jupyter_server's atomic_writing follows it.
        place = (
            os.path.join(os.path.dirname(os_path), os.readlink(os_path))
            if os.path.islink(os_path)
            else os_path
        )
        copy = path_to_intermediate(place)
        checkpoint = None
        if isinstance(manager.checkpoints, FileCheckpoints):
            stem, suffix = os.path.splitext(os.path.basename(os_path))
            checkpoint = os.path.join(
                os.path.dirname(os_path), manager.checkpoints.checkpoint_dir, f"{stem}-checkpoint{suffix}"
            )
        return cls(place, Stamp.of(place), _unless_there(copy), _unless_there(checkpoint))

    def remove(self, model: dict[str, Any]) -> None:
        """Remove what the failed save of this model left. Raises OSError."""
        now = Stamp.of(self.place)
        # The copy is the only whole one as soon as the file itself was touched: then it stays.
        if self.copy is not None and now is not None and now == self.stamp:
            _remove(self.copy)
        if self.stamp is None and now is not None and self._is_beginning_of(model):
            _remove(self.place)
            now = None
        if self.checkpoint is not None and now is not None:
            made = Stamp.of(self.checkpoint)
            if made is not None and made.size_bytes != now.size_bytes:
                _remove(self.checkpoint)

    def _is_beginning_of(self, model: dict[str, Any]) -> bool:
        """Whether the new file is a part of what was to be written, and nobody else's."""
        if os.path.getsize(self.place) == 0:
            return True
        try:
            whole = bytes_of(model)
        except Exception:
            # What cannot be written by us has not been written by the manager.
            return False
        done = 0
        with open(self.place, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                if whole[done : done + len(chunk)] != chunk:
                    return False
                done += len(chunk)
        return done < len(whole)


def _unless_there(path: str | None) -> str | None:
    return None if path is None or os.path.lexists(path) else path


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)
