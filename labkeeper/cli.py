"""The command `labkeeper`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._version import __version__
from .export_command import run_export
from .legal_commands import LEGAL_COMMANDS, add_legal_commands, run_legal_command
from .log_command import add_log_command, run_log
from .node import MINIMUM_MAJOR, SERVICE_MAJOR, NodeError, find_node
from .outgoing_command import add_outgoing_command, run_outgoing
from .requests_command import add_requests_command, run_requests

_PROGRAMS = Path(__file__).parent / "node"
"""Where the bundled programs for Node lie."""

_SERVICE_COMMANDS = ("backup", "restore", "rotate-key", "rotate-master-key", "policy")
"""Those that the hub service's own program runs, and reads the arguments of."""

if TYPE_CHECKING:
    from .doctor.finding import Finding


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and give its exit status.

    0 = all is well, 1 = something is broken, 2 = wrong usage, or it could not be asked for, 141 = nobody reads the output.
    """
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Such as `labkeeper log | head`. Python flushes once more at its end, and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="labkeeper", description="Labkeeper keeps kernels alive and explains their deaths."
    )
    parser.add_argument("--version", action="version", version=f"labkeeper {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    doctor = commands.add_parser(
        "doctor",
        help="check what Labkeeper needs in this image and container, and name each fix",
        description="Run it where the user's server runs: in a terminal of JupyterLab, or as a step of the image's "
        "build (the container's limits are then those of the build).",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    verify = commands.add_parser(
        "verify",
        help="verify an export of the install log, offline",
        description="Says whether the export was altered and what of it is missing. Status 0 = whole (anchors hold "
        "all of it), or consistent (nothing contradicts it, but anchors do not hold all of it), 1 = altered, incomplete, or "
        "contradicted by what is held against it, 2 = cannot be read. A script tells whole from consistent by --json.",
    )
    verify.add_argument("file", metavar="FILE", help="the export (JSONL)")
    verify.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FINGERPRINT",
        help="SHA-256 of the key that must have signed it",
    )
    verify.add_argument("--receipt", action="append", default=[], metavar="FILE", help="an earlier receipt")
    verify.add_argument(
        "--digest",
        action="append",
        default=[],
        metavar="FILE",
        help="a digest held elsewhere, or an earlier export",
    )
    verify.add_argument(
        "--anchor",
        action="append",
        default=[],
        metavar="FILE",
        help="what a write-once directory, a witness or a timestamp authority holds: a file, or the directory",
    )
    verify.add_argument(
        "--witness", action="append", default=[], metavar="FINGERPRINT", help="SHA-256 of the witness's key"
    )
    verify.add_argument(
        "--tsa",
        action="append",
        default=[],
        metavar="FILE",
        help="certificate of the timestamp authority (PEM)",
    )
    verify.add_argument("--part", action="store_true", help="the export is of a part of the log on purpose")
    verify.add_argument("--personal", metavar="FILE", help="the personal parts that belong to the export")
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    commands.add_parser(
        "export",
        add_help=False,
        help="write the hub's install log, or a part of it, to a file that verify can read: beside the service, or with a "
        "token from your own machine",
    )
    add_legal_commands(commands)
    commands.add_parser("backup", add_help=False, help="write a copy of the hub's install log to a folder")
    commands.add_parser("restore", add_help=False, help="put a backup back, and verify it")
    commands.add_parser(
        "rotate-key", add_help=False, help="make a new key that the old one names as the next"
    )
    commands.add_parser(
        "rotate-master-key", add_help=False, help="seal the keys in the database with another master key"
    )
    commands.add_parser(
        "witness", add_help=False, help="co-sign the digests of hub services, as a second party"
    )
    commands.add_parser(
        "policy",
        add_help=False,
        help="policy test: what a policy file says of packages, and of a file of cases",
    )
    config = commands.add_parser(
        "check-config",
        help="check a hub's configuration file, and say what Labkeeper will do with it",
        description="Run it where the hub runs, with the hub's own Python, as the hub's user. It runs the file, as the "
        "hub does, and starts nothing.",
    )
    config.add_argument("file", nargs="?", default="jupyterhub_config.py", help="default: %(default)s")
    config.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_log_command(commands)
    add_requests_command(commands)
    add_outgoing_command(commands)
    # What an export can be asked for the program itself knows.
    parsed, rest = parser.parse_known_args(arguments)
    if rest and parsed.command not in (*_SERVICE_COMMANDS, "export", "witness"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if parsed.command == "verify":
        return _verify(parsed)
    if parsed.command in LEGAL_COMMANDS:
        return run_legal_command(parsed)
    if parsed.command == "export":
        return run_export(
            rest, lambda words: _run_node("hub-service.mjs", ["export", *words], least_major=SERVICE_MAJOR)
        )
    if parsed.command in _SERVICE_COMMANDS:
        return _run_node("hub-service.mjs", [parsed.command, *rest], least_major=SERVICE_MAJOR)
    if parsed.command == "witness":
        return _run_node("witness.mjs", rest)
    if parsed.command == "check-config":
        return _check_config(Path(parsed.file), as_json=parsed.json)
    if parsed.command == "log":
        return run_log(parsed)
    if parsed.command == "requests":
        return run_requests(parsed)
    if parsed.command == "outgoing":
        return run_outgoing(parsed)
    return _doctor(as_json=parsed.json)


def _verify(parsed: argparse.Namespace) -> int:
    options = [
        f"--{name}={value}"
        for name in ("key", "receipt", "digest", "anchor", "witness", "tsa")
        for value in getattr(parsed, name)
    ]
    if parsed.personal is not None:
        options.append(f"--personal={parsed.personal}")
    options += [f"--{name}" for name in ("part", "json") if getattr(parsed, name)]
    return _run_node("verify.mjs", [*options, "--", parsed.file])


def _run_node(program: str, arguments: list[str], least_major: int = MINIMUM_MAJOR) -> int:
    """Run one of our Node programs to its end; its status, or 2 where there is no Node to run it."""
    try:
        node = find_node(least_major=least_major)
    except NodeError as error:
        print(f"labkeeper: {error}", file=sys.stderr)
        return 2
    try:
        return subprocess.run([node.path, str(_PROGRAMS / program), *arguments], check=False).returncode
    except KeyboardInterrupt:
        return 130


def _doctor(as_json: bool) -> int:
    # Not at the top: `labkeeper --version` should not wait for Jupyter.
    from .doctor import examine

    return _tell(list(examine()), as_json)


def _check_config(file: Path, as_json: bool) -> int:
    from .check_config import examine_config

    return _tell(list(examine_config(file)), as_json)


def _tell(findings: list[Finding], as_json: bool) -> int:
    from .doctor import report, report_json

    print(report_json(findings) if as_json else report(findings))
    return 1 if any(finding.status == "broken" for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
