"""Labkeeper: the Python side, loaded by jupyter_server and by JupyterLab."""

from __future__ import annotations

from typing import Any

from ._version import __version__

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell jupyter_server which app to load for `labkeeper`."""
    # Not at the top: the command line and the build read this package without jupyter_server.
    from .extension import Labkeeper

    return [{"module": "labkeeper", "app": Labkeeper}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab's developer tools where the built bundle lies."""
    return [{"src": "labextension", "dest": "@labkeeper/labextension"}]
