"""`labkeeper check-config`: whether a hub's configuration loads here, and what Labkeeper will do with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..doctor.finding import Finding
from .anchors import check_anchors
from .hubs import check_hubs
from .loading import check_version, load
from .names import check_names
from .policy import check_policy
from .roles import check_roles
from .service import check_service
from .storage import check_storage

__all__ = ["examine_config"]


def examine_config(path: Path) -> Iterator[Finding]:
    """
    Load the configuration file as JupyterHub does, which runs it, and look at what it says.

    Nothing is started, and no database is written.
    """
    version = check_version()
    yield version
    if version.status == "broken":
        return
    config, finding = load(path)
    yield finding
    if config is None:
        return
    yield from check_names(config)
    yield from check_service(config)
    yield from check_roles(config)
    yield from check_storage(config)
    yield from check_policy(config)
    yield from check_hubs(config)
    yield from check_anchors(config)
