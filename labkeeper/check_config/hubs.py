"""Whether the file of further hubs can be used."""

from __future__ import annotations

from collections.abc import Iterator

from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import SUMMARY
from .asked import ask_program


def check_hubs(config: Config) -> Iterator[Finding]:
    """What the service would say of the file of hubs; nothing where none is named. No other hub is asked."""
    done = config.get(SUMMARY) or {}
    path = done.get("hubs")
    if path is not None:
        yield ask_program(
            "several hubs",
            path,
            "check-hubs",
            path,
            done["hub_id"],
            fix="Correct the file; hubs with a mistake are left out, the others and this one go on.",
        )
