"""Servers for the tests: one that most share, and a maker for those that need their own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# The project's own Node and the programs beside this Python.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from servers import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nothing breaks; kernels are each test's own."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Make servers of this test's own; each is stopped at its end."""
    made: list[Server] = []
    folders: list[Path] = []

    def make(*arguments: str, **options: object) -> Server:
        # Short, so that its runtime folder has room for a socket's path.
        folder = Path(tempfile.mkdtemp(prefix="lk-"))
        folders.append(folder)
        server = Server(folder, *arguments, **options)  # type: ignore[arg-type]
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
