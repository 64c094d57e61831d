"""Files for whoever watches the hub: alert rules and a dashboard."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from servers import ROOT

RULES = ROOT / "jupyter-config/prometheus/labkeeper-rules.yaml"
DASHBOARD = ROOT / "jupyter-config/grafana/labkeeper.json"


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool here: Debian's package prometheus has it"
)
@pytest.mark.parametrize(
    "question",
    [["check", "rules", RULES], ["test", "rules", ROOT / "tests/prometheus/rules-fire.yaml"]],
)
def test_the_alert_rules_are_understood_and_fire(question: list[str]) -> None:
    said = subprocess.run(["promtool", *question], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=["rules", "dashboard"])
def test_they_name_only_metrics_that_jupyterhub_has(file) -> None:
    from jupyterhub import metrics
    from prometheus_client import REGISTRY

    assert metrics
    names = set(re.findall(r"\bjupyterhub_\w+", file.read_text()))
    assert names
    served = {f"{family.name}_bucket" for family in REGISTRY.collect() if family.type == "histogram"}
    assert names <= served
