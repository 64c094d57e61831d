"""A file that has its name only when it is whole."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO


class ExportFileError(Exception):
    """The file cannot be written; the message is a sentence for whoever typed the command."""

    def __init__(self, message: str, has_begun: bool) -> None:
        super().__init__(message)
        self.has_begun = has_begun
        """Whether something was written before."""


class ExportFile:
    """
    Write to `PATH.part`, and give it its name at the end. Only its owner may read it.

    What breaks off leaves nothing; after a SIGKILL there is a part, which looks like nothing whole.
    """

    def __init__(self, path: Path, replaces: bool) -> None:
        """Take a file that is there for one to be replaced if `replaces`."""
        self.path = path
        self._replaces = replaces
        self._part = Path(f"{path}.part")
        self._file: BinaryIO | None = None

    def __enter__(self) -> ExportFile:
        self._refuse_existing(has_begun=False)
        try:
            self._file = open(self._part, "xb", opener=_owners_alone)
        except FileExistsError:
            raise ExportFileError(
                f"{self._part} is there: another export writes it, or one was killed. If none runs, delete it.",
                has_begun=False,
            ) from None
        except OSError as error:
            raise ExportFileError(f"{self._part} cannot be written: {_reason(error)}.", False) from error
        return self

    def write(self, chunk: bytes) -> None:
        """Add to it; raises ExportFileError."""
        try:
            self._opened.write(chunk)
        except OSError as error:
            raise self._failed(error) from error

    def finish(self) -> None:
        """Give it its name; raises ExportFileError."""
        try:
            self._opened.flush()
            # Some disks say only here that they are full.
            os.fsync(self._opened.fileno())
            self._opened.close()
            self._refuse_existing(has_begun=True)
            os.replace(self._part, self.path)
        except OSError as error:
            raise self._failed(error) from error
        self._file = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError:
            # What it still had to write is of no use.
            pass
        self._part.unlink(missing_ok=True)

    @property
    def _opened(self) -> BinaryIO:
        assert self._file is not None
        return self._file

    def _refuse_existing(self, has_begun: bool) -> None:
        if os.path.isdir(self.path):
            raise ExportFileError(f"{self.path} is a folder: name a file in it.", has_begun)
        if not self._replaces and os.path.lexists(self.path):
            raise ExportFileError(
                f"{self.path} is there already: name another file, or add --replace.", has_begun
            )

    def _failed(self, error: OSError) -> ExportFileError:
        return ExportFileError(
            f"{self.path} could not be written, and nothing of it is left: {_reason(error)}.", True
        )


def _owners_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
