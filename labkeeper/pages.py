"""What JupyterLab's and Notebook's pages are told in their configuration, before any connection."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from .parts import Disabled

DISABLED_KEY = "labkeeperDisable"
"""Page option: the parts that are off, separated by commas; empty = none."""
REPLACED_KEY = "labkeeperReplaced"
"""Page option: true when another meter was switched off in favour of ours; the user is told once."""

OTHER_METERS = (
    "@jupyter-server/resource-usage:status-item",
    "@jupyter-server/resource-usage:topbar-item",
)
"""The meters of jupyter-resource-usage 1.x. Its kernel panel shows something else and stays."""


def other_meter_installed() -> bool:
    """Whether jupyter-resource-usage is in this image."""
    return importlib.util.find_spec("jupyter_resource_usage") is not None


def extend_page_config(settings: dict[str, Any], disabled: Disabled) -> None:
    """
    Put our options into the pages of Lab and Notebook.

    `page_config_data` is shared by both. The list of disabled plugins is read from files at each request and
    replaces what stands in `page_config_data`, so it is extended by the hook that is called afterwards.
    """
    data = settings.setdefault("page_config_data", {})
    data[DISABLED_KEY] = ",".join(disabled.parts)
    replaces = other_meter_installed() and not disabled.companion and "meter" not in disabled.parts
    if not replaces:
        return
    data[REPLACED_KEY] = True
    earlier: Callable[[Any, dict[str, Any]], dict[str, Any]] | None = settings.get("page_config_hook")

    def hook(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
        if earlier is not None:
            page_config = earlier(handler, page_config)
        off = page_config.get("disabledExtensions")
        # A list for the page; a dictionary {name: bool} in a hook that came before the conversion.
        if isinstance(off, dict):
            off.update(dict.fromkeys(OTHER_METERS, True))
        else:
            page_config["disabledExtensions"] = [
                *(off or []),
                *(name for name in OTHER_METERS if name not in (off or [])),
            ]
        return page_config

    settings["page_config_hook"] = hook
