"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    status: Status
    """`note`: works, with less than all; `broken`: does not work until it is fixed."""
    message: str
    fix: str = ""
