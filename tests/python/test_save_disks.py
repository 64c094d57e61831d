"""Saves to disks that are full, cannot be written, or hold files of a special kind: real mounts, so as root only."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from documents import names, notebook_model, put, sha256, text_model
from servers import Server

MIB = 1024 * 1024


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mount: {done.stderr.strip()}")


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A tmpfs of 8 MB at a folder."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "labkeeper-test", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def disk(server: Server) -> Iterator[Path]:
    with small_disk(server.root / f"disk-{time.monotonic_ns()}") as place:
        yield place


@pytest.fixture(scope="module")
def hooked() -> Iterator[Server]:
    """A server with a hook, so that jupyter_server's own way of writing is used."""
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:
        (Path(folder) / "config").mkdir()
        (Path(folder) / "config" / "jupyter_server_config.py").write_text(
            "c.FileContentsManager.pre_save_hook = lambda **_: None\n"
        )
        server = Server(Path(folder))
        yield server
        server.stop()


@pytest.fixture(params=["plain", "hooked"])
def any_disk(request: pytest.FixtureRequest, server: Server, hooked: Server) -> Iterator[tuple[Server, Path]]:
    """A small disk of the usual server, and one of the server with a hook."""
    used = server if request.param == "plain" else hooked
    with small_disk(used.root / f"disk-{time.monotonic_ns()}") as place:
        yield used, place


def free_bytes(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def fill(disk: Path, leave_bytes: int) -> Path:
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(b"\0" * (free_bytes(disk) - leave_bytes))
    return filler


@pytest.mark.parametrize("leave_bytes", [0, MIB])
def test_a_full_disk_leaves_the_old_file_and_takes_no_room(
    any_disk: tuple[Server, Path], leave_bytes: int
) -> None:
    server, disk = any_disk
    old = "o" * 2 * MIB
    (disk / "a.py").write_text(old)
    (disk / "a.ipynb").write_text(json.dumps(notebook_model(old)["content"]))
    before_notebook = (disk / "a.ipynb").read_bytes()
    filler = fill(disk, leave_bytes)
    before, free = names(disk), free_bytes(disk)
    for name, model, known in (
        ("a.py", text_model("n" * 2 * MIB), sha256(old)),
        ("a.ipynb", notebook_model("n" * 2 * MIB), sha256(before_notebook)),
    ):
        status, error = put(server, f"{disk.name}/{name}", model, if_hash=known)
        assert (status, error["code"]) == (507, "disk-full")
        assert "Errno" not in error["message"] and str(disk) not in json.dumps(error)
    assert (disk / "a.py").read_text() == old
    assert (disk / "a.ipynb").read_bytes() == before_notebook
    assert (names(disk), free_bytes(disk)) == (before, free)
    filler.unlink()
    assert put(server, f"{disk.name}/a.py", text_model("n" * 2 * MIB), if_hash=sha256(old))[0] == 200
    assert names(disk) == {"a.py", "a.ipynb"}


@pytest.mark.parametrize("leave_bytes", [0, MIB])
def test_a_full_disk_gets_no_half_of_a_new_file(any_disk: tuple[Server, Path], leave_bytes: int) -> None:
    server, disk = any_disk
    fill(disk, leave_bytes)
    free = free_bytes(disk)
    for name, model in (
        ("a.py", text_model("n" * 2 * MIB)),
        ("b.bin", {"type": "file", "format": "base64", "content": "AAAA" * MIB}),
        ("c.ipynb", notebook_model("n" * 2 * MIB)),
    ):
        status, error = put(server, f"{disk.name}/{name}", model, if_absent="")
        assert (status, error["code"]) == (507, "disk-full")
    assert names(disk) == {"filler"}
    # A folder for checkpoints may have been made, which takes a page at most.
    assert free - free_bytes(disk) <= 4096


def test_a_full_disk_loses_neither_version(any_disk: tuple[Server, Path]) -> None:
    server, disk = any_disk
    theirs = "t" * 2 * MIB
    (disk / "a.py").write_text(theirs)
    filler = fill(disk, MIB)
    path = f"{disk.name}/a.py"
    status, error = put(server, path, text_model("ours"), if_hash="0" * 64, keep_other="1")
    assert (status, error["code"]) == (507, "disk-full")
    assert (disk / "a.py").read_text() == theirs
    assert names(disk) == {"a.py", "filler"}
    filler.unlink()
    status, model = put(server, path, text_model("ours"), if_hash="0" * 64, keep_other="1")
    assert status == 200
    assert (server.root / model["kept"]["path"]).read_text() == theirs
    assert (disk / "a.py").read_text() == "ours"


def test_a_copy_that_leaves_no_room_for_ours_is_not_left(server: Server, disk: Path) -> None:
    (disk / "a.py").write_text("t" * MIB)
    fill(disk, 2 * MIB)
    free = free_bytes(disk)
    path = f"{disk.name}/a.py"
    for _ in range(2):
        status, error = put(server, path, text_model("o" * 2 * MIB), if_hash="0" * 64, keep_other="1")
        assert (status, error["code"]) == (507, "disk-full")
        assert names(disk) == {"a.py", "filler"}
        assert free_bytes(disk) == free
    status, model = put(server, path, text_model("o" * MIB), if_hash="0" * 64, keep_other="1")
    assert (status, (server.root / model["kept"]["path"]).read_text()) == (200, "t" * MIB)


def test_what_was_there_before_a_failed_save_stays(hooked: Server) -> None:
    """A copy of jupyter_server's from an earlier crash may be the only whole one."""
    with small_disk(hooked.root / f"disk-{time.monotonic_ns()}") as disk:
        (disk / "a.py").write_text("half of it")
        (disk / ".~a.py").write_text("the whole of it, from before the crash")
        fill(disk, 0)
        status, error = put(hooked, f"{disk.name}/new.py", text_model("n" * MIB), if_absent="")
        assert (status, error["code"]) == (507, "disk-full")
        assert (disk / ".~a.py").read_text().startswith("the whole of it")


def test_a_checkpoint_that_does_not_fit_is_a_warning(any_disk: tuple[Server, Path]) -> None:
    server, disk = any_disk
    path = f"{disk.name}/a.ipynb"
    filler = fill(disk, 3 * MIB)
    status, model = put(server, path, notebook_model("n" * 2 * MIB), if_absent="")
    assert (status, model["warning"]) == (201, "after-save-failed")
    assert model["hash"] == sha256((disk / "a.ipynb").read_bytes())
    # Half a checkpoint would be what "Revert" brings back.
    assert list((disk / ".ipynb_checkpoints").iterdir()) == []
    assert names(disk) == {"a.ipynb", "filler"}
    filler.unlink()
    status, model = put(server, path, notebook_model("less"), if_hash=model["hash"])
    assert (status, model["warning"]) == (200, None)
    assert len(list((disk / ".ipynb_checkpoints").iterdir())) == 1


def test_a_disk_that_can_only_be_read(any_disk: tuple[Server, Path]) -> None:
    server, disk = any_disk
    (disk / "a.py").write_text("old")
    (disk / "a.ipynb").write_text(json.dumps(notebook_model("old")["content"]))
    mount("-o", "remount,ro", str(disk))
    for name, model, query in (
        ("a.py", text_model("new"), {"if_hash": sha256("old")}),
        ("a.py", text_model("new"), {"if_hash": "0" * 64, "keep_other": "1"}),
        ("new.py", text_model("new"), {"if_absent": ""}),
        ("a.ipynb", notebook_model("new"), {"if_hash": sha256((disk / "a.ipynb").read_bytes())}),
        ("new.ipynb", notebook_model("new"), {"if_absent": ""}),
    ):
        status, error = put(server, f"{disk.name}/{name}", model, **query)
        assert (status, error["code"]) == (403, "read-only"), name
    assert names(disk) == {"a.py", "a.ipynb"}
    mount("-o", "remount,rw", str(disk))
    assert put(server, f"{disk.name}/a.py", text_model("new"), if_hash=sha256("old"))[0] == 200


def test_a_file_that_may_not_be_changed(server: Server) -> None:
    path = server.root / "immutable.py"
    path.write_text("old")
    if subprocess.run(["chattr", "+i", str(path)], capture_output=True).returncode != 0:
        pytest.skip("chattr +i does not work here")
    try:
        status, error = put(server, path.name, text_model("new"), if_hash=sha256("old"))
        assert (status, error["code"]) == (403, "not-permitted")
        assert path.read_text() == "old"
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)
    assert not list(server.root.glob(".labkeeper-*")) and not (server.root / ".~immutable.py").exists()


@pytest.mark.parametrize("name", ["mounted.py", "moun ted\\\n.py"])
def test_a_file_that_is_a_mount_of_its_own_is_written_in_place(
    server: Server, tmp_path: Path, name: str
) -> None:
    """As single files in containers are; no other file can take its name."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    source, target = tmp_path / "source.py", server.root / name
    source.write_text("old")
    target.write_text("below")
    mount("--bind", str(source), str(target))
    try:
        status, model = put(server, name, text_model("new"), if_hash=sha256("old"))
        assert (status, model["hash"]) == (200, sha256("new"))
        assert source.read_text() == "new"
    finally:
        subprocess.run(["umount", str(target)], check=True)
    assert target.read_text() == "below"
    target.unlink()


def test_a_folder_that_is_gone_while_its_document_is_open(server: Server) -> None:
    status, error = put(server, "gone/with/it.py", text_model("x"), if_hash="0" * 64, keep_other="1")
    assert (status, error["code"]) == (409, "no-folder")


def test_a_limit_for_the_size_of_files(make_server: Callable[..., Server]) -> None:
    """EFBIG, as from a file system's greatest size."""
    server = make_server()
    limit = 65536
    # prlimit(2) for the running server: RLIMIT_FSIZE is 1 on Linux. SIGXFSZ is ignored by Python.
    libc = ctypes.CDLL(None, use_errno=True)
    limits = (ctypes.c_ulong * 2)(limit, limit)
    if libc.prlimit(server.process.pid, 1, limits, None) != 0:
        pytest.skip("prlimit does not work here")
    (server.root / "a.py").write_text("old")
    status, error = put(server, "a.py", text_model("n" * 200_000), if_hash=sha256("old"))
    assert (status, error["code"]) == (413, "too-large")
    assert (server.root / "a.py").read_text() == "old"
    assert names(server.root) == {"a.py"}
