"""A network bridge of our own, so that our engine meets neither Docker's `docker0` nor another of ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Our names hold the id of the process they belong to: what a killed one left is found and removed.
_NAME = re.compile(r"lkbr(\d+)")
#: Addresses 172.29.0.1/24 … 172.29.15.1/24; Docker's own default begins at 172.17.
_PREFIX = "172.29"
_CHOICES = 16


class BridgeError(Exception):
    """The bridge could not be made; the message says why."""


@dataclass(frozen=True)
class Bridge:
    """A bridge that is up."""

    name: str
    address: str
    """The machine's own address on it."""

    def remove(self) -> None:
        """Remove it."""
        subprocess.run(["ip", "link", "delete", self.name], capture_output=True, check=False)


def make_bridge() -> Bridge:
    """Make a bridge with an address that is free. Needs root and `ip`. Raises BridgeError."""
    taken = set()
    for link in json.loads(_ip("-json", "address", "show")):
        match = _NAME.fullmatch(link.get("ifname", ""))
        if match and not Path(f"/proc/{match[1]}").exists():
            _ip("link", "delete", link["ifname"])
        else:
            taken.update(entry.get("local") for entry in link.get("addr_info", []))
    free = (f"{_PREFIX}.{third}.1" for third in range(_CHOICES) if f"{_PREFIX}.{third}.1" not in taken)
    address = next(free, None)
    if address is None:
        raise BridgeError(f"all addresses from {_PREFIX}.0.1 on are taken")
    bridge = Bridge(f"lkbr{os.getpid()}", address)
    _ip("link", "add", "name", bridge.name, "type", "bridge")
    try:
        _ip("address", "add", f"{address}/24", "dev", bridge.name)
        _ip("link", "set", bridge.name, "up")
    except BridgeError:
        bridge.remove()
        raise
    return bridge


def _ip(*arguments: str) -> str:
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BridgeError("the program ip is missing (Debian: sudo apt-get install iproute2)") from error
    if done.returncode != 0:
        raise BridgeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
