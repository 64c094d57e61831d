"""`labkeeper check-config` says what a hub's configuration will do, and what is wrong with it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hubs import HERE, PYTHONS, ROOT, has_hub
from traitlets.config import Config

from labkeeper import managed_service
from labkeeper.check_config.anchors import check_anchors
from labkeeper.cli import main
from labkeeper.hub import SUMMARY
from labkeeper.managed_service import PROGRAM

SCRIPT = PROGRAM if PROGRAM.is_file() else HERE / "fake_hub_service.mjs"
IMPORT = """
c = get_config()
import labkeeper.hub
"""
TOKEN = "0123456789abcdef0123456789abcdef"


Found = dict[str, dict[str, Any]]
Check = Callable[[str], tuple[int, Found]]


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Check]:
    """Check a configuration in this process: the exit status, and the findings by what they are about."""
    from jupyterhub.app import JupyterHub

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(managed_service, "PROGRAM", SCRIPT)

    def ask(text: str) -> tuple[int, Found]:
        JupyterHub.clear_instance()
        Path("jupyterhub_config.py").write_text(text)
        status = main(["check-config", "--json"])
        return status, by_name(capsys.readouterr().out)

    yield ask
    JupyterHub.clear_instance()


def by_name(output: str) -> Found:
    """The worst finding of each name."""
    order = ["ok", "note", "broken"]
    findings: Found = {}
    for finding in json.loads(output)["findings"]:
        known = findings.setdefault(finding["check"], finding)
        if order.index(finding["status"]) > order.index(known["status"]):
            findings[finding["check"]] = finding
    return findings


def run(folder: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command itself, as an admin runs it."""
    return subprocess.run(
        [python, "-m", "labkeeper.cli", "check-config", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": str(Path(python).parent), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_good_configuration_is_told_in_full(check: Check, tmp_path: Path) -> None:
    status, found = check(
        IMPORT
        + "c.JupyterHub.public_url = 'https://hub.example.org'\n"
        + "labkeeper.hub.configure(c, pages_url='https://labkeeper.example.org', audit_groups=['support'],"
        + " approve_users=['lead', 'ada'], admin_users=['eva'], offboard=True,"
        + f" anchors={{'directory': {str(tmp_path)!r}}})\n",
    )
    assert status == 0
    assert f"directory {tmp_path}" in found["anchors"]["message"]
    assert {finding["status"] for finding in found.values()} == {"ok"}, found
    assert "Node 24" in found["hub service"]["message"]
    assert "https://labkeeper.example.org, listening at 127.0.0.1:8192" in found["pages"]["message"]
    may = {name: finding["message"] for name, finding in found.items() if name.startswith("role ")}
    assert may["role labkeeper-audit"].startswith("group support may read the install log")
    assert may["role labkeeper-approve"].startswith("users lead, ada may answer and decide")
    assert "So may whoever has labkeeper-admin." in may["role labkeeper-approve"]
    assert (
        may["role labkeeper-admin"].startswith("user eva may ") and "offboard" in may["role labkeeper-admin"]
    )
    assert "may end anybody's servers and tokens (offboard=True)" in may["role labkeeper-service"]
    assert f"{tmp_path}/labkeeper-state can be made" in found["state"]["message"]
    assert "labkeeper.sqlite (not made yet)" in found["database"]["message"]
    assert not (tmp_path / "labkeeper-state").exists()


def test_shows_no_password_of_an_anchors_address() -> None:
    anchors = {"tsa": "https://ada:p@ss@tsa.example.org/tsa", "witness": "https://witness.example.org"}
    found = list(check_anchors(Config({SUMMARY: {"mode": "managed", "anchors": anchors}})))
    assert found[-1].message.count("://") == 2 and "tsa https://tsa.example.org/tsa" in found[-1].message


def test_no_pages_and_no_readers_are_notes_with_a_way_out(check: Check, tmp_path: Path) -> None:
    status, found = check(IMPORT + "labkeeper.hub.configure(c)\n")
    assert status == 0
    for name in ("pages", "role labkeeper-audit", "role labkeeper-approve", "role labkeeper-admin"):
        assert found[name]["status"] == "note" and "configure(c, " in found[name]["fix"]
    assert "admin_groups=[…]" in found["role labkeeper-admin"]["fix"]
    assert found["role labkeeper-service"]["status"] == "ok"
    assert "configure(c, offboard=True)" in found["role labkeeper-service"]["message"]


def test_roles_that_others_fill_are_told(check: Check) -> None:
    own = "{'name': 'leads', 'groups': ['lab-a'], 'scopes': ['custom:labkeeper:approve!group=lab-a']}"
    admin = "{'name': 'labkeeper-admin', 'groups': ['ops']}"
    _, found = check(
        IMPORT
        + f"c.JupyterHub.load_roles = [{own}, {admin}]\nlabkeeper.hub.configure(c, admin_users=['eva'])\n"
    )
    message = found["role labkeeper-approve"]["message"]
    assert message.startswith(
        "Nobody has it; whoever has labkeeper-admin or your role leads (custom:labkeeper:approve"
    )
    assert found["role labkeeper-admin"]["message"].startswith("user eva, group ops may ")
    assert found["role labkeeper-audit"]["status"] == "ok"
    _, found = check(IMPORT + "c.Authenticator.manage_roles = True\nlabkeeper.hub.configure(c)\n")
    for name in ("audit", "approve", "admin"):
        finding = found[f"role labkeeper-{name}"]
        assert finding["status"] == "note" and f"Let it give labkeeper-{name} to" in finding["fix"]


def test_several_hubs_are_told_with_what_their_service_needs(check: Check, tmp_path: Path) -> None:
    elsewhere = "service_url='http://127.0.0.1:9', api_token='0123456789abcdef'"
    status, found = check(
        IMPORT
        + "c.JupyterHub.public_url = 'https://b.example.org'\n"
        + f"labkeeper.hub.configure(c, {elsewhere}, hub_id='course-b', further=True)\n"
    )
    assert status == 0
    fix = found["several hubs"]["fix"]
    assert 'id = "course-b"' in fix and 'api_url = "https://b.example.org/hub/api"' in fix
    assert "0123456789abcdef" not in json.dumps(found)
    file = tmp_path / "hubs.toml"
    file.write_text(
        '[[hub]]\nid = "b"\napi_url = "https://b.example.org/hub/api"\npublic_url = "https://b.example.org/"\n'
        'token = "token-of-the-other-hub"\n'
    )
    status, found = check(IMPORT + f"labkeeper.hub.configure(c, hubs={str(file)!r})\n")
    assert status == 0 and found["several hubs"]["message"].endswith("hubs.toml: can be used: b.")
    file.write_text('[[hub]]\nid = "b"\ntoken = 5\n')
    status, found = check(IMPORT + f"labkeeper.hub.configure(c, hubs={str(file)!r})\n")
    assert status == 1
    assert "hubs.toml, line 1: api_url: expected the address" in found["several hubs"]["message"]


def test_plain_keys_in_the_state_folder_of_a_database_that_keeps_them_are_named(
    check: Check, tmp_path: Path
) -> None:
    state, secret = tmp_path / "labkeeper-state", tmp_path / "master"
    state.mkdir(mode=0o700)
    secret.write_bytes(os.urandom(32))
    secret.chmod(0o600)
    for name in ("signing-key.pem", "service-secret", "signing-key-0123456789abcdef.pem", "erasures.jsonl"):
        (state / name).touch(mode=0o600)
    database = "postgres://nobody@127.0.0.1:9/none"

    def checked(database: str) -> dict[str, Any] | None:
        arguments = f"master_key_file={str(secret)!r}, database={database!r}"
        return check(IMPORT + f"labkeeper.hub.configure(c, {arguments})\n")[1].get("keys")

    found = checked(database)
    assert found is not None and found["status"] == "note"
    assert "service-secret, signing-key-0123456789abcdef.pem, signing-key.pem in" in found["message"]
    assert f"rm {state}/service-secret" in found["fix"] and "erasures" not in found["fix"]
    assert checked(f"sqlite:{tmp_path}/log.sqlite") is None
    for path in state.iterdir():
        path.unlink()
    assert checked(database) is None


def test_a_further_hub_that_the_start_refuses_is_broken(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "hubs.toml"

    def checked(hub_id: str, api_url: str, public_url: str) -> tuple[int, str]:
        file.write_text(
            f'[[hub]]\nid = "{hub_id}"\napi_url = "{api_url}"\npublic_url = "{public_url}"\ntoken = "token-of-another"\n'
        )
        status, found = check(
            IMPORT
            + "c.JupyterHub.public_url = 'https://hub.example.org'\nc.JupyterHub.base_url = '/j/'\n"
            + f"labkeeper.hub.configure(c, pages_url='https://labkeeper.example.org', hubs={str(file)!r}, hub_id='west')\n"
        )
        return status, found["several hubs"]["message"]

    other = "https://b.example.org"
    status, message = checked("b", f"{other}/hub/api", other)
    assert status == 0 and message.endswith("can be used: b.")
    status, message = checked("west", f"{other}/hub/api", other)
    assert status == 1 and "another hub is called west already" in message
    status, message = checked("b", "http://127.0.0.1:8081/j/hub/api", other)
    assert status == 1 and "api_url: expected another hub's" in message
    status, message = checked("b", f"{other}/hub/api", "https://labkeeper.example.org/")
    assert status == 1 and "public_url: expected another host than the pages'" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c = get_config(\n", "line "),
        ("c = get_config()\n\nc.JupyterHub.ip = nothing\n", "line 3: NameError"),
        (IMPORT + "labkeeper.hub.configure(c, hub_id='a b')\n", "configure: hub_id: expected"),
    ],
)
def test_a_file_that_does_not_load_is_broken_and_the_place_is_named(
    check: Check, text: str, words: str
) -> None:
    status, found = check(text)
    assert status == 1
    assert found["configuration"]["status"] == "broken" and words in found["configuration"]["message"]


def test_a_file_without_us_is_broken(check: Check, tmp_path: Path) -> None:
    status, found = check("c = get_config()\n")
    assert status == 1
    assert "labkeeper.hub.configure(c" in found["hub service"]["fix"]


def test_a_missing_program_or_an_old_node_is_broken(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed_service, "PROGRAM", tmp_path / "no.mjs")
    status, found = check(IMPORT + "labkeeper.hub.configure(c)\n")
    assert status == 1 and "no.mjs is missing" in found["hub service"]["fix"]
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v22.1.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("LABKEEPER_NODE", str(old))
    status, found = check(IMPORT + "labkeeper.hub.configure(c)\n")
    assert status == 1 and "Labkeeper needs 24 or newer" in found["hub service"]["fix"]


def test_a_state_folder_that_cannot_be_written_is_broken(check: Check, tmp_path: Path) -> None:
    status, found = check(IMPORT + "labkeeper.hub.configure(c, state='/proc/labkeeper')\n")
    assert status == 1 and found["state"]["status"] == "broken"


def test_a_state_folder_that_is_open_to_others_is_a_note(check: Check, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o755)
    _, found = check(IMPORT + f"labkeeper.hub.configure(c, state='{tmp_path}/s')\n")
    assert found["state"]["status"] == "note" and found["state"]["fix"].startswith("chmod 700")


def test_the_master_keys_file_is_looked_at(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "key"
    text = IMPORT + f"labkeeper.hub.configure(c, master_key_file='{file}')\n"

    def found() -> tuple[str, str]:
        finding = check(text)[1]["master key"]
        return finding["status"], finding["message"]

    assert found() == ("broken", f"{file} cannot be read by this user (No such file or directory).")
    file.write_text("a password\n")
    file.chmod(0o600)
    assert found() == ("broken", f"{file} holds no 32 bytes, nor their base64 in one line.")
    file.write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    assert found()[0] == "ok"
    file.chmod(0o644)
    assert found() == ("broken", f"{file} can be read by everybody.")


def test_a_database_that_does_not_answer_is_broken_and_its_password_is_not_shown(
    check: Check, tmp_path: Path
) -> None:
    status, found = check(
        IMPORT + "labkeeper.hub.configure(c, database='postgres://u:secret@127.0.0.1:1/log')\n"
    )
    assert status == 1 and found["database"]["status"] == "broken"
    assert "127.0.0.1:1/log" in found["database"]["message"] and "secret" not in str(found)


def test_a_service_elsewhere_that_does_not_answer_is_a_note(check: Check, tmp_path: Path) -> None:
    status, found = check(
        IMPORT + f"labkeeper.hub.configure(c, service_url='http://127.0.0.1:1', api_token='{TOKEN}')\n",
    )
    assert status == 0
    assert found["hub service"]["status"] == "note" and "does not answer" in found["hub service"]["message"]
    assert "state" not in found


def test_a_scope_that_the_hub_does_not_know_is_broken(check: Check, tmp_path: Path) -> None:
    role = "c.JupyterHub.load_roles = [{'name': 'mine', 'scopes': ['start:rockets']}]\n"
    status, found = check(IMPORT + role + "labkeeper.hub.configure(c)\n")
    assert status == 1 and "start:rockets" in found["services and roles"]["message"]


@pytest.mark.skipif(not has_hub("5"), reason="no JupyterHub 5: npm test makes .venv-oldest")
def test_what_only_the_newer_hub_knows_is_broken_on_the_older(check: Check, tmp_path: Path) -> None:
    more = (
        "c.JupyterHub.services = [{'name': 'x', 'timeout': 3}]\n"
        "c.JupyterHub.load_roles = [{'name': 'mine', 'scopes': ['start:servers']}]\n"
        "labkeeper.hub.configure(c)\n"
    )
    (tmp_path / "jupyterhub_config.py").write_text(IMPORT + more)
    ended = run(tmp_path, str(PYTHONS["5"]), "--json")
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert by_name(ended.stdout)["services and roles"]["status"] == "broken"
    _, found = check(IMPORT + more)
    assert found["services and roles"]["status"] == "ok"


def test_without_a_file_it_says_how_it_is_called(tmp_path: Path) -> None:
    ended = run(tmp_path, sys.executable)
    assert ended.returncode == 1
    assert "jupyterhub_config.py is no file" in ended.stdout


needs_program = pytest.mark.skipif(not PROGRAM.is_file(), reason="npm run build makes the service's program")


@needs_program
def test_a_policy_file_is_read_by_the_service_itself(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "labkeeper.toml"
    text = IMPORT + "labkeeper.hub.configure(c, policy='labkeeper.toml')\n"
    status, found = check(text)
    assert status == 1 and found["policy"]["message"] == f"{file}: expected a file, got none."
    file.write_text((ROOT / "jupyter-config" / "labkeeper.toml").read_text())
    status, found = check(text)
    assert status == 0 and found["policy"]["status"] == "ok"
    assert found["policy"]["message"].startswith(f"{file}: 4 switches, policy ")
    file.write_text('[[switch]]\npart = "metre"\nstate = "off"\nreason = "x"\n')
    status, found = check(text)
    assert status == 1 and f"{file}, line 2: switch.part: expected" in found["policy"]["message"]


@needs_program
def test_a_policy_that_blocks_pip_itself_is_warned_of(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "labkeeper.toml"
    file.write_text('[packages]\ndefault = "deny"\n')
    status, found = check(IMPORT + "labkeeper.hub.configure(c, policy='labkeeper.toml')\n")
    assert status == 0 and found["policy"]["status"] == "note"
    assert found["policy"]["message"].startswith(
        f"{file}, line 2: this policy blocks pip itself (pypi, by the default)"
    )


def test_without_a_policy_nothing_is_said_of_it(check: Check, tmp_path: Path) -> None:
    assert "policy" not in check(IMPORT + "labkeeper.hub.configure(c)\n")[1]
