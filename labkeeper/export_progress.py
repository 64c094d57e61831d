"""How much of an export has come, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_TERMINAL_S = 0.5
_LOG_S = 30.0
"""Between two lines where nobody looks at a terminal."""
_LEFT_FROM = 0.05
"""Before so much has come nobody knows how long the rest takes."""


class Progress:
    """One line that changes in a terminal; elsewhere a line every half minute."""

    def __init__(
        self, name: str, out: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin: in a terminal it is said at once that the service is asked."""
        self._name = name
        self._out = sys.stderr if out is None else out
        self._now = now
        self._is_terminal = self._out.isatty()
        self._began = self._told = now()
        self._bytes = 0
        self._say(f"{name}: asking the service (Ctrl-C ends it)")

    def came(self, count: int, share: float | None) -> None:
        """So many bytes more; `share` of the whole has come where that is known."""
        self._bytes += count
        now = self._now()
        if now - self._told < (_TERMINAL_S if self._is_terminal else _LOG_S):
            return
        self._told = now
        took = now - self._began
        percent = "" if share is None else f"{share:.0%}, "
        left = f", about {lasting(took / share - took)} more" if share and share >= _LEFT_FROM else ""
        text = f"{self._name}: {percent}{size(self._bytes)} in {lasting(took)}{left}"
        if self._is_terminal:
            self._say(f"{text} (Ctrl-C ends it)")
        else:
            print(text, file=self._out, flush=True)

    def end(self) -> str:
        """Take the line away, and give how much came in what time."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=self._out, flush=True)
        return f"{size(self._bytes)} in {lasting(self._now() - self._began)}"

    def _say(self, text: str) -> None:
        if self._is_terminal:
            print(f"\r{text}\x1b[K", end="", file=self._out, flush=True)


def size(count: int) -> str:
    """As people say it."""
    value, unit = float(count), "bytes"
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{count} bytes" if unit == "bytes" else f"{value:.1f} {unit}"


def lasting(seconds: float) -> str:
    """As people say it."""
    if seconds < 90:
        return f"{round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
