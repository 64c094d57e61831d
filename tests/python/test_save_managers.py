"""Saves through other contents managers, hooks and authorizers than the usual ones, and a server that is switched off."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import names, notebook_model, put, sha256, stock_hash, text_model
from servers import TOKEN, Server

HOOKED = """
def before(model, path, contents_manager, **_):
    from tornado.web import HTTPError
    if "forbidden" in path:
        raise HTTPError(400, "secret words of the hook")
    if model["type"] == "notebook":
        for cell in model["content"]["cells"]:
            cell["metadata"]["hooked"] = True
    elif "hook me" in model["content"]:
        model["content"] = model["content"].upper()

def after(model, os_path, contents_manager, **_):
    if "afterwards" in os_path:
        raise RuntimeError("secret words of the hook")

c.FileContentsManager.pre_save_hook = before
c.FileContentsManager.post_save_hook = after
"""
"""A server's configuration whose hooks change, refuse, and fail after the save."""

STRANGE = """
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.services.contents.filemanager import FileContentsManager

class Old(FileContentsManager):
    '''As managers were before jupyter_server 2.11.'''
    def get(self, path, content=True, type=None, format=None):
        return super().get(path, content, type, format)

class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return (action, resource) != ("write", "contents")
"""


@pytest.fixture(scope="module")
def hooked() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:
        configuration = Path(folder) / "config"
        configuration.mkdir()
        (configuration / "jupyter_server_config.py").write_text(HOOKED)
        server = Server(Path(folder))
        yield server
        server.stop()


def test_the_companion_hears_whether_files_are_plain(server: Server, hooked: Server, make_server) -> None:
    assert server.messages("hello")[0]["plainFiles"] is True
    assert hooked.messages("hello")[0]["plainFiles"] is False
    for argument in (
        "--FileContentsManager.use_atomic_writing=False",
        "--FileContentsManager.hash_algorithm=sha512",
    ):
        assert make_server(argument).messages("hello")[0]["plainFiles"] is False


def test_a_folder_of_the_managers_own_is_the_one_that_is_told(make_server, tmp_path: Path) -> None:
    server: Server = make_server(f"--FileContentsManager.root_dir={tmp_path}")
    hello = server.messages("hello")[0]
    assert (hello["plainFiles"], hello["rootDir"]) == (True, str(tmp_path))
    assert put(server, "a.py", text_model("x"), if_absent="")[0] == 201
    assert (tmp_path / "a.py").read_text() == "x"


def test_hooks_run_as_in_stocks_save(hooked: Server) -> None:
    status, model = put(hooked, "hooks.ipynb", notebook_model("1"), if_absent="")
    assert (status, model["hash"]) == (201, stock_hash(hooked, "hooks.ipynb"))
    assert json.loads((hooked.root / "hooks.ipynb").read_text())["cells"][0]["metadata"] == {"hooked": True}
    status, model = put(hooked, "hooks.py", text_model("hook me"), if_absent="")
    assert (status, model["hash"], model["exact"]) == (201, sha256("HOOK ME"), False)


def test_a_hook_that_refuses_is_a_refusal_without_its_words(hooked: Server) -> None:
    status, error = put(hooked, "forbidden.py", text_model("x"), if_absent="")
    assert (status, error["code"]) == (400, "refused")
    assert "secret words" not in json.dumps(error)
    assert not (hooked.root / "forbidden.py").exists()


def test_a_hook_that_fails_after_the_save_is_a_warning(hooked: Server) -> None:
    """Else the page would save again for ever, each time over a version that it does not know."""
    status, model = put(hooked, "afterwards.py", text_model("hook me"), if_absent="")
    assert (status, model["warning"], model["hash"]) == (201, "after-save-failed", sha256("HOOK ME"))
    assert "secret words" in hooked.log and "secret words" not in json.dumps(model)
    assert put(hooked, "afterwards.py", text_model("2"), if_hash=model["hash"])[0] == 200


def test_the_other_version_is_kept_through_the_manager(hooked: Server) -> None:
    folder = hooked.root / "kept"
    folder.mkdir()
    for content in (b"theirs", b"\xff\x00 no text", json.dumps({"no": "notebook"}).encode()):
        for name in ("a.py", "a.ipynb"):
            (folder / name).write_bytes(content)
            model = notebook_model("ours") if name == "a.ipynb" else text_model("ours")
            status, saved = put(hooked, f"kept/{name}", model, if_hash="0" * 64, keep_other="1")
            assert (status, saved["kept"]["hash"]) == (200, sha256(content))
            assert (hooked.root / saved["kept"]["path"]).read_bytes() == content
            # Once.
            (folder / name).write_bytes(content)
            again = put(hooked, f"kept/{name}", model, if_hash="0" * 64, keep_other="1")[1]
            assert again["kept"] == saved["kept"]
    assert len(names(folder)) == 2 + 6


def test_a_save_of_the_same_run_through_a_manager(hooked: Server) -> None:
    status, _ = put(hooked, "run.py", text_model("1"), if_absent="", run="a")
    assert status == 201
    assert put(hooked, "run.py", text_model("2"), if_absent="", run="a")[0] == 200
    assert put(hooked, "run.py", text_model("3"), if_absent="", run="b")[0] == 409


def test_a_manager_that_cannot_hash_says_so(make_server, tmp_path: Path) -> None:
    server: Server = strange(make_server, tmp_path, "--ServerApp.contents_manager_class=strange.Old")
    (server.root / "a.py").write_text("old")
    status, error = put(server, "a.py", text_model("new"), if_hash=sha256("old"))
    assert (status, error["code"]) == (501, "no-hash")
    assert (server.root / "a.py").read_text() == "old"
    assert server.messages("hello")[0]["plainFiles"] is False


def test_whoever_may_not_write_may_not_write_here(make_server, tmp_path: Path) -> None:
    server: Server = strange(make_server, tmp_path, "--ServerApp.authorizer_class=strange.ReadOnly")
    status, error = put(server, "a.py", text_model("new"), if_absent="")
    assert (status, error["code"]) == (403, "not-permitted")
    assert names(server.root) == set()
    # And nothing else is taken away.
    server.open().close()


@pytest.mark.parametrize("word", ["save-guard", "1"])
def test_switched_off_means_not_there(make_server, word: str) -> None:
    server: Server = make_server(env={"LABKEEPER_DISABLE": word}, wait="")
    status, error = put(server, "a.py", text_model("new"), if_absent="")
    assert (status, error["code"]) == (404, "disabled")
    assert names(server.root) == set()


def test_a_body_above_the_servers_limit_is_refused_by_the_server(make_server) -> None:
    server: Server = make_server("--ServerApp.max_body_size=100000", "--ServerApp.max_buffer_size=100000")
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        # Without a body: what the server does not read it answers by a reset, in which its answer may be lost.
        raw.sendall(
            f"PUT {server.base}labkeeper/contents/a.py?if-absent HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: token {TOKEN}\r\nContent-Length: 200000\r\n\r\n".encode()
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
    assert names(server.root) == set()
    assert put(server, "a.py", text_model("x" * 90_000), if_absent="")[0] == 201


def test_hidden_files_where_they_are_allowed(make_server) -> None:
    server: Server = make_server("--ContentsManager.allow_hidden=True")
    status, model = put(server, ".profile", text_model("1"), if_absent="")
    assert status == 201
    (server.root / ".profile").write_text("theirs")
    status, model = put(server, ".profile", text_model("2"), if_hash=model["hash"], keep_other="1")
    assert (status, (server.root / model["kept"]["path"]).read_text()) == (200, "theirs")


def strange(make_server, folder: Path, argument: str) -> Server:
    (folder / "strange.py").write_text(STRANGE)
    root = Path(__file__).resolve().parents[2]
    without = Path(__file__).with_name("without")
    return make_server(argument, env={"PYTHONPATH": f"{folder}:{without}:{root}"})
