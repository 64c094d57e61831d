"""Loads a hub's configuration file with the JupyterHub that is installed here."""

from __future__ import annotations

import importlib.metadata
import re
import traceback
from pathlib import Path

from traitlets.config import Config

from ..doctor.finding import Finding

LEAST_5 = (5, 5, 4)
LEAST_6 = (6, 1, 1)


def check_version() -> Finding:
    """JupyterHub is here, and new enough."""
    try:
        version = importlib.metadata.version("jupyterhub")
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            "JupyterHub",
            "broken",
            "It is not installed in this Python.",
            "Run this where the hub runs, with the hub's own Python.",
        )
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if numbers < (LEAST_6 if numbers >= (6,) else LEAST_5):
        return Finding(
            "JupyterHub",
            "broken",
            f"JupyterHub {version} is too old; older ones have faults that Labkeeper's log would inherit.",
            "pip install 'jupyterhub>=6.1.1', or 'jupyterhub>=5.5.4,<6'.",
        )
    return Finding("JupyterHub", "ok", f"JupyterHub {version}.")


def load(path: Path) -> tuple[Config | None, Finding]:
    """Run the file; the configuration, or None and why it does not load."""
    if not path.is_file():
        return None, _broken(f"{path} is no file.", "labkeeper check-config /path/of/jupyterhub_config.py")
    from jupyterhub.app import JupyterHub

    # The instance, so that what the file logs goes to its log; the findings say the same.
    app = JupyterHub.instance()
    app.log_level = "CRITICAL"
    try:
        app.load_config_file(str(path.absolute()))
    except SystemExit as error:
        # Sentences of ours end with what to do.
        message, _, fix = str(error.code).rpartition("; ")
        return None, _broken(
            f"{(message or fix).rstrip('.')}.", fix[:1].upper() + fix[1:] if message else "Correct it."
        )
    except SyntaxError as error:
        return None, _broken(f"{error.filename}, line {error.lineno}: {error.msg}.", "Correct that line.")
    except Exception as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(path.absolute())
        ]
        where = f", line {lines[-1]}" if lines else ""
        return None, _broken(f"{path}{where}: {type(error).__name__}: {error}", "Correct it.")
    return app.config, Finding("configuration", "ok", f"{path} loads.")


def _broken(message: str, fix: str) -> Finding:
    return Finding("configuration", "broken", message, fix)
