"""Whether the file of further hubs can be used: the service's own program reads it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from traitlets.config import Config

from .. import managed_service
from ..doctor.finding import Finding
from ..hub import SUMMARY

TIMEOUT_S = 20.0
"""For Node to start and read one file."""


def check_hubs(config: Config) -> Iterator[Finding]:
    """What the service would say of the file of hubs; nothing where none is named. No other hub is asked."""
    done = config.get(SUMMARY) or {}
    path = done.get("hubs")
    if path is None:
        return
    node, reason = managed_service.node_for_service()
    if node is None:
        yield Finding(
            "several hubs", "note", f"{path} was not looked at, because the service cannot run here.", reason
        )
        return
    try:
        said = subprocess.run(
            [node.path, str(managed_service.PROGRAM), "check-hubs", path, done["hub_id"]],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("several hubs", "note", f"{path} was not looked at: {error}.", "Try again.")
        return
    text = said.stdout.strip() or f"{path} was not read (status {said.returncode})."
    if said.returncode == 0:
        yield Finding("several hubs", "ok", text)
    else:
        yield Finding(
            "several hubs",
            "broken",
            text,
            "Correct the file; hubs with a mistake are left out, the others and this one go on.",
        )
