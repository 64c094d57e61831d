"""What happens between comparing and writing, step by step, with managers of files in this process."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import names, notebook, notebook_model, sha256, text_model
from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError

import labkeeper.compare_write
import labkeeper.plain_files
from labkeeper.compare_write import MOST_REMEMBERED, ChangedElsewhere, CompareWrite, Condition, Saved
from labkeeper.document_store import Version
from labkeeper.file_stamp import Stamp
from labkeeper.kept_copies import keep_bytes, kept_name, kept_path
from labkeeper.path_locks import PathLocks
from labkeeper.plain_files import ChangedMeanwhile
from labkeeper.save_leftovers import bytes_of
from labkeeper.save_problems import PROBLEMS, SaveProblem, code_of


class Derived(AsyncLargeFileManager):
    """Not plain: it could do anything with a save."""


class NotFiles:
    """A manager whose documents are nowhere on a disk, as object stores are; its copies get hashes of their own."""

    allow_hidden = False

    def __init__(self) -> None:
        self.documents: dict[str, tuple[str, str]] = {}
        self.saves = 0

    def is_hidden(self, path: str) -> bool:
        return False

    def file_exists(self, path: str) -> bool:
        return path in self.documents

    def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,
        format: str | None = None,
        require_hash: bool = False,
    ) -> dict[str, Any]:
        if path not in self.documents:
            raise HTTPError(404)
        text, version = self.documents[path]
        return {
            **{key: None for key in ("created", "last_modified", "mimetype", "format")},
            "name": path.split("/")[-1],
            "path": path,
            "type": "file",
            "writable": True,
            "content": text if content else None,
            "format": "text" if content else None,
            "hash": version,
            "hash_algorithm": "etag",
        }

    def save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        self.saves += 1
        self.documents[path] = (model["content"], f'"etag-{self.saves}"')
        return self.get(path, content=False)

    new = save


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))


@pytest.fixture(params=[AsyncLargeFileManager, FileContentsManager, Derived])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> CompareWrite:
    manager = request.param(root_dir=str(tmp_path))
    return CompareWrite(lambda: manager, logging.getLogger("test"))


def save(
    documents: CompareWrite, path: str, model: dict[str, Any], expected: str | None, **more: Any
) -> Saved:
    return asyncio.run(documents.save(path, model, Condition(expected, **more)))


def after_looking(
    documents: CompareWrite, monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]
) -> None:
    """Do something each time when a version has just been looked at."""
    look = documents.store.version
    looks = 0

    async def version(path: str) -> Version | None:
        nonlocal looks
        found = await look(path)
        act(looks)
        looks += 1
        return found

    monkeypatch.setattr(documents.store, "version", version)


# ---- between comparing and writing


def test_a_change_just_after_the_comparison_is_noticed(
    documents: CompareWrite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("old")
    after_looking(documents, monkeypatch, lambda n: n == 0 and (tmp_path / "a.py").write_text("theirs"))
    with pytest.raises(ChangedElsewhere) as refused:
        save(documents, "a.py", text_model("ours"), sha256("old"))
    assert refused.value.found.hash == sha256("theirs")
    assert (tmp_path / "a.py").read_text() == "theirs"


def test_a_change_just_after_the_comparison_is_kept(
    documents: CompareWrite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("old")
    after_looking(documents, monkeypatch, lambda n: n == 0 and (tmp_path / "a.py").write_text("theirs"))
    saved = save(documents, "a.py", text_model("ours"), sha256("old"), keep_other=True)
    assert saved.kept is not None and (tmp_path / saved.kept.path).read_text() == "theirs"
    assert (tmp_path / "a.py").read_text() == "ours"


def test_a_file_that_appears_just_after_the_comparison_is_kept(
    documents: CompareWrite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_looking(documents, monkeypatch, lambda n: n == 0 and (tmp_path / "a.py").write_text("theirs"))
    saved = save(documents, "a.py", text_model("ours"), None, keep_other=True)
    assert saved.kept is not None and (tmp_path / saved.kept.path).read_text() == "theirs"


@pytest.mark.parametrize("model", [text_model("ours"), notebook_model("ours")], ids=["text", "notebook"])
def test_a_change_while_ours_is_being_written_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: dict[str, Any]
) -> None:
    """All of ours is in its temporary file already; a 100 MB notebook is there for a second."""
    manager = AsyncLargeFileManager(root_dir=str(tmp_path))
    documents = CompareWrite(lambda: manager, logging.getLogger("test"))
    (tmp_path / "a.x").write_text("old")
    digest = labkeeper.plain_files.digest_of
    changes = iter(["theirs 1", "theirs 2"])

    def change(path: str) -> str:
        if (text := next(changes, None)) is not None:
            (tmp_path / "a.x").write_text(text)
        return digest(path)

    monkeypatch.setattr(labkeeper.plain_files, "digest_of", change)
    saved = save(documents, "a.x", model, sha256("old"), keep_other=True)
    texts = {(tmp_path / name).read_text() for name in names(tmp_path)}
    assert {"theirs 1", "theirs 2"} <= texts and len(texts) == 3
    assert saved.version.hash == sha256((tmp_path / "a.x").read_bytes())


def test_a_file_that_never_stands_still_is_refused(
    documents: CompareWrite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_text("0")
    after_looking(documents, monkeypatch, lambda n: (tmp_path / "a.log").write_text(f"line {n}"))
    with pytest.raises(ChangedElsewhere):
        save(documents, "a.log", text_model("ours"), sha256("0"), keep_other=True)
    assert (tmp_path / "a.log").read_text().startswith("line")
    assert not list(tmp_path.glob(".labkeeper-*"))


def test_a_file_that_is_just_being_written_is_kept_when_it_is_whole(
    documents: CompareWrite, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("")

    async def play() -> Saved:
        save = asyncio.ensure_future(
            documents.save("a.py", text_model("ours"), Condition(None, keep_other=True))
        )
        with (tmp_path / "a.py").open("w") as file:
            for _ in range(5):
                await asyncio.sleep(0.1)
                file.write("line\n")
                file.flush()
        return await save

    saved = asyncio.run(play())
    assert saved.kept is not None and (tmp_path / saved.kept.path).read_text() == "line\n" * 5
    assert len(names(tmp_path)) == 2


def test_the_hash_is_of_what_was_written_even_if_it_stands_there_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the page would take another's version for its own, and write over it."""
    manager = AsyncLargeFileManager(root_dir=str(tmp_path))
    documents = CompareWrite(lambda: manager, logging.getLogger("test"))
    publish = labkeeper.plain_files.publish

    def overtaken(temporary: str, target: str, expected: Stamp | None) -> bool:
        published = publish(temporary, target, expected)
        Path(target).write_text("theirs")
        return published

    monkeypatch.setattr(labkeeper.plain_files, "publish", overtaken)
    saved = save(documents, "a.py", text_model("ours"), None)
    assert saved.version.hash == saved.version.model["hash"] == sha256("ours")
    with pytest.raises(ChangedElsewhere):
        save(documents, "a.py", text_model("ours 2"), saved.version.hash)


def test_two_names_of_one_file_have_one_lock(documents: CompareWrite, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old")
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "folder").symlink_to(".")

    async def both() -> list[Any]:
        saves = [
            documents.save(path, text_model(path), Condition(sha256("old")))
            for path in ("a.py", "link.py", "folder//a.py", "/folder/link.py/")
        ]
        return await asyncio.gather(*saves, return_exceptions=True)

    answers = asyncio.run(both())
    assert [type(answer) for answer in answers].count(Saved) == 1
    assert [type(answer) for answer in answers].count(ChangedElsewhere) == 3
    assert len(documents.locks) == 0


def test_who_waits_for_a_lock_keeps_it_alive() -> None:
    async def play() -> list[int]:
        locks = PathLocks()
        seen: list[int] = []

        async def hold(number: int) -> None:
            async with locks.of("a"):
                seen.append(number)
                await asyncio.sleep(0.001)
                seen.append(number)

        await asyncio.gather(*(hold(number) for number in range(5)))
        assert len(locks) == 0
        return seen

    assert asyncio.run(play()) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


# ---- a manager whose documents are no files


def test_a_manager_without_files() -> None:
    manager = NotFiles()
    documents = CompareWrite(lambda: manager, logging.getLogger("test"))  # type: ignore[arg-type,return-value]
    saved = save(documents, "/bucket//a.py", text_model("1"), None)
    assert (saved.created, saved.version.hash) == (True, '"etag-1"')
    manager.documents["bucket/a.py"] = ("theirs", '"etag-x"')
    with pytest.raises(ChangedElsewhere):
        save(documents, "bucket/a.py", text_model("2"), saved.version.hash)
    for _ in range(3):
        manager.documents["bucket/a.py"] = ("theirs", '"etag-x"')
        saved = save(documents, "bucket/a.py", text_model("2"), '"etag-1"', keep_other=True)
        assert saved.kept is not None and saved.kept.path == "bucket/a (changed elsewhere etagx).py"
        assert manager.documents[saved.kept.path][0] == "theirs"
    # One copy, though the copy's hash is another one than the original's.
    assert set(manager.documents) == {"bucket/a.py", saved.kept.path}
    del manager.documents["bucket/a.py"]
    assert save(documents, "bucket/a.py", text_model("3"), saved.version.hash).was_missing


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = NotFiles()
    documents = CompareWrite(lambda: manager, logging.getLogger("test"))  # type: ignore[arg-type,return-value]

    async def many() -> None:
        for number in range(MOST_REMEMBERED + 10):
            await documents.save(f"{number}.py", text_model("x"), Condition(None, run="r"))

    asyncio.run(many())
    assert len(documents._last) == MOST_REMEMBERED


# ---- kept copies


def test_what_changes_while_it_is_copied_is_not_kept_under_a_wrong_name(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("another one by now")
    with pytest.raises(ChangedMeanwhile):
        keep_bytes(str(tmp_path / "a.py"), sha256("the one that was compared"))
    assert names(tmp_path) == {"a.py"}


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("a.ipynb", 1, "a (changed elsewhere 0a1b2c).ipynb"),
        ("a.ipynb", 2, "a (changed elsewhere 0a1b2c 2).ipynb"),
        ("data.tar.gz", 1, "data.tar (changed elsewhere 0a1b2c).gz"),
        ("Makefile", 1, "Makefile (changed elsewhere 0a1b2c)"),
        (".profile", 1, ".profile (changed elsewhere 0a1b2c)"),
        ("a. and then a sentence", 1, "a. and then a sentence (changed elsewhere 0a1b2c)"),
    ],
)
def test_kept_names(name: str, number: int, expected: str) -> None:
    assert kept_name(name, "0a1b2c3d" * 8, number) == expected


def test_a_long_name_is_cut_between_letters() -> None:
    for letter in ("x", "é", "数", "🙂"):
        name = kept_name(letter * 300 + ".ipynb", "0a1b2c3d" * 8, 12)
        assert len(name.encode()) in range(252, 256)
        assert name.endswith(" (changed elsewhere 0a1b2c 12).ipynb") and name.startswith(letter)
    assert kept_path("a/b/c.py", "abcdef99") == "a/b/c (changed elsewhere abcdef).py"
    assert kept_path("c.py", "../../x") == "c (changed elsewhere x).py"


# ---- reasons


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (OSError(errno.ENOSPC, "x"), "disk-full"),
        (OSError(errno.EDQUOT, "x"), "quota"),
        (OSError(errno.EROFS, "x"), "read-only"),
        (OSError(errno.EIO, "x"), "failed"),
        (OSError(errno.ESTALE, "x"), "failed"),
        (sqlite3.OperationalError("database or disk is full"), "disk-full"),
        (sqlite3.OperationalError("database is locked"), "failed"),
        (RuntimeError("x"), "failed"),
    ],
)
def test_reasons(cause: Exception, code: str, tmp_path: Path) -> None:
    """As FileContentsManager.save wraps them. A quota is the one that no test could make for real."""
    try:
        try:
            raise cause
        except Exception as e:
            raise HTTPError(500, f"Unexpected error while saving file: {e}") from e
    except HTTPError as error:
        assert code_of(error, text_model("x"), str(tmp_path / "a.py")) == code
        assert code in PROBLEMS


def test_a_full_disk_behind_a_copy_that_is_missed() -> None:
    """jupyter_server's atomic_writing, when a new file cannot be written: ENOSPC, and then ENOENT for its own copy."""
    error: Exception | None = None
    try:
        try:
            raise OSError(errno.ENOSPC, "x")
        except OSError:
            os.replace("/no/such/file", "/no/such/other")
    except OSError as found:
        error = found
    assert error is not None
    assert code_of(error, text_model("x"), None) == "disk-full"


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422, 500, 507])
def test_every_refusal_of_a_manager_has_a_code(status: int) -> None:
    expected = {403: "not-permitted", 404: "no-folder", 413: "too-large", 500: "failed", 507: "disk-full"}
    assert code_of(HTTPError(status), text_model("x"), None) == expected.get(status, "refused")


def test_a_problem_says_nothing_but_its_code(tmp_path: Path) -> None:
    documents = CompareWrite(lambda: AsyncLargeFileManager(root_dir=str(tmp_path)), logging.getLogger("test"))
    with pytest.raises(SaveProblem) as refused:
        save(documents, "no/folder/a.py", text_model("x"), None)
    assert str(refused.value) == "no-folder"


@pytest.mark.parametrize(
    "model",
    [
        text_model("ü\r\n"),
        {"type": "file", "format": "base64", "content": "AP8Q\n"},
        notebook_model("print('ü')\n", "2"),
        {"type": "notebook", "content": {**notebook("1"), "nbformat_minor": 4}},
        {
            "type": "notebook",
            "content": {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []},
        },
    ],
    ids=["text", "bytes", "notebook", "4.4", "3"],
)
def test_the_bytes_of_a_model_are_those_that_jupyter_server_writes(
    tmp_path: Path, model: dict[str, Any]
) -> None:
    FileContentsManager(root_dir=str(tmp_path)).save(dict(model), "a.ipynb")
    assert (tmp_path / "a.ipynb").read_bytes() == bytes_of(model)
