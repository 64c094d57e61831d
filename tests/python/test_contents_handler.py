"""`PUT labkeeper/contents/…`: compare and write as one step, with a real server."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from documents import names, notebook, notebook_model, put, sha256, stock_hash, text_model
from servers import Server

HOSTILE = [
    "ünï cødé ✓ 数据.py",
    "100%25 & more?#;=.md",
    "quotes ' \" ` $(rm -rf) .txt",
    "line\nbreak\t.py",
    "-rf",
    "back\\slash.ipynb",
    "{brace}%(name)s %s.txt",
    "name with (changed elsewhere abcdef).py",
    "trailing.",
    "é" * 120 + ".ipynb",
    "n" * 251 + ".txt",
    "no-type",
    "<img src=x onerror=alert(1)>.md",
]
"""The two long ones have 246 and 255 bytes."""


@pytest.fixture
def folder(server: Server, request: pytest.FixtureRequest) -> Path:
    """A folder of this test's own, and its API path as its name."""
    name = f"{request.node.originalname}-{time.monotonic_ns()}"
    (server.root / name).mkdir()
    return server.root / name


def make(folder: Path, name: str, content: str) -> tuple[str, str]:
    """Write a file; give its API path and its hash."""
    (folder / name).write_text(content)
    return f"{folder.name}/{name}", sha256(content)


# ---- the plain cases


def test_the_version_that_the_page_knows_is_written_over(server: Server, folder: Path) -> None:
    path, known = make(folder, "a.py", "old")
    status, model = put(server, path, text_model("new\n"), if_hash=known)
    assert status == 200
    assert (folder / "a.py").read_text() == "new\n"
    assert model["hash"] == sha256("new\n") == stock_hash(server, path)
    assert model["hash_algorithm"] == "sha256"
    assert (model["path"], model["size"], model["was_missing"]) == (path, 4, False)
    assert (model["kept"], model["warning"], model["content"]) == (None, None, None)
    _, _, stock = server.request("GET", f"api/contents/{path}?content=0&hash=1")
    assert {**stock, "was_missing": False, "kept": None, "warning": None, "exact": True} == model
    assert names(folder) == {"a.py"}


def test_a_new_file_is_created(server: Server, folder: Path) -> None:
    path = f"{folder.name}/new.md"
    status, model = put(server, path, text_model("# hi"), if_absent="")
    assert (status, model["hash"], model["was_missing"]) == (201, sha256("# hi"), False)
    assert stat.S_IMODE((folder / "new.md").stat().st_mode) == 0o644


def test_a_new_file_that_is_there_already_is_refused(server: Server, folder: Path) -> None:
    path, found = make(folder, "a.py", "theirs")
    status, error = put(server, path, text_model("ours"), if_absent="1")
    assert (status, error["code"], error["hash"]) == (409, "changed-elsewhere", found)
    assert (folder / "a.py").read_text() == "theirs"


def test_another_version_is_refused_and_nothing_is_written(server: Server, folder: Path) -> None:
    path, found = make(folder, "a.py", "theirs")
    os.utime(folder / "a.py", ns=(10**18, 10**18))
    before = (folder / "a.py").stat()
    status, error = put(server, path, text_model("ours"), if_hash=sha256("old"))
    assert (status, error["code"], error["hash"]) == (409, "changed-elsewhere", found)
    assert error["last_modified"].startswith("2001-09-09T01:46:40") and error["size"] == 6
    assert error["message"] and error["hint"]
    after = (folder / "a.py").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert names(folder) == {"a.py"}


def test_the_other_version_is_kept_byte_for_byte(server: Server, folder: Path) -> None:
    content = b"\xff\xfe no text at all \x00\r\n"
    (folder / "a.py").write_bytes(content)
    (folder / "a.py").chmod(0o640)
    os.utime(folder / "a.py", ns=(10**18, 10**18))
    path = f"{folder.name}/a.py"
    status, model = put(server, path, text_model("ours"), if_hash=sha256("old"), keep_other="1")
    name = f"a (changed elsewhere {sha256(content)[:6]}).py"
    assert status == 200
    assert model["kept"] == {"path": f"{folder.name}/{name}", "hash": sha256(content)}
    assert (folder / name).read_bytes() == content
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o640
    assert (folder / name).stat().st_mtime_ns == 10**18
    assert (folder / "a.py").read_text() == "ours"
    assert names(folder) == {"a.py", name}


def test_one_copy_for_each_version_of_others(server: Server, folder: Path) -> None:
    path = f"{folder.name}/a.py"
    for round_ in range(3):
        for theirs in ("one", "two"):
            (folder / "a.py").write_text(theirs)
            status, model = put(server, path, text_model(f"ours {round_}"), if_hash="0" * 64, keep_other="1")
            assert (status, model["kept"]["hash"]) == (200, sha256(theirs))
    assert len(names(folder)) == 3


def test_a_page_that_knows_of_no_version_keeps_what_it_finds(server: Server, folder: Path) -> None:
    path, found = make(folder, "a.py", "theirs")
    status, model = put(server, path, text_model("ours"), keep_other="1")
    assert (status, model["kept"]["hash"]) == (200, found)
    assert put(server, f"{folder.name}/new.py", text_model("ours"), keep_other="1")[0] == 201


def test_a_kept_name_that_is_taken_is_left_alone(server: Server, folder: Path) -> None:
    path, found = make(folder, "a.py", "theirs")
    taken = folder / f"a (changed elsewhere {found[:6]}).py"
    taken.write_text("my notes on that copy")
    (folder / f"a (changed elsewhere {found[:6]} 2).py").symlink_to("nowhere")
    (folder / f"a (changed elsewhere {found[:6]} 3).py").mkdir()
    status, model = put(server, path, text_model("ours"), if_hash="0" * 64, keep_other="1")
    assert status == 200
    assert model["kept"]["path"].endswith(" 4).py")
    assert (folder / f"a (changed elsewhere {found[:6]} 4).py").read_text() == "theirs"
    assert taken.read_text() == "my notes on that copy"


def test_a_file_that_was_deleted_is_written_anew(server: Server, folder: Path) -> None:
    path, known = make(folder, "a.py", "old")
    (folder / "a.py").unlink()
    status, model = put(server, path, text_model("new"), if_hash=known, keep_other="1")
    assert (status, model["was_missing"], model["kept"]) == (201, True, None)
    assert (folder / "a.py").read_text() == "new"


def test_the_same_content_again_writes_nothing(server: Server, folder: Path) -> None:
    path, found = make(folder, "a.py", "the same")
    before = (folder / "a.py").stat()
    status, model = put(server, path, text_model("the same"), if_hash="0" * 64, keep_other="1")
    assert (status, model["hash"], model["kept"]) == (200, found, None)
    after = (folder / "a.py").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert names(folder) == {"a.py"}


def test_a_version_of_the_same_run_is_not_anothers(server: Server, folder: Path) -> None:
    """The answer to a save was lost on its way: the page still knows the version before it."""
    path, known = make(folder, "a.py", "1")
    assert put(server, path, text_model("2"), if_hash=known, run="run-a")[0] == 200
    status, model = put(server, path, text_model("3"), if_hash=known, run="run-a", keep_other="1")
    assert (status, model["kept"]) == (200, None)
    assert put(server, path, text_model("4"), if_hash=known, run="run-b")[0] == 409
    # What somebody else writes in between is another's for every run.
    (folder / "a.py").write_text("theirs")
    assert put(server, path, text_model("4"), if_hash=known, run="run-a")[0] == 409


# ---- notebooks


def test_a_notebook_is_written_as_jupyter_server_writes_it(server: Server, folder: Path) -> None:
    model = notebook_model("print('ü')", "2")
    status, saved = put(server, f"{folder.name}/ours.ipynb", model, if_absent="")
    assert status == 201
    assert server.request("PUT", f"api/contents/{folder.name}/stock.ipynb", model)[0] == 201
    assert (folder / "ours.ipynb").read_bytes() == (folder / "stock.ipynb").read_bytes()
    assert saved["hash"] == stock_hash(server, f"{folder.name}/stock.ipynb")
    # The first save makes a checkpoint, as stock's.
    assert (folder / ".ipynb_checkpoints" / "ours-checkpoint.ipynb").exists()
    assert stat.S_IMODE((folder / "ours.ipynb").stat().st_mode) == 0o644


def test_a_saved_notebook_is_trusted_when_its_cells_are(server: Server, folder: Path) -> None:
    model = notebook_model("1")
    model["content"]["cells"][0]["metadata"]["trusted"] = True
    model["content"]["cells"][0]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>hi</b>"}}
    ]
    path = f"{folder.name}/a.ipynb"
    assert put(server, path, model, if_absent="")[0] == 201
    _, _, read = server.request("GET", f"api/contents/{path}")
    assert read["content"]["cells"][0]["metadata"]["trusted"] is True
    assert '"trusted"' not in (folder / "a.ipynb").read_text()


def test_a_notebook_of_version_3_on_the_disk_is_kept_as_it_is(server: Server, folder: Path) -> None:
    old = json.dumps(
        {
            "nbformat": 3,
            "nbformat_minor": 0,
            "metadata": {"name": ""},
            "worksheets": [
                {
                    "metadata": {},
                    "cells": [
                        {
                            "cell_type": "code",
                            "language": "python",
                            "collapsed": False,
                            "input": ["1"],
                            "outputs": [],
                            "metadata": {},
                        }
                    ],
                }
            ],
        }
    )
    path, found = make(folder, "old.ipynb", old)
    # The page got it as version 4.
    _, _, read = server.request("GET", f"api/contents/{path}?hash=1")
    assert (read["content"]["nbformat"], read["hash"]) == (4, found)
    ours = {"type": "notebook", "format": "json", "content": read["content"]}
    status, model = put(server, path, ours, if_hash=found)
    assert status == 200
    assert json.loads((folder / "old.ipynb").read_text())["nbformat"] == 4
    (folder / "old.ipynb").write_text(old)
    status, model = put(server, path, notebook_model("ours"), if_hash=model["hash"], keep_other="1")
    assert status == 200
    assert (server.root / model["kept"]["path"]).read_text() == old


def test_a_notebook_sent_as_version_3_is_written_as_such(server: Server, folder: Path) -> None:
    content = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": []}
    path = f"{folder.name}/three.ipynb"
    status, model = put(
        server, path, {"type": "notebook", "format": "json", "content": content}, if_absent=""
    )
    assert (status, model["hash"]) == (201, stock_hash(server, path))
    assert json.loads((folder / "three.ipynb").read_text())["nbformat"] == 3


def test_missing_and_double_ids_are_saved_with_jupyter_servers_own_words(
    server: Server, folder: Path
) -> None:
    model = notebook_model("1", "2")
    del model["content"]["cells"][0]["id"]
    path = f"{folder.name}/ids.ipynb"
    status, missing = put(server, path, model, if_absent="")
    assert (status, missing["hash"]) == (201, stock_hash(server, path))
    twice = notebook_model("1", "2")
    twice["content"]["cells"][1]["id"] = "cell-0"
    status, double = put(server, path, twice, if_hash=missing["hash"])
    assert (status, double["hash"]) == (200, stock_hash(server, path))
    assert [cell["source"] for cell in json.loads((folder / "ids.ipynb").read_text())["cells"]] == [
        ["1"],
        ["2"],
    ]
    wrong = notebook_model("1")
    wrong["content"]["cells"][0]["cell_type"] = "nonsense"
    status, invalid = put(server, path, wrong, if_hash=double["hash"])
    _, _, stock = server.request("PUT", f"api/contents/{folder.name}/stock.ipynb", wrong)
    assert (status, invalid["message"]) == (200, stock["message"])


def test_a_notebook_that_is_no_json_any_more_is_kept(server: Server, folder: Path) -> None:
    path, found = make(folder, "a.ipynb", "<<<<<<< HEAD\n{}\n=======\n")
    status, model = put(server, path, notebook_model("ours"), if_hash="0" * 64, keep_other="1")
    assert (status, model["kept"]["hash"]) == (200, found)
    assert (server.root / model["kept"]["path"]).read_text().startswith("<<<<<<<")
    assert json.loads((folder / "a.ipynb").read_text())["cells"][0]["source"] == ["ours"]


@pytest.mark.parametrize(
    "content",
    [None, [], "x", {}, {"nbformat": 4}, {"cells": 7, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}],
)
def test_what_is_no_notebook_is_refused(server: Server, folder: Path, content: object) -> None:
    path, found = make(folder, "a.ipynb", json.dumps(notebook("1")))
    status, error = put(
        server, path, {"type": "notebook", "format": "json", "content": content}, if_hash=found
    )
    assert (status, error["code"]) == (400, "invalid-notebook")
    assert stock_hash(server, path) == found
    assert names(folder) == {"a.ipynb"}


# ---- names and paths


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(server: Server, folder: Path, name: str) -> None:
    path = f"{folder.name}/{name}"
    is_notebook = name.endswith(".ipynb")
    model = notebook_model if is_notebook else text_model
    other = json.dumps(notebook("theirs")) if is_notebook else "theirs"
    status, first = put(server, path, model("1"), if_absent="")
    assert (status, first["path"], first["name"]) == (201, path, name)
    status, second = put(server, path, model("2"), if_hash=first["hash"])
    assert status == 200
    (folder / name).write_text(other)
    status, third = put(server, path, model("3"), if_hash=second["hash"], keep_other="1")
    assert (status, third["hash"]) == (200, stock_hash(server, path))
    kept = server.root / third["kept"]["path"]
    assert kept.read_text() == other
    assert kept.parent == folder and len(os.fsencode(kept.name)) <= 255
    assert names(folder) == {name, kept.name}
    assert stock_hash(server, third["kept"]["path"]) == sha256(other)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (".secret.py", 403, "not-permitted"),
        (".hidden/a.py", 403, "not-permitted"),
        ("../outside.py", 403, "not-permitted"),
        ("a/../../outside.py", 403, "not-permitted"),
        ("nul\0.py", 403, "not-permitted"),
        ("no/such/folder/a.py", 409, "no-folder"),
        ("x" * 256 + ".py", 400, "bad-name"),
    ],
)
def test_paths_that_are_refused(server: Server, path: str, status: int, code: str) -> None:
    before = names(server.root)
    answer = put(server, path, text_model("x"), if_absent="")
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert names(server.root) == before
    assert not (server.root.parent / "outside.py").exists()


def test_a_hidden_path_in_the_body_is_refused_as_stock_does(server: Server, folder: Path) -> None:
    model = {**text_model("x"), "path": ".secret.py"}
    assert put(server, f"{folder.name}/a.py", model, if_absent="")[1]["code"] == "not-permitted"
    assert names(folder) == set()


def test_a_folder_at_the_path(server: Server, folder: Path) -> None:
    (folder / "sub").mkdir()
    for query in ({"if_absent": ""}, {"if_hash": "0" * 64, "keep_other": "1"}):
        status, error = put(server, f"{folder.name}/sub", text_model("x"), **query)
        assert (status, error["code"]) == (409, "is-directory")
    assert (folder / "sub").is_dir()


def test_what_is_no_file_is_refused_and_not_waited_for(server: Server, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        status, error = put(
            server, f"{folder.name}/{name}", text_model("x"), if_hash="0" * 64, keep_other="1"
        )
        assert (status, error["code"]) == (400, "refused")
    assert names(folder) == {"pipe", "zero"}


# ---- requests


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"type": "file", "format": "text"},
        {"type": "file", "content": "no format"},
        {"type": "file", "format": "text", "content": 7},
        {"type": "file", "format": "text", "content": None},
        {"type": "directory", "content": None},
        {"type": "file", "format": "text", "content": "x", "chunk": 1},
        {"type": "file", "format": "text", "content": "x", "copy_from": "b.py"},
        {"type": "file", "format": "text", "content": "x", "path": 7},
        {"format": "text", "content": "x"},
    ],
)
def test_malformed_bodies_are_refused(server: Server, folder: Path, body: object) -> None:
    path, found = make(folder, "a.py", "old")
    status, error = put(server, path, body, if_hash=found)
    assert (status, error["code"]) == (400, "bad-request")
    assert (folder / "a.py").read_text() == "old"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"if_hash": ""},
        {"if_hash": "0" * 64, "if_absent": ""},
        {"if_hash": "x" * 300},
        {"keep_other": "0"},
    ],
)
def test_malformed_conditions_are_refused(server: Server, folder: Path, query: dict[str, str]) -> None:
    path, _ = make(folder, "a.py", "old")
    status, error = put(server, path, text_model("new"), **query)
    assert (status, error["code"]) == (400, "bad-request")
    assert (folder / "a.py").read_text() == "old"


def test_a_body_that_is_no_json(server: Server, folder: Path) -> None:
    for body in (b"{", b"\xff\xfe", b"[" * 100_000):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request(
            "PUT",
            f"{server.base}labkeeper/contents/{folder.name}/a.py?if-absent",
            body,
            {"Authorization": "token secret-of-the-tests"},
        )
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (400, "bad-request")
        connection.close()
    assert names(folder) == set()


def test_text_that_cannot_be_encoded(server: Server, folder: Path) -> None:
    """JavaScript's strings may hold half a character."""
    path, found = make(folder, "a.py", "old")
    status, error = put(server, path, text_model("half: \ud83d"), if_hash=found)
    assert (status, error["code"]) == (400, "invalid-text")
    path_nb, found_nb = make(folder, "a.ipynb", json.dumps(notebook("1")))
    status, error = put(server, path_nb, notebook_model("half: \ud83d"), if_hash=found_nb)
    assert (status, error["code"]) == (400, "invalid-notebook")
    assert (folder / "a.py").read_text() == "old"
    assert stock_hash(server, path_nb) == found_nb
    assert names(folder) == {"a.py", "a.ipynb"}


def test_other_methods_are_refused_in_json(server: Server) -> None:
    for method in ("GET", "POST", "DELETE"):
        status, _, body = server.request(method, "labkeeper/contents/a.py")
        assert (status, body["code"]) == (405, "bad-request")


def test_base64_is_written_as_bytes(server: Server, folder: Path) -> None:
    path = f"{folder.name}/a.bin"
    model = {"type": "file", "format": "base64", "content": "AP8Q\n"}
    status, saved = put(server, path, model, if_absent="")
    assert (status, saved["hash"]) == (201, sha256(b"\x00\xff\x10"))
    assert (folder / "a.bin").read_bytes() == b"\x00\xff\x10"


# ---- who may


def test_without_a_token_nothing_is_written(server: Server, folder: Path) -> None:
    for token in (None, "of-another-user"):
        status, body = put(server, f"{folder.name}/a.py", text_model("x"), token=token, if_absent="")
        assert (status, body["code"]) == (403, "logged-out")
    assert names(folder) == set()


def test_a_browser_needs_the_xsrf_token_and_its_own_origin(server: Server, folder: Path) -> None:
    cookie = server.log_in()
    _, headers, _ = server.request("GET", "login", token=None)
    xsrf = headers["set-cookie"].split("_xsrf=")[1].split(";")[0]
    own = {"Cookie": f"{cookie}; _xsrf={xsrf}", "X-XSRFToken": xsrf}
    path = f"{folder.name}/a.py"
    for refused in (
        {"Cookie": cookie},
        {"Cookie": f"{cookie}; _xsrf={xsrf}"},
        {**own, "Origin": "https://evil.example"},
    ):
        status, body = put(server, path, text_model("x"), refused, token=None, if_absent="")
        assert status in (403, 404) and body["code"] == "not-permitted"
    assert names(folder) == set()
    page = {**own, "Origin": f"http://127.0.0.1:{server.port}"}
    assert put(server, path, text_model("x"), page, token=None, if_absent="")[0] == 201


# ---- activity


def test_a_save_counts_as_stocks_does_unless_the_page_says_it_is_none(server: Server, folder: Path) -> None:
    def last_activity() -> str:
        return server.request("GET", "api/status?no_track_activity=1")[2]["last_activity"]

    path, found = make(folder, "a.py", "0")
    before = last_activity()
    time.sleep(0.01)
    _, model = put(server, path, text_model("1"), if_hash=found, no_track_activity="1")
    assert put(server, path, text_model("x"), if_hash="0" * 64)[0] == 409
    assert put(server, path, None, if_hash="0" * 64)[0] == 400
    assert last_activity() == before
    assert put(server, path, text_model("2"), if_hash=model["hash"])[0] == 200
    assert last_activity() > before


# ---- several at once


def test_of_two_saves_at_once_over_one_version_one_is_refused(server: Server, folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for round_ in range(10):
            path, known = make(folder, f"{round_}.py", "0")
            save = partial(put, server, path, if_hash=known)
            answers = list(pool.map(save, [text_model(f"ours {number}") for number in range(4)]))
            assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
            winner = next(model for status, model in answers if status == 200)
            assert stock_hash(server, path) == winner["hash"]
            assert {error["hash"] for status, error in answers if status == 409} == {winner["hash"]}


def test_of_many_saves_at_once_every_version_is_kept(server: Server, folder: Path) -> None:
    path, known = make(folder, "a.py", "0")
    texts = [f"ours {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda text: put(server, path, text_model(text), if_hash=known, keep_other="1"), texts)
        )
    assert {status for status, _ in answers} == {200}
    found = {(folder / name).read_text() for name in names(folder)}
    assert found == set(texts)
    assert sum(model["kept"] is None for _, model in answers) == 1


def test_what_others_write_all_the_time_is_never_lost(server: Server, folder: Path) -> None:
    """An editor that replaces the file again and again, past every lock of ours."""
    path, known = make(folder, "a.py", "0")
    theirs: list[str] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            if (folder / "a.py").read_bytes()[:4] == b"ours":
                text = f"theirs {len(theirs)}"
                (folder / "draft.tmp").write_text(text)
                # Sooner or later than the next save, and in its middle.
                time.sleep(random.random() * 0.1)
                os.replace(folder / "draft.tmp", folder / "a.py")
                theirs.append(text)
            time.sleep(0.003)

    editor = threading.Thread(target=write)
    editor.start()
    try:
        for number in range(20):
            # Large, so that theirs comes while ours is being written.
            model = text_model(f"ours {number}" + "x" * 4_000_000)
            status, model = put(server, path, model, if_hash=known, keep_other="1")
            if status == 200:
                known = model["hash"]
    finally:
        done.set()
        editor.join()
    left = {(folder / name).read_text() for name in names(folder)}
    assert len(theirs) > 5
    assert set(theirs) <= left


def test_nothing_is_left_of_a_page_that_went_in_the_middle_of_a_save(server: Server, folder: Path) -> None:
    path, known = make(folder, "a.py", "old")
    body = json.dumps(text_model("x" * 5_000_000)).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(
            f"PUT {server.base}labkeeper/contents/{path}?if-hash={known} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: token secret-of-the-tests\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        raw.sendall(body[: len(body) // 2])
    assert server.request("GET", "api/status")[0] == 200
    assert (folder / "a.py").read_text() == "old"
    assert names(folder) == {"a.py"}
