"""`labkeeper export` with a token, at real JupyterHubs of both versions and their service; `labkeeper verify` takes the file."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hubs import BOTH, Hub
from servers import ROOT
from test_hub_live import CONFIGURE, post_ticket, when_up
from test_hub_offboard import token_of
from test_hub_revocation import start_server
from test_hub_several import record_install

from labkeeper.managed_service import PROGRAM

pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="the hub service is not built: npm run build")

PACKAGES = ["numpy", "polars", "torch"]
MORE = """
c.JupyterHub.load_roles.append(
    {{"name": "enter", "users": ["ada"], "scopes": ["self", "access:services!service=labkeeper"]}}
)
"""


@pytest.fixture(scope="module", params=BOTH)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose service has three records of ada's server."""
    hub = Hub(tmp_path_factory.mktemp("hub"), request.param, MORE + CONFIGURE)
    try:
        address = when_up(hub)
        server = start_server(hub, "ada")["JUPYTERHUB_API_TOKEN"]
        for package in PACKAGES:
            record_install(address, post_ticket(address, server).json()["ticket"], package)
        yield hub
    finally:
        hub.stop()


def labkeeper(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LABKEEPER_")}
    return subprocess.run(
        [sys.executable, "-m", "labkeeper.cli", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def looks(hub: Hub) -> list[tuple[str, str, str]]:
    """Who took away what, the oldest first."""
    with sqlite3.connect(f"file:{hub.folder}/labkeeper/labkeeper.sqlite?mode=ro", uri=True) as database:
        return database.execute("select reader, kind, query from look order by id").fetchall()


def test_an_export_from_elsewhere_is_verified_and_on_record(hub: Hub, tmp_path: Path) -> None:
    eva = {"LABKEEPER_URL": hub.pages_url, "LABKEEPER_TOKEN": token_of(hub, "eva")}
    before = looks(hub)
    done = labkeeper(tmp_path, "export", "--out", "all.jsonl", **eva)
    assert done.returncode == 0, done.stderr + hub.log[-3000:]
    first, second = done.stdout.splitlines()
    assert first.startswith("3 records in all.jsonl, ") and done.stderr == ""
    fingerprint = second.split()[4].rstrip(":")
    verified = labkeeper(tmp_path, "verify", "--key", fingerprint, "all.jsonl")
    assert verified.returncode == 0 and ": CONSISTENT, NOT ANCHORED. " in verified.stdout, verified.stdout
    # A changed byte is found in it as in any other export.
    text = (tmp_path / "all.jsonl").read_text()
    (tmp_path / "forged.jsonl").write_text(text.replace("polars", "polarz"))
    assert labkeeper(tmp_path, "verify", "forged.jsonl").returncode == 1

    words = ["--package", "torch", "--user", "ada", "--from", "2026-01-01"]
    assert labkeeper(tmp_path, "export", "--out", "torch.jsonl", *words, **eva).returncode == 0
    report = json.loads(labkeeper(tmp_path, "verify", "--json", "--key", fingerprint, "torch.jsonl").stdout)
    assert (report["outcome"], report["records"], report["proven"]) == ("consistent", 1, 1)
    assert report["about"]["filter"]["package"] == "torch"
    for kind, begin in {"csv": "index,received,", "ocsf": '{"class_uid":6002'}.items():
        done = labkeeper(tmp_path, "export", "--out", f"log.{kind}", "--format", kind, **eva)
        assert done.returncode == 0 and "It proves nothing" in done.stdout, done.stderr
        written = (tmp_path / f"log.{kind}").read_text()
        assert written.startswith(begin) and all(package in written for package in PACKAGES)
    assert looks(hub)[len(before) :] == [
        ("eva", "export", "/api/v1/export?format=jsonl"),
        ("eva", "export", "/api/v1/export?format=jsonl&user=ada&package=torch&from=2026-01-01"),
        ("eva", "export", "/api/v1/export?format=csv"),
        ("eva", "export", "/api/v1/export?format=ocsf"),
    ]
    assert not list(tmp_path.glob("*.part"))


def test_who_may_not_read_takes_nothing_away(hub: Hub, tmp_path: Path) -> None:
    before = looks(hub)
    eva = {"LABKEEPER_URL": hub.pages_url, "LABKEEPER_TOKEN": token_of(hub, "eva")}
    for variables, words, sentence in [
        ({"LABKEEPER_TOKEN": token_of(hub, "ada")}, [], "custom:labkeeper:audit is missing"),
        ({"LABKEEPER_TOKEN": "made-up-token"}, [], "JupyterHub does not know this token, or it has ended."),
        ({"LABKEEPER_HUB": "nowhere"}, [], "does not know a hub of the name in LABKEEPER_HUB"),
        ({}, ["--grade", "sure"], "“grade” can only be one of confirmed, corroborated, claimed, hub"),
        ({}, ["--from", "yesterday"], "“From” should be a day such as 2026-11-27."),
    ]:
        done = labkeeper(tmp_path, "export", "--out", "all.jsonl", *words, **{**eva, **variables})
        assert done.returncode == 2 and sentence in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == [] and looks(hub) == before


def test_beside_the_service_it_goes_on_as_before(hub: Hub, tmp_path: Path) -> None:
    state = f"{hub.folder}/labkeeper"
    done = labkeeper(tmp_path, "export", "--out", "all.jsonl", "--personal", LABKEEPER_STATE=state)
    assert done.returncode == 0, done.stderr
    assert labkeeper(tmp_path, "verify", "--personal", "all.personal.jsonl", "all.jsonl").returncode == 0
