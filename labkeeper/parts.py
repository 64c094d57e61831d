"""What an admin can switch off: LABKEEPER_DISABLE and `Labkeeper.disable`."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTS = (
    "companion",
    "meter",
    "deaths",
    "notices",
    "oom-score",
    "flight-recorder",
    "gpu",
    "save-guard",
    "reclaim",
    "audit",
)
"""The names of the parts; the same list as `PARTS` in packages/protocol/src/messages/hello.ts."""

_EVERYTHING = {"1", "true", "all", "yes"}
_NOTHING = {"0", "false", "no"}


@dataclass(frozen=True)
class Disabled:
    """Which parts are off."""

    parts: tuple[str, ...]
    """In the order of PARTS."""
    unknown: tuple[str, ...]
    """Words that name no part."""

    @property
    def companion(self) -> bool:
        """Whether the companion is off, and with it everything."""
        return "companion" in self.parts

    @property
    def warning(self) -> str:
        """One sentence about words that name no part; empty when there are none."""
        if not self.unknown:
            return ""
        words = ", ".join(f'"{word}"' for word in self.unknown)
        return (
            f"LABKEEPER_DISABLE names {words}, which is no part of Labkeeper and changes nothing. "
            f"The parts are: {', '.join(PARTS)}; 1 switches off everything."
        )


def read_disabled(*lists: str) -> Disabled:
    """Read lists of words separated by commas or spaces: parts, or `1`, `true`, `all`, `yes` for everything."""
    words = [word for text in lists for word in re.split(r"[\s,]+", text.lower()) if word]
    everything = any(word in _EVERYTHING for word in words)
    known = _EVERYTHING | _NOTHING | set(PARTS)
    return Disabled(
        parts=tuple(part for part in PARTS if everything or part in words),
        unknown=tuple(dict.fromkeys(word for word in words if word not in known)),
    )
