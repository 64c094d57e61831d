"""`labkeeper policy test`, with the service's own program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import ROOT

from labkeeper.managed_service import PROGRAM

pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="npm run build makes the service's program")


def policy(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labkeeper.cli", "policy", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
        check=False,
    )


def test_one_package_is_judged_by_the_example_that_comes_with_labkeeper() -> None:
    example = ROOT / "jupyter-config" / "labkeeper.toml"
    done = policy(
        "test", example, "--name", "numpy", "--version", "2.4.0", "--no-advisories", "--expect", "allow"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "numpy 2.4.0 (pypi): allow",
        '  rule       "default"',
        "  reason     No rule is against numpy 2.4.0.",
        "  mode       observe: nothing is refused, and what would be is on record",
    ]


def test_its_status_says_whether_all_is_as_expected(tmp_path: Path) -> None:
    file = tmp_path / "labkeeper.toml"
    file.write_text("")
    cases = tmp_path / "cases.toml"
    cases.write_text('[[case]]\nname = "x"\nexpect = "deny"\n')
    done = policy("test", file, "--cases", cases)
    assert done.returncode == 1 and done.stdout.endswith("0 as expected, 1 not.\n")
    assert policy("test", tmp_path / "none", "--name", "x").returncode == 2


def test_without_a_deed_it_says_how_it_is_used() -> None:
    for words in ([], ["tset"], ["test", "--help"]):
        done = policy(*words)
        assert done.returncode == 2
        assert (
            done.stderr.startswith("labkeeper policy test: ")
            and "\nusage: labkeeper policy test POLICY" in done.stderr
        )
