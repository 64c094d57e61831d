"""The hub service as JupyterHub starts it: which program, with which environment, at which addresses."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from traitlets.config import Config
from traitlets.log import get_logger

from .hub import ConfigureError
from .node import SERVICE_MAJOR, Node, NodeError, find_node

PROGRAM = Path(__file__).parent / "node" / "hub-service.mjs"
"""The service's program; `npm run build` makes it and the wheel brings it."""
NODE_ARGUMENTS = ("--max-semi-space-size=4",)
"""
Keep Node's memory near to what it uses; the service itself lets the rest of it grow in small steps. Not
`--optimize-for-size`: the service then took half as much CPU again for each record.
"""
SERVICE_PORT = 8191
PAGES_PORT = 8192

_STARTER = Path(__file__).with_name("hub_process.py")
_ANCHORS = ("directory", "witness", "witness_key", "tsa", "tsa_certificate", "late_hours")
"""What may be told of anchors, each an environment variable of the service."""
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")


def manage(
    c: Config,
    service: dict[str, Any],
    *,
    prefix: str,
    pages: str | None,
    hub: str | None,
    hub_id: str,
    database: str | None,
    state: str | os.PathLike[str] | None,
    master_key_file: str | os.PathLike[str] | None,
    listen: str | None,
    pages_listen: str | None,
    policy: str | os.PathLike[str] | None,
    hubs: str | os.PathLike[str] | None,
    anchors: Mapping[str, str] | None,
) -> dict[str, Any]:
    """
    Complete the service's entry so that the hub starts it, and give what was decided.

    Where it cannot be started the entry stays without a command, so that the hub itself starts, and the log has one
    line that says why. Users' servers reach the service beside the hub's API, not through the hub's proxy.

    Raises ConfigureError.
    """
    if c.JupyterHub.get("internal_ssl") is True:
        raise ConfigureError(
            "service_url",
            "expected an address, because c.JupyterHub.internal_ssl is on, and with it the hub cannot start the service.",
        )
    host, port = _host_port("listen", listen or f"{_bracketed(_hub_ip(c))}:{SERVICE_PORT}")
    folder = Path("labkeeper-state" if state is None else state).absolute()
    environment = {
        "JUPYTERHUB_SERVICE_URL": f"http://{_bracketed(host)}:{port}",
        "JUPYTERHUB_SERVICE_PREFIX": prefix,
        "LABKEEPER_HUB_ID": hub_id,
        "LABKEEPER_DATABASE": _database(database, folder),
        "LABKEEPER_STATE": str(folder),
        # JupyterHub passes on none, and PostgreSQL's password may be in ~/.pgpass.
        "HOME": str(Path.home()),
    }
    environment |= _anchors(anchors or {})
    if master_key_file is not None:
        environment["LABKEEPER_MASTER_KEY_FILE"] = str(Path(master_key_file).absolute())
    if policy is not None:
        environment["LABKEEPER_POLICY"] = str(Path(policy).absolute())
    if hubs is not None:
        environment["LABKEEPER_HUBS"] = str(Path(hubs).absolute())
    at = None
    if pages is None:
        if pages_listen is not None:
            raise ConfigureError("pages_listen", "expected nothing without pages_url; give both or neither.")
    else:
        at = pages_listen or _pages_address(pages)
        _host_port("pages_listen", at)
        environment |= _for_pages(pages, hub, at)
    command, detail = (service["command"], "its own command") if service.get("command") else start_command()
    if command is None:
        get_logger().warning("labkeeper: the hub service is not started; the hub is, without it. %s", detail)
    else:
        service["command"] = command
        service["environment"] = {**environment, **service.get("environment", {})}
    return {
        "mode": "none" if command is None else "managed",
        "detail": detail,
        "service_url": f"http://{_bracketed(_reached_host(c, host))}:{port}{prefix}",
        "listen": environment["JUPYTERHUB_SERVICE_URL"],
        "pages_listen": at,
        "database": environment["LABKEEPER_DATABASE"],
        "state": str(folder),
        "master_key_file": environment.get("LABKEEPER_MASTER_KEY_FILE"),
        "policy": environment.get("LABKEEPER_POLICY"),
        "hubs": environment.get("LABKEEPER_HUBS"),
        "anchors": dict(anchors or {}),
    }


def _anchors(anchors: Mapping[str, str]) -> dict[str, str]:
    """What the service is told of them; it looks at the values itself."""
    for name in anchors:
        if name not in _ANCHORS:
            raise ConfigureError("anchors", f"{name!r} is none of {', '.join(_ANCHORS)}.")
    for one, other in (("witness", "witness_key"), ("tsa", "tsa_certificate")):
        if (one in anchors) != (other in anchors):
            raise ConfigureError("anchors", f"expected both {one} and {other}, or neither.")
    return {f"LABKEEPER_ANCHOR_{name.upper()}": str(value) for name, value in anchors.items()}


def start_command() -> tuple[list[str] | None, str]:
    """The command that runs the service, and with which Node; where there is none, None and the reason."""
    node, reason = node_for_service()
    if node is None:
        return None, reason
    return [
        sys.executable,
        "-IS",
        str(_STARTER),
        node.path,
        *NODE_ARGUMENTS,
        str(PROGRAM),
    ], f"Node {node.version} ({node.path})"


def node_for_service() -> tuple[Node | None, str]:
    """A Node for the service's program; None and the reason where that or the program is missing."""
    try:
        node = find_node(least_major=SERVICE_MAJOR)
    except NodeError as error:
        return None, str(error)
    if PROGRAM.is_file():
        return node, ""
    return None, (
        f"{PROGRAM.name} is missing from the installation:"
        " pip install --force-reinstall --no-deps labkeeper-core (in a checkout: npm run build)."
    )


def _for_pages(pages: str, hub: str | None, at: str) -> dict[str, str]:
    if hub is None:
        raise ConfigureError(
            "hub_url",
            "expected the address at which browsers reach this hub, because c.JupyterHub.public_url does not say it;"
            " give it here or there.",
        )
    parts = urlsplit(hub)
    return {
        "LABKEEPER_PAGES_URL": pages,
        "LABKEEPER_PAGES_LISTEN": at,
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{pages}/oauth_callback",
        "JUPYTERHUB_HOST": f"{parts.scheme}://{parts.netloc}",
        "JUPYTERHUB_PUBLIC_HUB_URL": f"{hub}hub/",
    }


def _pages_address(pages: str) -> str:
    parts = urlsplit(pages)
    if parts.scheme == "https":
        return f"127.0.0.1:{PAGES_PORT}"
    return f"{_bracketed(parts.hostname or '')}:{parts.port or 80}"


def _database(value: str | None, folder: Path) -> str:
    if value is None:
        return f"sqlite:{folder / 'labkeeper.sqlite'}"
    if not isinstance(value, str) or not re.fullmatch(r"sqlite:/.+|postgres(ql)?://.+", value):
        raise ConfigureError(
            "database",
            "expected sqlite:/ABSOLUTE/PATH or postgres://USER@HOST/NAME, got something else; correct it or leave it out.",
        )
    return value


def _host_port(argument: str, value: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*):(\d{1,5})", str(value))
    if not match or not 0 < int(match[2]) < 65536:
        raise ConfigureError(
            argument, f"expected HOST:PORT, got {value!r}; write for example 127.0.0.1:{SERVICE_PORT}."
        )
    return match[1].strip("[]"), int(match[2])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _hub_ip(c: Config) -> str:
    """Where the hub's API listens: where users' servers reach that, they reach us."""
    hub = c.JupyterHub
    bind = hub.get("hub_bind_url")
    if bind and "unix" not in bind:
        return urlsplit(bind).hostname or "0.0.0.0"
    ip = hub.get("hub_ip", "127.0.0.1")
    return "0.0.0.0" if ip in _ANY_ADDRESS else ip


def _reached_host(c: Config, host: str) -> str:
    """The host by which users' servers reach `host`, as JupyterHub itself decides it for its API."""
    hub = c.JupyterHub
    if host not in _ANY_ADDRESS:
        return host
    url = hub.get("hub_connect_url")
    return hub.get("hub_connect_ip") or (urlsplit(url).hostname if url else None) or socket.gethostname()
