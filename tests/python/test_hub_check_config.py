"""`labkeeper check-config` says what a hub's configuration will do, and what is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hubs import HERE, PYTHONS, ROOT, has_hub

from labkeeper.managed_service import PROGRAM

SCRIPT = PROGRAM if PROGRAM.is_file() else HERE / "fake_hub_service.mjs"
IMPORT = f"""
c = get_config()
import labkeeper.hub
import labkeeper.managed_service
labkeeper.managed_service.PROGRAM = labkeeper.managed_service.Path("{SCRIPT}")
"""
TOKEN = "0123456789abcdef0123456789abcdef"


def check(folder: Path, text: str, python: str = sys.executable) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and the findings by what they are about (the worst of each)."""
    file = folder / "jupyterhub_config.py"
    file.write_text(text)
    ended = subprocess.run(
        [python, "-m", "labkeeper.cli", "check-config", str(file), "--json"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": str(Path(python).parent), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    order = ["ok", "note", "broken"]
    findings: dict[str, dict[str, Any]] = {}
    for finding in json.loads(ended.stdout)["findings"]:
        known = findings.setdefault(finding["check"], finding)
        if order.index(finding["status"]) > order.index(known["status"]):
            findings[finding["check"]] = finding
    return ended.returncode, findings


def test_a_good_configuration_is_told_in_full(tmp_path: Path) -> None:
    status, found = check(
        tmp_path,
        IMPORT
        + "c.JupyterHub.public_url = 'https://hub.example.org'\n"
        + "labkeeper.hub.configure(c, pages_url='https://labkeeper.example.org', audit_groups=['support'])\n",
    )
    assert status == 0
    assert {finding["status"] for finding in found.values()} == {"ok"}, found
    assert "Node 24" in found["hub service"]["message"]
    assert "https://labkeeper.example.org, listening at 127.0.0.1:8192" in found["pages"]["message"]
    assert "support" in found["readers"]["message"]
    assert f"{tmp_path}/labkeeper-state can be made" in found["state"]["message"]
    assert "labkeeper.sqlite (not made yet)" in found["database"]["message"]
    assert not (tmp_path / "labkeeper-state").exists()


def test_no_pages_and_no_readers_are_notes_with_a_way_out(tmp_path: Path) -> None:
    status, found = check(tmp_path, IMPORT + "labkeeper.hub.configure(c)\n")
    assert status == 0
    for name in ("pages", "readers"):
        assert found[name]["status"] == "note" and "configure(c, " in found[name]["fix"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c = get_config(\n", "line "),
        ("c = get_config()\n\nc.JupyterHub.ip = nothing\n", "line 3: NameError"),
        (IMPORT + "labkeeper.hub.configure(c, hub_id='a b')\n", "configure: hub_id: expected"),
    ],
)
def test_a_file_that_does_not_load_is_broken_and_the_place_is_named(
    tmp_path: Path, text: str, words: str
) -> None:
    status, found = check(tmp_path, text)
    assert status == 1
    assert found["configuration"]["status"] == "broken" and words in found["configuration"]["message"]


def test_a_file_without_us_is_broken(tmp_path: Path) -> None:
    status, found = check(tmp_path, "c = get_config()\n")
    assert status == 1
    assert "labkeeper.hub.configure(c" in found["hub service"]["fix"]


def test_a_missing_program_or_an_old_node_is_broken(tmp_path: Path) -> None:
    status, found = check(
        tmp_path, IMPORT.replace(str(SCRIPT), str(tmp_path / "no.mjs")) + "labkeeper.hub.configure(c)\n"
    )
    assert status == 1 and "no.mjs is missing" in found["hub service"]["fix"]
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v22.1.0\n")
    old.chmod(0o755)
    named = f"import os\nos.environ['LABKEEPER_NODE'] = '{old}'\n" + IMPORT + "labkeeper.hub.configure(c)\n"
    status, found = check(tmp_path, named)
    assert status == 1 and "Labkeeper needs 24 or newer" in found["hub service"]["fix"]


def test_a_state_folder_that_cannot_be_written_is_broken(tmp_path: Path) -> None:
    status, found = check(tmp_path, IMPORT + "labkeeper.hub.configure(c, state='/proc/labkeeper')\n")
    assert status == 1 and found["state"]["status"] == "broken"


def test_a_state_folder_that_is_open_to_others_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o755)
    _, found = check(tmp_path, IMPORT + f"labkeeper.hub.configure(c, state='{tmp_path}/s')\n")
    assert found["state"]["status"] == "note" and found["state"]["fix"].startswith("chmod 700")


def test_a_database_that_does_not_answer_is_broken_and_its_password_is_not_shown(tmp_path: Path) -> None:
    status, found = check(
        tmp_path, IMPORT + "labkeeper.hub.configure(c, database='postgres://u:secret@127.0.0.1:1/log')\n"
    )
    assert status == 1 and found["database"]["status"] == "broken"
    assert "127.0.0.1:1/log" in found["database"]["message"] and "secret" not in str(found)


def test_a_service_elsewhere_that_does_not_answer_is_a_note(tmp_path: Path) -> None:
    status, found = check(
        tmp_path,
        IMPORT + f"labkeeper.hub.configure(c, service_url='http://127.0.0.1:1', api_token='{TOKEN}')\n",
    )
    assert status == 0
    assert found["hub service"]["status"] == "note" and "does not answer" in found["hub service"]["message"]
    assert "state" not in found


def test_a_scope_that_the_hub_does_not_know_is_broken(tmp_path: Path) -> None:
    role = "c.JupyterHub.load_roles = [{'name': 'mine', 'scopes': ['start:rockets']}]\n"
    status, found = check(tmp_path, IMPORT + role + "labkeeper.hub.configure(c)\n")
    assert status == 1 and "start:rockets" in found["services and roles"]["message"]


@pytest.mark.skipif(not has_hub("5"), reason="no JupyterHub 5: npm test makes .venv-oldest")
def test_what_only_the_newer_hub_knows_is_broken_on_the_older(tmp_path: Path) -> None:
    more = (
        "c.JupyterHub.services = [{'name': 'x', 'timeout': 3}]\n"
        "c.JupyterHub.load_roles = [{'name': 'mine', 'scopes': ['start:servers']}]\n"
        "labkeeper.hub.configure(c)\n"
    )
    status, found = check(tmp_path, IMPORT + more, str(PYTHONS["5"]))
    assert status == 1 and found["services and roles"]["status"] == "broken"
    status, found = check(tmp_path, IMPORT + more)
    assert status == 0 and found["services and roles"]["status"] == "ok"


def test_without_a_file_it_says_how_it_is_called(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "labkeeper.cli", "check-config"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "jupyterhub_config.py is no file" in ended.stdout
