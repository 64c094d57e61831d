"""What `npm start` and `npm test` do with the machine they run on."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers import ROOT

from dev import groups, start
from dev.groups import Limits, systemd_scope
from dev.install_log import pages_host
from dev.proxy import end_left_proxy


def test_an_old_number_of_the_proxy_ends_nobody_else(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "proxy.pid").write_text(str(other.pid))
        assert end_left_proxy(tmp_path / "proxy.pid") is False
        time.sleep(0.1)
        assert other.poll() is None
        other.kill()


def test_a_proxy_that_was_left_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "configurable-http-proxy"
    program.write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE) as proxy:
        assert proxy.stdout is not None and proxy.stdout.readline()
        (tmp_path / "proxy.pid").write_text(f"{proxy.pid}\n")
        assert end_left_proxy(tmp_path / "proxy.pid") is True
        assert proxy.wait(5) == -signal.SIGTERM


@pytest.mark.parametrize("text", ["", "no number", "999999999"])
def test_a_file_that_names_nobody_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "proxy.pid").write_text(text)
    assert end_left_proxy(tmp_path / "proxy.pid") is False
    assert end_left_proxy(tmp_path / "missing.pid") is False


def test_a_systemd_that_does_not_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemd-run"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(groups, "SYSTEMD_TIMEOUT_S", 0.2)
    assert systemd_scope(Limits(2**30, 1.0)) is None


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 4])
def test_a_taken_port_moves_the_hub_to_the_next_five(taken: int) -> None:
    first = next(
        port for port in range(20000, 60000, 10) if all(start._is_free(port + offset) for offset in range(10))
    )
    assert start._free_ports(first) == first
    with socket.socket() as other:
        other.bind((pages_host() if taken == 4 else "127.0.0.1", first + taken))
        other.listen()
        assert start._free_ports(first) == first + 5


def test_no_free_ports_at_all_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_is_free", lambda _port, _host: False)
    assert start._free_ports(20000) is None


def lines_of(script: str, name: str, *values: object) -> list[str]:
    words = ", ".join(json.dumps(value) for value in values)
    program = (
        f"import {{ {name} }} from {json.dumps(str(ROOT / 'scripts' / script))};"
        f"console.log({name}({words}).join('\\n'))"
    )
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", program], capture_output=True, text=True, check=True
    )
    return answer.stdout.splitlines()


def why_not_begun(name: str, done: list[list[object]], left_s: float) -> str:
    program = (
        f"import {{ whyNotBegun }} from {json.dumps(str(ROOT / 'scripts' / 'time-left.mjs'))};"
        f"console.log(whyNotBegun({json.dumps(name)}, {json.dumps(done)}, {left_s}))"
    )
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", program], capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


def test_a_suite_that_would_not_end_in_time_is_not_begun_and_says_why() -> None:
    assert why_not_begun("machine", [["lint", 59], ["units", 490]], 430) == "null"
    slow = why_not_begun("machine", [["lint", 118], ["units", 980]], 430)
    assert slow.startswith("Not run: at the pace of this machine it needs 15 minutes, and 7 are left")
    assert why_not_begun("lint", [], 10).startswith("Not run")


def summary(retried: int) -> list[str]:
    counts = {"passed": 12, "failed": 0, "skipped": 1, "retried": retried}
    return lines_of("test-summary.mjs", "summary", [["browser", counts, "3.5"]], counts)


def test_what_passed_at_the_second_try_has_its_own_column_and_line() -> None:
    table, note, last = summary(2)
    assert " ".join(table.split()) == "browser 12 passed 0 failed 1 skipped 2 at the second try 3.5 s"
    assert note.startswith("2 passed at the second try")
    assert last == "12 passed, 0 failed, 1 skipped"
    assert summary(0)[1:] == ["12 passed, 0 failed, 1 skipped"]


def test_the_slowest_files_come_first_and_not_all_are_listed() -> None:
    times = [["quick", 0.5], ["twice", 2], ["slow", 3], ["twice", 2], *([f"{i}", 0.1] for i in range(20))]
    first, *listed = lines_of("slowest-files.mjs", "slowestFiles", times)
    assert first == "The slowest of 23 files:"
    assert [line.split() for line in listed[:3]] == [
        ["4.0", "s", "twice"],
        ["3.0", "s", "slow"],
        ["0.5", "s", "quick"],
    ]
    assert len(listed) == 15


def test_the_build_looks_at_every_setting_of_the_compiler_it_is_given() -> None:
    build = json.loads((ROOT / "package.json").read_text())["scripts"]["build:programs"]
    settings = [word for word in build.split() if word.startswith("tsconfig")]
    sources = (ROOT / "scripts/labkeeper.mjs").read_text().split("const sources = [")[1].split("]")[0]
    assert settings
    for name in settings:
        assert f"'{name}'" in sources


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--memory", "lots"], "--memory: expected a number"),
        (["--memory", "infG"], "--memory: expected a number"),
        (["--memory", "0"], "--memory: expected 128M or more"),
        (["--cpu", "nan"], "--cpu: expected"),
        (["--cpu", "0"], "--cpu: expected"),
        (["--port", "0"], "--port: expected a port"),
        (["--port", "99999"], "--port: expected a port"),
        (["--state", "/etc/passwd"], "--state /etc/passwd cannot be used: "),
        (["--state", "/proc/x"], "--state /proc/x cannot be used: "),
    ],
)
def test_bad_arguments_get_a_sentence(arguments: list[str], said: str) -> None:
    """What was typed wrongly is named, with what was expected, and nothing starts."""
    ended = subprocess.run(
        [sys.executable, "-m", "dev.start", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_start_from_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Two hubs on one database would end each other's servers."""
    (tmp_path / "running").write_text("at http://127.0.0.1:8000 (process 7)\n")
    with (tmp_path / "running").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = subprocess.run(
            [sys.executable, "-m", "dev.start", "--state", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert ended.returncode == 1
    assert "already runs from this folder, at http://127.0.0.1:8000 (process 7)" in ended.stderr
    assert "--state FOLDER" in ended.stderr
