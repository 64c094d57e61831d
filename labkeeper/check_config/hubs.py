"""Whether the file of further hubs can be used: the service's own program reads it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from traitlets import TraitError
from traitlets.config import Config

from .. import managed_service
from ..doctor.finding import Finding
from ..hub import SUMMARY
from .names import configured

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
    told = _environment(config, done["name"])
    try:
        said = subprocess.run(
            [node.path, str(managed_service.PROGRAM), "check-hubs", told.get("LABKEEPER_HUBS", path)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            # An address of another hub in this shell is not the service's.
            env={name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
            | told,
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


def _environment(config: Config, name: str) -> Mapping[str, str]:
    """What the service is told at its start, by this configuration and by JupyterHub: it compares further hubs with it."""
    services: list[Any] = configured(config.JupyterHub, "services", [])
    own = next((spec for spec in services if isinstance(spec, dict) and spec.get("name") == name), {})
    told = {key: str(value) for key, value in own.get("environment", {}).items()}
    url = _api_url(config)
    return told if url is None else {"JUPYTERHUB_API_URL": url, **told}


def _api_url(config: Config) -> str | None:
    """Where JupyterHub says that its API is, to services that it starts; None where it does not say it beforehand."""
    from jupyterhub.app import JupyterHub

    # It warns of old names of settings, as the hub's start does.
    hub = JupyterHub(config=config, log_level="CRITICAL")
    try:
        hub.init_hub()
    except (TraitError, ValueError):
        # What is wrong with these addresses is said by the hub's start.
        return None
    return str(hub.hub.api_url)
