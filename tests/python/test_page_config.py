"""What the pages of Lab and Notebook learn before any connection, in the newest and in the oldest supported version."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from servers import ROOT, Server

from labkeeper.pages import OTHER_METERS

OLDEST = ROOT / ".venv-oldest/bin/python"
PYTHONS = [
    pytest.param(sys.executable, id="newest"),
    pytest.param(
        str(OLDEST),
        id="oldest",
        marks=pytest.mark.skipif(not OLDEST.exists(), reason="no .venv-oldest: npm test makes it"),
    ),
]


def page_config(server: Server, page: str) -> dict:
    status, _, html = server.request("GET", page)
    assert status == 200, html
    return json.loads(re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', html, re.DOTALL)[1])


@pytest.mark.parametrize("python", PYTHONS)
def test_lab_and_notebook_learn_which_parts_are_off(make_server, python: str) -> None:
    server: Server = make_server(
        env={"LABKEEPER_DISABLE": "gpu,notices"},
        python=python,
        pages=True,
        wait="",
    )
    for page in ("lab", "tree"):
        for _ in range(2):
            assert page_config(server, page)["labkeeperDisable"] == "notices,gpu"


@pytest.mark.parametrize("page", ["lab", "tree"])
def test_the_other_meter_is_off_while_ours_is_on(make_server, page: str) -> None:
    pytest.importorskip("jupyter_resource_usage")
    server: Server = make_server(pages=True)
    for _ in range(2):
        config = page_config(server, page)
        assert set(OTHER_METERS) <= set(config["disabledExtensions"])
        assert config["labkeeperReplaced"] is True
        # What others switched off, and what of the other meter is none, stays as it is.
        assert "@jupyter-server/resource-usage:kernel-panel-item" not in config["disabledExtensions"]


def test_the_other_meters_plugins_are_called_so() -> None:
    pytest.importorskip("jupyter_resource_usage")
    static = Path(sys.prefix) / "share/jupyter/labextensions/@jupyter-server/resource-usage/static"
    text = "".join(file.read_text(errors="replace") for file in static.glob("*.js"))
    for name in OTHER_METERS:
        assert f'id:"{name}"' in text


def test_the_other_meter_stays_while_ours_is_off(make_server) -> None:
    pytest.importorskip("jupyter_resource_usage")
    server: Server = make_server(env={"LABKEEPER_DISABLE": "meter"}, pages=True)
    config = page_config(server, "lab")
    assert not set(OTHER_METERS) & set(config["disabledExtensions"])
    assert "labkeeperReplaced" not in config
