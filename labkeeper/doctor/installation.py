"""Checks of what is installed: Jupyter, our extensions, switches, neighbours."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .._version import __version__
from ..parts import read_disabled
from .finding import Finding

LAB_EXTENSION = "@labkeeper/labextension"

# What is known to get into our way, and what comes of it.
_NEIGHBOURS = {
    "jupyter-resource-usage": "its meter is switched off while Labkeeper's is on, so that there is one",
    "jupyterlab-system-monitor": "its meter stands beside Labkeeper's: remove it with `pip uninstall jupyterlab-system-monitor`",
    "nbresuse": "it is the old name of jupyter-resource-usage: remove it with `pip uninstall nbresuse`",
    "jupyter-server-documents": "it replaces the kernels' channels; states of kernels come from its own manager",
}


def check_python() -> Iterator[Finding]:
    """Which Python this is, and as whom it runs."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", "ok", f"Python {version}, Labkeeper {__version__}.")
    if os.getuid() == 0:
        yield Finding(
            "user",
            "note",
            "This is root. The user whose server runs may be allowed less than what is found below.",
            f"docker run --user 1000:100 IMAGE {sys.argv[0]} doctor, or a terminal of JupyterLab.",
        )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _at_least(version: str, *wanted: int) -> bool:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[: len(wanted)])
    return numbers >= wanted


def check_jupyter() -> Iterator[Finding]:
    """jupyter_server, JupyterLab and Notebook are new enough."""
    server = _version("jupyter-server")
    if server is None or not _at_least(server, 2, 14):
        yield Finding(
            "jupyter_server",
            "broken",
            f"It is {server or 'not installed'}.",
            "pip install 'jupyter-server>=2.14'",
        )
    else:
        yield Finding("jupyter_server", "ok", f"jupyter_server {server}.")
    lab, notebook = _version("jupyterlab"), _version("notebook")
    old = []
    if lab is not None and not _at_least(lab, 4, 4):
        old.append(f"JupyterLab {lab} (4.4 or newer is needed)")
    if notebook is not None and not _at_least(notebook, 7, 4):
        old.append(f"Notebook {notebook} (7.4 or newer is needed)")
    if lab is None and notebook is None:
        yield Finding(
            "JupyterLab",
            "broken",
            "Neither JupyterLab nor Notebook is installed.",
            "pip install 'jupyterlab>=4.4'",
        )
    elif old:
        yield Finding(
            "JupyterLab", "broken", f"Too old: {', '.join(old)}.", "pip install -U jupyterlab notebook"
        )
    else:
        here = [f"JupyterLab {lab}" if lab else "", f"Notebook {notebook}" if notebook else ""]
        yield Finding("JupyterLab", "ok", f"{' and '.join(filter(None, here))}.")


def check_server_extension() -> Iterator[Finding]:
    """The server loads our extension."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
    enabled = manager.get_jpserver_extensions().get("labkeeper")
    if enabled:
        yield Finding("server extension", "ok", "Enabled.")
    else:
        state = "is disabled" if enabled is False else "is not enabled in any configuration folder"
        yield Finding(
            "server extension",
            "broken",
            f"It {state}.",
            "jupyter server extension enable labkeeper --sys-prefix",
        )


def check_lab_extension() -> Iterator[Finding]:
    """Lab loads our extension, and it is of the same version."""
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) / LAB_EXTENSION for folder in jupyter_path("labextensions")]
    found = next((folder for folder in folders if (folder / "package.json").is_file()), None)
    if found is None:
        yield Finding(
            "lab extension",
            "broken",
            f"It is in none of Jupyter's folders: {', '.join(jupyter_path('labextensions'))}.",
            "pip install --force-reinstall --no-deps labkeeper-core",
        )
        return
    version = json.loads((found / "package.json").read_text())["version"]
    if version != __version__:
        yield Finding(
            "lab extension",
            "broken",
            f"The one in {found} is {version}, the Python package is {__version__}.",
            f"Remove {found} if it is left over, then pip install --force-reinstall --no-deps labkeeper-core",
        )
        return
    if importlib.util.find_spec("jupyterlab_server") is not None:
        from jupyterlab_server.config import get_page_config

        off = get_page_config(jupyter_path("labextensions")).get("disabledExtensions", [])
        ours = [name for name in off if name.split(":")[0] == LAB_EXTENSION]
        if ours:
            yield Finding(
                "lab extension",
                "broken" if LAB_EXTENSION in ours else "note",
                f"Disabled: {', '.join(ours)}.",
                "; ".join(f"jupyter labextension enable {name}" for name in ours),
            )
            return
    yield Finding("lab extension", "ok", f"{LAB_EXTENSION} {version}.")


def check_switched_off() -> Iterator[Finding]:
    """What LABKEEPER_DISABLE switches off."""
    disabled = read_disabled(os.environ.get("LABKEEPER_DISABLE", ""))
    if disabled.warning:
        yield Finding("LABKEEPER_DISABLE", "note", disabled.warning, "Correct the variable.")
    if disabled.parts:
        yield Finding(
            "LABKEEPER_DISABLE",
            "note",
            "It switches Labkeeper off: nothing of it runs or shows."
            if disabled.companion
            else f"It switches off: {', '.join(disabled.parts)}.",
            "Unset it, or take out what is wanted, if that is not meant.",
        )


def check_neighbours() -> Iterator[Finding]:
    """Packages that are known to share our work or to stand in its way."""
    for package, effect in _NEIGHBOURS.items():
        version = _version(package)
        if version is not None:
            yield Finding("neighbours", "note", f"{package} {version} is installed: {effect}.")
