"""Whether the policy file can be used: the service's own program reads it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from traitlets.config import Config

from .. import managed_service
from ..doctor.finding import Finding
from ..hub import SUMMARY

TIMEOUT_S = 20.0
"""For Node to start and read one file."""


def check_policy(config: Config) -> Iterator[Finding]:
    """What the service would say of the policy file; nothing where none is named, or where another program reads it."""
    path = (config.get(SUMMARY) or {}).get("policy")
    if path is None:
        return
    node, reason = managed_service.node_for_service()
    if node is None:
        yield Finding(
            "policy", "note", f"{path} was not looked at, because the service cannot run here.", reason
        )
        return
    try:
        done = subprocess.run(
            [node.path, str(managed_service.PROGRAM), "check-policy", path],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("policy", "note", f"{path} was not looked at: {error}.", "Try again.")
        return
    said = done.stdout.strip() or f"{path} was not read (status {done.returncode})."
    if done.returncode == 0:
        yield Finding("policy", "ok", said)
    else:
        yield Finding(
            "policy",
            "broken",
            said,
            "Correct the file; until then the service keeps to the policy that was in force last, or to none.",
        )
