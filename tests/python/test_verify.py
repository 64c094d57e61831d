"""`labkeeper verify` on an export of the first format, with nothing but the wheel's own files."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import ROOT

EXPORT = ROOT / "tests/exports/v1"
"""Made once and kept: later versions have to verify it too."""
FILE = EXPORT / "export.jsonl"
FINGERPRINT = (EXPORT / "fingerprint.txt").read_text().strip()

MESSAGES = ROOT / "tests/exports/v1-messages"
"""The same with messages of requests, which the first exports did not have."""

pytestmark = pytest.mark.skipif(
    not (ROOT / "labkeeper/node/verify.mjs").is_file(), reason="nothing is built: npm run build"
)


def labkeeper(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labkeeper.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        cwd="/",
        check=False,
    )


def verify(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    return labkeeper("verify", *arguments, **env)


def test_a_whole_export_is_whole_and_not_anchored() -> None:
    result = verify(FILE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert ": CONSISTENT, NOT ANCHORED. " in result.stdout
    assert "Consistent, not anchored" in result.stdout
    assert "WHOLE" not in result.stdout
    assert "not compared with anything: give --key" in result.stdout
    assert "record 13" in result.stdout and "kept as it came" in result.stdout
    assert "spool-lost" in result.stdout


def test_what_is_held_against_it_fits() -> None:
    result = verify(
        FILE,
        "--key",
        FINGERPRINT.upper(),
        "--receipt",
        EXPORT / "receipt.json",
        "--digest",
        EXPORT / "digest.json",
        "--personal",
        EXPORT / "export.personal.jsonl",
    )
    assert result.returncode == 0, result.stdout
    assert "the pinned key" in result.stdout
    assert (
        "Anchored by a digest from elsewhere: every record before index 40 that a digest proves."
        in result.stdout
    )
    assert result.stdout.count(": fits. ") == 3


def test_messages_of_requests_are_records_like_others() -> None:
    result = verify(
        MESSAGES / "export.jsonl",
        "--key",
        (MESSAGES / "fingerprint.txt").read_text().strip(),
        "--personal",
        MESSAGES / "export.personal.jsonl",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "the pinned key" in result.stdout
    lines = [json.loads(line) for line in (MESSAGES / "export.jsonl").read_text().splitlines()]
    parts = [json.loads(line) for line in (MESSAGES / "export.personal.jsonl").read_text().splitlines()]
    personal = {part["index"]: part["personal"] for part in parts}
    records = {line["index"]: line["entry"]["record"] for line in lines if "entry" in line}
    said = {index: record for index, record in records.items() if record["action"] == "message"}
    assert len(said) == 2
    for index, record in said.items():
        text = "".join(personal[index]["argv"][1:])
        told = f"{personal[index]['salt']}\n{text}".encode()
        assert record["message"]["digest"] == hashlib.sha256(told).hexdigest()
        assert record["message"]["characters"] == len(text)
        assert "hunter2" not in text


def test_the_report_as_json() -> None:
    report = json.loads(verify("--json", FILE, "--digest", FILE).stdout)
    assert report["outcome"] == "consistent" and report["isAnchored"] is True
    assert report["records"] == 60 and report["findings"]["count"] == 0


def test_a_removed_line_is_named(tmp_path: Path) -> None:
    lines = FILE.read_bytes().splitlines(keepends=True)
    file = tmp_path / "x\x1b[31m.jsonl"
    file.write_bytes(b"".join(lines[:21] + lines[22:]))
    result = verify(file)
    assert result.returncode == 1
    assert "Missing from the log: record 20." in result.stdout
    assert "\x1b" not in result.stdout, "a file's name must not speak to the terminal"


def test_another_key_than_the_pinned_one() -> None:
    result = verify(FILE, "--key", "ab" * 32)
    assert result.returncode == 1
    assert "signed with another key than the pinned one" in result.stdout


def test_a_receipt_that_was_forged_is_no_success(tmp_path: Path) -> None:
    receipt = json.loads((EXPORT / "receipt.json").read_text())
    receipt["body"]["head"] = "1" * 64
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt, indent=2))
    result = verify(FILE, "--receipt", file)
    assert result.returncode == 1
    assert "CONSISTENT" in result.stdout and "NOT GENUINE" in result.stdout


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result.stdout
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.strip()


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert one_sentence(verify(file)) == f"labkeeper verify: {file} cannot be read: there is no such file."
    assert one_sentence(verify(tmp_path)).startswith(f"labkeeper verify: {tmp_path} is not a file")
    file.write_bytes(b"")
    assert one_sentence(verify(file)) == f"labkeeper verify: {file} is empty."
    file.write_bytes(os.urandom(300_000))
    assert "is no export of Labkeeper" in one_sentence(verify(file))
    file.write_bytes(b"")
    os.truncate(file, 200_000_000)
    assert "is no export of Labkeeper" in one_sentence(verify(file)), "a line of 200 MB"
    assert "is no receipt of Labkeeper" in one_sentence(verify(FILE, "--receipt", FILE))
    assert "is no fingerprint" in one_sentence(verify(FILE, "--key", "abc"))


def test_without_node_it_says_so() -> None:
    result = verify(FILE, LABKEEPER_NODE="/nonexistent/node")
    assert result.returncode == 2
    assert "/nonexistent/node" in result.stderr and "Traceback" not in result.stderr


def test_export_hands_on_what_it_is_told(tmp_path: Path) -> None:
    result = labkeeper("export", "--version", "1.0", LABKEEPER_STATE=str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.startswith("labkeeper export: Name the file with --out.\nusage: labkeeper export ")
    state = tmp_path / "state"
    result = labkeeper("export", "--out", tmp_path / "x", LABKEEPER_STATE=str(state))
    assert result.returncode == 1
    assert result.stderr == f"labkeeper export: There is no log here: {state} does not exist.\n"
    assert not state.exists()


def test_only_export_takes_what_the_command_line_does_not_know() -> None:
    assert labkeeper("doctor", "--user", "x").returncode == 2
    assert verify(FILE, "--user", "x").returncode == 2
