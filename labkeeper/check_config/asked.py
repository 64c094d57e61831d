"""What the service's own program says of a file that it reads."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from .. import managed_service
from ..doctor.finding import Finding

TIMEOUT_S = 20.0
"""For Node to start and read one file."""


def ask_program(
    name: str, path: str, *command: str, fix: str, told: Mapping[str, str] | None = None
) -> Finding:
    """
    Run the program with `command`, which reads the file at `path`; it changes nothing.

    `name` is what the finding is about, `fix` what to do about a file that it refuses, `told` what the service is
    told in its environment at its start.
    """
    node, reason = managed_service.node_for_service()
    if node is None:
        return Finding(
            name, "note", f"{path} was not looked at, because the service cannot run here.", reason
        )
    try:
        done = subprocess.run(
            [node.path, str(managed_service.PROGRAM), *command],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            # An address of another hub in this shell is not the service's.
            env={name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
            | dict(told or {}),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, "note", f"{path} was not looked at: {error}.", "Try again.")
    said = done.stdout.strip() or f"{path} was not read (status {done.returncode})."
    return Finding(name, "ok", said) if done.returncode == 0 else Finding(name, "broken", said, fix)
