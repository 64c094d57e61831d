"""What the companion is told for the audited log of installs: where packages lie, and how the hub knows this server."""

from __future__ import annotations

import json
import site
import sys
from collections.abc import Mapping

from jupyter_core.paths import jupyter_path

from .parts import Disabled

TOKEN = "JUPYTERHUB_API_TOKEN"
USER = "JUPYTERHUB_USER"
SERVICE_URL = "LABKEEPER_SERVICE_URL"


def audit_environment(environment: Mapping[str, str], disabled: Disabled) -> dict[str, str]:
    """
    Add to the companion's environment what it needs where installs are recorded; nothing where they are not.

    The server's token goes along only where there is a service that it is for.
    """
    service_url = environment.get(SERVICE_URL, "").strip()
    if "audit" in disabled.parts or not (
        service_url or environment.get("LABKEEPER_AUDIT", "").strip() == "1"
    ):
        return {}
    added = {"LABKEEPER_SITES": json.dumps(python_sites())}
    if service_url and environment.get(TOKEN):
        added[TOKEN] = environment[TOKEN]
        if environment.get(USER):
            # What waits for the hub in a home that several users or hubs share is sent in nobody else's name.
            added[USER] = environment[USER]
    return added


def python_sites() -> dict[str, object]:
    """Say where this Python and its user install packages, and where kernelspecs are. Nothing is read from the disk."""
    return {
        "prefix": sys.prefix,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "folders": site.getsitepackages(),
        # Also where this Python does not look there (in a virtual environment): another one may.
        "userFolder": site.getusersitepackages(),
        "kernelFolders": jupyter_path("kernels"),
    }
