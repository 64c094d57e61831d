"""Whether an export that comes over the network has come whole."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

LINE_BYTES = 4 * 1024 * 1024
"""A line of an export is at most so long."""

_INDEX = re.compile(rb'\{"index":(\d{1,15})[,}]')


class NotWholeError(Exception):
    """What came is no whole export; the message is the reason, as the end of a sentence."""


class JsonlArrival:
    """
    Look at an export as JSONL while it comes, without holding more than a line of it.

    Its last line counts the lines before it and has their hash. Whether that is signed, and by whom, is for `labkeeper
    verify` to say; here it only tells that nothing was lost on the way.
    """

    def __init__(self) -> None:
        self.records: int | None = None
        """How many the last line counts; None = it has not come."""
        self.share: float | None = None
        """Of the range that has come, from 0 to 1; None = not known yet."""
        self._head: dict[str, Any] = {}
        self._hash = hashlib.sha256()
        self._lines = 0
        # At most one line, which may be the last.
        self._line = b""

    def add(self, chunk: bytes) -> None:
        """Look at what came; raises NotWholeError where it is no export."""
        if self._lines == 0 and b"\n" in chunk and not self._head:
            self._head = _object((self._line + chunk).split(b"\n", 1)[0])
            if "labkeeperExport" not in self._head:
                raise NotWholeError("its first line is not that of an export")
        data = self._line + chunk
        end = data.rfind(b"\n", 0, len(data) - 1) + 1
        done, self._line = data[:end], data[end:]
        if len(self._line) > LINE_BYTES:
            raise NotWholeError("a line of it is longer than any of an export")
        if done:
            self._hash.update(done)
            self._lines += done.count(b"\n")
            self._look_at_index()

    def finish(self) -> None:
        """Compare with the last line; raises NotWholeError."""
        body = self._end.get("body") if self._line.endswith(b"\n") else None
        if not isinstance(body, dict):
            raise NotWholeError("its last line is missing")
        if body.get("lines") != self._lines or body.get("sha256") != self._hash.hexdigest():
            raise NotWholeError("its last line is of other lines than those that came")
        self.records = body.get("count")

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the key that the last line names, as the export's own first line has it; None = it has none."""
        signer, keys = self._end.get("key"), self._head.get("keys")
        for key in keys if isinstance(keys, list) else []:
            if isinstance(key, dict) and key.get("id") == signer and isinstance(key.get("publicKey"), str):
                try:
                    return hashlib.sha256(base64.urlsafe_b64decode(f"{key['publicKey']}=")).hexdigest()
                except ValueError:
                    return None
        return None

    @property
    def _end(self) -> dict[str, Any]:
        end = _object(self._line).get("end")
        return end if isinstance(end, dict) else {}

    def _look_at_index(self) -> None:
        """Records come in the order of their indexes."""
        first, end = self._head.get("firstIndex"), self._head.get("endIndex")
        found = _INDEX.match(self._line)
        if found and isinstance(first, int) and isinstance(end, int) and end > first:
            self.share = min(1.0, max(0.0, (int(found[1]) - first) / (end - first)))


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
