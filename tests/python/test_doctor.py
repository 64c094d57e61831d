"""`labkeeper doctor` names what is broken and how to mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from servers import ROOT

from labkeeper import __version__
from labkeeper.cgroups import find_memory_files
from labkeeper.doctor import examine, report
from labkeeper.doctor.companion import check_node_and_companion
from labkeeper.doctor.container import check_home
from labkeeper.doctor.finding import Finding
from labkeeper.supervisor import COMPANION


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labkeeper.cli", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        cwd="/",
        check=False,
    )


def test_version() -> None:
    assert run("--version").stdout == f"labkeeper {__version__}\n"


def test_no_command_is_wrong_usage() -> None:
    assert run().returncode == 2


def test_a_node_that_is_missing_is_broken_and_its_fix_is_named() -> None:
    result = run("doctor", "--json", LABKEEPER_NODE="/nonexistent/node")
    assert result.returncode == 1
    findings = json.loads(result.stdout)["findings"]
    node = next(finding for finding in findings if finding["check"] == "Node")
    assert node["status"] == "broken"
    assert "/nonexistent/node" in node["message"] and node["fix"] == "Correct it or remove it."


def test_an_extension_that_is_not_enabled_is_broken(tmp_path: Path) -> None:
    (tmp_path / "jupyter_server_config.json").write_text(
        '{"ServerApp": {"jpserver_extensions": {"labkeeper": false}}}'
    )
    result = run("doctor", "--json", JUPYTER_CONFIG_DIR=str(tmp_path), JUPYTER_PREFER_ENV_PATH="0")
    found = next(f for f in json.loads(result.stdout)["findings"] if f["check"] == "server extension")
    assert found["status"] == "broken"
    assert "jupyter server extension enable labkeeper" in found["fix"]


def test_a_lab_extension_of_another_version_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "labextensions/@labkeeper/labextension"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "0.0.9"}')
    result = run("doctor", "--json", JUPYTER_PATH=str(tmp_path))
    found = next(f for f in json.loads(result.stdout)["findings"] if f["check"] == "lab extension")
    assert found["status"] == "broken"
    assert "0.0.9" in found["message"] and str(folder) in found["fix"]


@pytest.mark.skipif(not COMPANION.is_file(), reason="the companion is not built: npm run build")
def test_the_companion_is_tried_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # A folder of its own, since other tests make sockets at the same time, and a short one: a socket's path is bounded.
    with tempfile.TemporaryDirectory(prefix="d-", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", folder)
        found = next(f for f in check_node_and_companion() if f.check == "companion")
        assert found.status == "ok", found
        assert list(Path(folder).iterdir()) == []


def test_a_home_that_cannot_be_written_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKEEPER_HOME", "/proc")
    [found] = check_home()
    assert found.status == "note"
    assert "LABKEEPER_HOME" in found.fix


def test_a_check_that_fails_is_a_finding() -> None:
    def check_of_luck():
        raise RuntimeError("no luck")
        yield

    [found] = examine([check_of_luck])
    assert found.status == "broken" and found.check == "of luck" and "no luck" in found.message


def test_what_is_switched_off_is_a_note_with_the_way_back() -> None:
    for value, words in (("1", "nothing of it runs"), ("gpu,meter", "meter, gpu")):
        findings = json.loads(run("doctor", "--json", LABKEEPER_DISABLE=value).stdout)["findings"]
        found = next(f for f in findings if f["check"] == "LABKEEPER_DISABLE")
        assert found["status"] == "note"
        assert words in found["message"] and "Unset it" in found["fix"]


def test_the_last_line_says_whether_it_works() -> None:
    ok, note = Finding("a", "ok", "Fine."), Finding("b", "note", "Less.", "Do this.")
    broken = Finding("c", "broken", "Not there.", "Install it.")
    assert report([ok]).endswith("\n\nEverything that Labkeeper needs is here.")
    assert report([ok, note]).endswith("is here. Notes worth reading: 1.")
    lines = report([ok, note, broken]).splitlines()
    assert lines[-1] == "Broken: 1 of 3. Labkeeper does not work here until it is fixed."
    assert lines[lines.index("BROKEN  c: Not there.") + 1].strip() == "→ Install it."


def fixture_proc(tmp_path: Path, mountinfo: str, cgroup: str) -> Path:
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self/mountinfo").write_text(mountinfo)
    (proc / "self/cgroup").write_text(cgroup)
    return proc


def test_the_limit_in_a_docker_container_with_cgroup_v1(tmp_path: Path) -> None:
    """The path in /proc/self/cgroup is the host's, and the mount already is that cgroup."""
    mount = tmp_path / "sys/memory"
    mount.mkdir(parents=True)
    (mount / "memory.limit_in_bytes").write_text("1073741824\n")
    proc = fixture_proc(
        tmp_path,
        f"30 25 0:26 /docker/abc {mount} ro,nosuid - cgroup cgroup rw,memory\n",
        "9:memory:/docker/abc\n8:cpu,cpuacct:/docker/abc\n",
    )
    files = find_memory_files(proc)
    assert files is not None and files.version == 1 and files.folder == mount
    assert files.limit() == (mount / "memory.limit_in_bytes", 1073741824)


def test_the_lowest_limit_on_the_way_up_with_cgroup_v2(tmp_path: Path) -> None:
    root = tmp_path / "sys"
    own = root / "user.slice/run.scope"
    own.mkdir(parents=True)
    (own / "memory.max").write_text("max\n")
    (own / "memory.current").write_text("1\n")
    (own.parent / "memory.max").write_text("2147483648\n")
    proc = fixture_proc(
        tmp_path, f"30 25 0:26 / {root} rw - cgroup2 cgroup2 rw\n", "0::/user.slice/run.scope\n"
    )
    files = find_memory_files(proc)
    assert files is not None and files.version == 2 and files.folder == own
    assert files.limit() == (own.parent / "memory.max", 2147483648)


def test_no_cgroups_is_no_error(tmp_path: Path) -> None:
    assert find_memory_files(tmp_path) is None
