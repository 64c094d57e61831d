"""Texts that somebody else wrote, for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timezone

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_TAB = 4


def plain(text: object) -> str:
    """Show what would steer the terminal, or would not be seen, by its number."""
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in _HIDDEN else letter for letter in str(text)
    )


def plain_lines(text: str) -> list[str]:
    """Give the lines of a text as a person reads them, with what else would steer the terminal by its number."""
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    return [plain(line.expandtabs(_TAB)) for line in lines]


def moment(at_ms: int | None) -> str:
    """Give a time in UTC, to the second; `-` where it is not known."""
    if at_ms is None:
        return "-"
    return datetime.fromtimestamp(at_ms / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay rows out in columns; the last one is as long as it likes."""
    cells = [list(heads), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in cells
    )
