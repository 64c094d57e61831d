"""Whether the file of further hubs can be used: the service's own program reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from traitlets import TraitError
from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import SUMMARY
from .asked import ask_program
from .names import configured


def check_hubs(config: Config) -> Iterator[Finding]:
    """What the service would say of the file of hubs; nothing where none is named. No other hub is asked."""
    done = config.get(SUMMARY) or {}
    path = done.get("hubs")
    if path is not None:
        told = _environment(config, done["name"])
        yield ask_program(
            "several hubs",
            path,
            "check-hubs",
            told.get("LABKEEPER_HUBS", path),
            fix="Correct the file. A running service keeps to what it read before; one that starts leaves out such hubs.",
            told=told,
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
