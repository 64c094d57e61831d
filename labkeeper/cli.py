"""The command `labkeeper`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .doctor.finding import Finding


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status: 0 = all is well, 1 = something is broken, 2 = wrong usage."""
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
    config = commands.add_parser(
        "check-config",
        help="check a hub's configuration file, and say what Labkeeper will do with it",
        description="Run it where the hub runs, with the hub's own Python, as the hub's user. It runs the file, as the "
        "hub does, and starts nothing.",
    )
    config.add_argument("file", nargs="?", default="jupyterhub_config.py", help="default: %(default)s")
    config.add_argument("--json", action="store_true", help="print the findings as JSON")
    parsed = parser.parse_args(arguments)
    if parsed.command == "check-config":
        return _check_config(Path(parsed.file), as_json=parsed.json)
    return _doctor(as_json=parsed.json)


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
