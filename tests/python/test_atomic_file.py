"""A file is its old version or its new one, whoever is killed, and stays what it is otherwise: owner, mode, links."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from documents import names, put, sha256, text_model
from jupyter_server.services.contents import fileio
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager, FileContentsManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from servers import ROOT, Server, wait_for

import labkeeper.file_stamp
import labkeeper.kept_copies
import labkeeper.plain_files
import labkeeper.publish_file
from labkeeper.conditional_rename import rename_under
from labkeeper.file_stamp import Stamp
from labkeeper.new_version import FORGOTTEN_AFTER_S, new_version, remove_forgotten
from labkeeper.plain_files import ChangedMeanwhile, Write, crash_safe, is_plain
from labkeeper.publish_file import publish

CHILD = Path(__file__).with_name("save_child.py")
OTHER_USER = 65534
WRITES_IN_CLOSED_FOLDERS = "os.access(dirpath" in inspect.getsource(fileio.atomic_writing)
"""jupyter_server 2.14 refuses a file that may be written in a folder that may not; later ones write it in place."""
MANAGERS = [FileContentsManager, LargeFileManager, AsyncFileContentsManager, AsyncLargeFileManager]


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Signatures of notebooks go where nobody misses them."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))


def child(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )


def save(manager: Any, path: str, model: dict[str, Any], expected: Stamp | None) -> str | None:
    """Save with the writer that the handler uses; give the hash that it told."""
    write = Write(expected)
    answer = crash_safe(manager, write).save(dict(model), path)
    if asyncio.iscoroutine(answer):
        asyncio.run(answer)
    return write.digest


def rewrite(folder: Path, name: str, text: str) -> None:
    """Save a text over what is there."""
    found = Stamp.of(str(folder / name))
    digest = save(AsyncLargeFileManager(root_dir=str(folder)), name, text_model(text), found)
    assert digest == sha256(text)
    assert (folder / name).read_text() == text


# ---- killed


@pytest.mark.parametrize("whose", ["ours", "stock"])
def test_killed_in_the_middle_of_a_save(tmp_path: Path, whose: str) -> None:
    """jupyter_server's own writing beside ours, which shows that this test can fail."""
    (tmp_path / "a.py").write_text("old")
    process = child("half", str(tmp_path), "a.py", whose)
    assert process.stdout is not None and process.stdout.readline() == "half\n"
    process.kill()
    process.wait()
    process.stdout.close()
    if whose == "stock":
        assert (tmp_path / "a.py").read_text() == "new" * 100_000
        return
    assert (tmp_path / "a.py").read_text() == "old"
    left = names(tmp_path) - {"a.py"}
    assert len(left) == 1
    # It goes with the first save in this folder, an hour later.
    remove_forgotten(str(tmp_path), (tmp_path / left.pop()).stat().st_mtime + FORGOTTEN_AFTER_S - 1)
    assert len(names(tmp_path)) == 2
    (tmp_path / ".labkeeper-notes.saving").write_text("not ours")
    remove_forgotten(str(tmp_path), (tmp_path / "a.py").stat().st_mtime + FORGOTTEN_AFTER_S + 60)
    assert names(tmp_path) == {"a.py", ".labkeeper-notes.saving"}


def test_killed_at_random_points_it_is_one_version_or_the_other(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a" * 3_000_000)
    process = child("rounds", str(tmp_path), "a.py", "40")
    assert process.stdout is not None
    found = json.loads(process.communicate(timeout=120)[0])
    assert (found["whole"], found["cut"]) == (40, 0)
    # And saves really were cut off.
    assert len(names(tmp_path)) > 1


def test_a_server_killed_in_the_middle_of_a_save(make_server) -> None:
    server: Server = make_server()
    (server.root / "a.py").write_text("old")
    status: list[object] = []

    def request() -> None:
        try:
            status.append(put(server, "a.py", text_model("n" * 150_000_000), if_hash=sha256("old"))[0])
        except OSError:
            # It was killed, as was meant.
            pass

    page = threading.Thread(target=request)
    page.start()
    wait_for("the new version", lambda: [e for e in os.listdir(server.root) if e.startswith(".labkeeper-")])
    os.kill(server.process.pid, signal.SIGKILL)
    page.join()
    assert status == []
    assert (server.root / "a.py").read_text() == "old"


# ---- what stays


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o664, 0o444])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    if mode == 0o444 and os.geteuid() != 0:
        pytest.skip("only root may write it")
    (tmp_path / "a.py").write_text("old")
    (tmp_path / "a.py").chmod(mode)
    inode = (tmp_path / "a.py").stat().st_ino
    rewrite(tmp_path, "a.py", "new")
    assert stat.S_IMODE((tmp_path / "a.py").stat().st_mode) == mode
    assert (tmp_path / "a.py").stat().st_ino != inode
    assert names(tmp_path) == {"a.py"}


def test_a_private_file_is_never_readable_for_others(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("secret")
    (tmp_path / "a.py").chmod(0o600)
    with new_version(str(tmp_path / "a.py")) as new:
        assert new is not None
        assert stat.S_IMODE(os.stat(new.path).st_mode) == 0o600
    assert names(tmp_path) == {"a.py"}


def test_the_owner_stays(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    (tmp_path / "a.py").write_text("old")
    os.chown(tmp_path / "a.py", OTHER_USER, 12345)
    rewrite(tmp_path, "a.py", "new")
    found = (tmp_path / "a.py").stat()
    assert (found.st_uid, found.st_gid) == (OTHER_USER, 12345)


def test_extended_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old")
    try:
        os.setxattr(path, "user.origin", b"https://example.org")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    rewrite(tmp_path, "a.py", "new")
    assert os.getxattr(path, "user.origin") == b"https://example.org"


def test_access_lists_stay_and_none_is_added(tmp_path: Path) -> None:
    (tmp_path / "with.py").write_text("old")
    (tmp_path / "without.py").write_text("old")
    try:
        # As setfacl does: version 2; user::rw- user:1000:r-- group::r-- mask::r-- other::---
        entries = [(1, 6, -1), (2, 4, 1000), (4, 4, -1), (16, 4, -1), (32, 0, -1)]
        access = (2).to_bytes(4, "little") + b"".join(
            tag.to_bytes(2, "little") + right.to_bytes(2, "little") + (who & 0xFFFFFFFF).to_bytes(4, "little")
            for tag, right, who in entries
        )
        os.setxattr(tmp_path / "with.py", "system.posix_acl_access", access)
        os.setxattr(tmp_path, "system.posix_acl_default", access)
    except OSError:
        pytest.skip("this file system has no access lists")
    for name in ("with.py", "without.py"):
        rewrite(tmp_path, name, "new")
    assert os.getxattr(tmp_path / "with.py", "system.posix_acl_access") == access
    assert "system.posix_acl_access" not in os.listxattr(tmp_path / "without.py")
    assert stat.S_IMODE((tmp_path / "without.py").stat().st_mode) == 0o644
    # A new file gets what its folder gives, as any other.
    save(AsyncLargeFileManager(root_dir=str(tmp_path)), "new.py", text_model("x"), None)
    (tmp_path / "usual.py").write_text("x")
    assert os.getxattr(tmp_path / "new.py", "system.posix_acl_access") == os.getxattr(
        tmp_path / "usual.py", "system.posix_acl_access"
    )


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "real.py").write_text("old")
    (tmp_path / "second.py").symlink_to("there/real.py")
    (tmp_path / "first.py").symlink_to(tmp_path / "second.py")
    rewrite(tmp_path, "first.py", "new")
    assert (tmp_path / "first.py").is_symlink() and (tmp_path / "second.py").is_symlink()
    assert (tmp_path / "there" / "real.py").read_text() == "new"
    assert names(tmp_path / "there") == {"real.py"}


def test_a_link_to_nothing_makes_its_file(tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to("real.py")
    save(AsyncLargeFileManager(root_dir=str(tmp_path)), "link.py", text_model("new"), None)
    assert (tmp_path / "link.py").is_symlink() and (tmp_path / "real.py").read_text() == "new"


def test_a_file_with_two_names_keeps_both(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old")
    os.link(tmp_path / "a.py", tmp_path / "b.py")
    inode = (tmp_path / "a.py").stat().st_ino
    rewrite(tmp_path, "a.py", "new")
    assert (tmp_path / "b.py").read_text() == "new"
    assert (tmp_path / "a.py").stat().st_ino == (tmp_path / "b.py").stat().st_ino == inode
    assert names(tmp_path) == {"a.py", "b.py"}


def test_the_mode_of_a_new_file_is_the_usual_one(tmp_path: Path) -> None:
    for mask in (0o022, 0o077, 0o002):
        before = os.umask(mask)
        try:
            save(FileContentsManager(root_dir=str(tmp_path)), f"{mask}.py", text_model("x"), None)
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / f"{mask}.py").stat().st_mode) == 0o666 & ~mask


def test_a_file_that_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old")
    known = Stamp.of(str(tmp_path / "a.py"))
    (tmp_path / "a.py").write_text("theirs")
    for model in (
        text_model("ours"),
        {"type": "notebook", "content": {"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {}}},
    ):
        with pytest.raises(ChangedMeanwhile):
            save(AsyncLargeFileManager(root_dir=str(tmp_path)), "a.py", model, known)
    with pytest.raises(ChangedMeanwhile):
        save(AsyncLargeFileManager(root_dir=str(tmp_path)), "a.py", text_model("ours"), None)
    assert (tmp_path / "a.py").read_text() == "theirs"
    assert names(tmp_path) == {"a.py"}


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old")
    with pytest.raises(RuntimeError), new_version(str(tmp_path / "a.py")) as new:
        assert new is not None
        os.write(new.fd, b"half")
        raise RuntimeError
    assert (tmp_path / "a.py").read_text() == "old"
    assert names(tmp_path) == {"a.py"}


def link_swapped_in(monkeypatch: pytest.MonkeyPatch, module: Any, victim: Path) -> None:
    """In a folder that others may write, each new file is made a link before anything is in it."""

    @contextmanager
    def swapped(target: str) -> Iterator[Any]:
        with new_version(target) as new:
            path = new if isinstance(new, str) else new.path if new else ""
            os.unlink(path)
            os.symlink(victim, path)
            yield new

    monkeypatch.setattr(module, "new_version", swapped)


def test_a_link_in_the_place_of_the_new_file_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "a.py").write_text("old")
    manager = LargeFileManager(root_dir=str(folder))
    link_swapped_in(monkeypatch, labkeeper.plain_files, victim)
    with pytest.raises(ChangedMeanwhile):
        save(manager, "a.py", text_model("new"), Stamp.of(str(folder / "a.py")))
    link_swapped_in(monkeypatch, labkeeper.kept_copies, victim)
    with pytest.raises(ChangedMeanwhile):
        labkeeper.kept_copies.keep_bytes(str(folder / "a.py"), sha256("old"))
    assert victim.read_text() == "mine"
    assert (folder / "a.py").read_text() == "old" and not (folder / "a.py").is_symlink()
    assert names(folder) == {"a.py"}


def test_a_stamp_is_that_of_the_opened_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS, where a look at the name may be answered from memory."""
    path = tmp_path / "a.py"
    path.write_text("old")
    remembered = os.stat(path)
    path.write_text("newer")
    with monkeypatch.context() as patch:
        patch.setattr(labkeeper.file_stamp.os, "stat", lambda path: remembered)
        stamp = Stamp.of(str(path))
    assert stamp is not None and stamp.size_bytes == 5


def publish_over(folder: Path, expected: Stamp | None) -> bool:
    """Publish "new" as a.py."""
    with new_version(str(folder / "a.py")) as new:
        assert new is not None
        os.write(new.fd, b"new")
        return publish(new.path, str(folder / "a.py"), expected)


def before_renaming(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], None]) -> None:
    """Do something in the last moment before each conditional rename."""
    left = iter(acts)

    def rename(condition: int, source: str, target: str) -> bool:
        next(left, lambda: None)()
        return rename_under(condition, source, target)

    monkeypatch.setattr(labkeeper.publish_file, "rename_under", rename)


@pytest.mark.parametrize("conditional", [True, False])
def test_publish_takes_the_place_of_what_is_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conditional: bool
) -> None:
    if not conditional:
        # A file system that cannot, as most network file systems.
        monkeypatch.setattr(labkeeper.publish_file, "rename_under", lambda *_: False)
    assert publish_over(tmp_path, None)
    (tmp_path / "a.py").write_text("old")
    assert not publish_over(tmp_path, None)
    assert (tmp_path / "a.py").read_text() == "old"
    assert publish_over(tmp_path, Stamp.of(str(tmp_path / "a.py")))
    assert (tmp_path / "a.py").read_text() == "new"
    assert names(tmp_path) == {"a.py"}


def test_what_comes_in_the_last_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.py"

    def theirs(text: str) -> Callable[[], None]:
        def act() -> None:
            (tmp_path / "draft").write_text(text)
            os.replace(tmp_path / "draft", target)

        return act

    for acts, left in (
        ([theirs("theirs")], "theirs"),
        # Theirs again while theirs is being put back.
        ([theirs("theirs 1"), theirs("theirs 2")], "theirs 2"),
    ):
        target.write_text("old")
        before_renaming(monkeypatch, *acts)
        assert not publish_over(tmp_path, Stamp.of(str(target)))
        assert target.read_text() == left
    before_renaming(monkeypatch, target.unlink)
    assert not publish_over(tmp_path, Stamp.of(str(target)))
    assert not target.exists()
    before_renaming(monkeypatch, theirs("new too"))
    assert not publish_over(tmp_path, None)
    assert target.read_text() == "new too"
    assert names(tmp_path) == {"a.py"}


# ---- another user than root


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "owner", "answer"),
    [
        # Her own file, in her own folder.
        (0o755, 0o644, OTHER_USER, "saved"),
        # A file that everybody may write keeps its owner.
        (0o777, 0o666, 0, "saved"),
        # One in a folder where nothing can be made.
        (0o555, 0o666, OTHER_USER, "saved" if WRITES_IN_CLOSED_FOLDERS else "not-permitted"),
        # In a folder of shared things, where only owners may replace.
        (0o1777, 0o666, 0, "saved"),
        (0o755, 0o444, OTHER_USER, "not-permitted"),
        (0o777, 0o644, 0, "not-permitted"),
        (0o777, 0o600, 0, "not-permitted"),
    ],
)
def test_what_a_user_may_write(
    tmp_path_factory: pytest.TempPathFactory, folder_mode: int, file_mode: int, owner: int, answer: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    # Not below pytest's own folder, which only its user may enter.
    top = Path(subprocess.check_output(["mktemp", "-d", "/tmp/lk-user-XXXXXX"], text=True).strip())
    try:
        top.chmod(0o755)
        folder = top / "work"
        folder.mkdir()
        (folder / "a.py").write_text("old")
        (folder / "a.py").chmod(file_mode)
        os.chown(folder / "a.py", owner, owner)
        os.chown(folder, OTHER_USER if owner else 0, OTHER_USER if owner else 0)
        folder.chmod(folder_mode)
        process = child(
            "save", str(folder), "a.py", "new", sha256("old"), str(OTHER_USER), stderr=subprocess.PIPE
        )
        said, trouble = process.communicate(timeout=60)
        assert said.strip() == (sha256("new") if answer == "saved" else answer), trouble
        assert (folder / "a.py").read_text() == ("new" if answer == "saved" else "old")
        found = (folder / "a.py").stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (owner, file_mode)
        assert names(folder) == {"a.py"}
    finally:
        subprocess.run(["rm", "-rf", str(top)], check=True)


# ---- the manager


@pytest.mark.parametrize("manager_class", MANAGERS)
def test_each_manager_of_jupyter_servers_own(tmp_path: Path, manager_class: Any) -> None:
    manager = manager_class(root_dir=str(tmp_path))
    assert is_plain(manager)
    content = {"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {}}
    nb = {"type": "notebook", "format": "json", "content": content}
    digest = save(manager, "a.ipynb", nb, None)
    assert digest == sha256((tmp_path / "a.ipynb").read_bytes())
    inode = (tmp_path / "a.ipynb").stat().st_ino
    assert save(manager, "a.ipynb", nb, Stamp.of(str(tmp_path / "a.ipynb"))) == digest
    assert (tmp_path / "a.ipynb").stat().st_ino != inode
    assert save(manager, "a.md", text_model("ü"), None) == sha256("ü")
    # It is the same manager: what it keeps is shared, and nothing of ours is left in it.
    writer = crash_safe(manager, Write(None))
    assert writer.notary is manager.notary and writer.checkpoints is manager.checkpoints
    assert isinstance(writer, manager_class) and type(manager) is manager_class
    assert "write" not in vars(manager)


@pytest.mark.filterwarnings("ignore:Overriding existing")
def test_what_is_not_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def manager(**options: Any) -> AsyncLargeFileManager:
        return AsyncLargeFileManager(root_dir=str(tmp_path), **options)

    assert is_plain(manager())
    assert not is_plain(manager(pre_save_hook=print))
    assert not is_plain(manager(post_save_hook=print))
    assert not is_plain(manager(use_atomic_writing=False))
    assert not is_plain(manager(hash_algorithm="md5"))
    registered = manager()
    registered.register_pre_save_hook(print)
    assert not is_plain(registered)
    registered = manager()
    registered.register_post_save_hook(print)
    assert not is_plain(registered)
    patched = manager()
    patched.save = lambda *_: None
    assert not is_plain(patched)

    class Derived(AsyncLargeFileManager):
        pass

    assert not is_plain(Derived(root_dir=str(tmp_path)))
    monkeypatch.setattr(AsyncLargeFileManager, "save", lambda *_: None)
    assert not is_plain(manager())
