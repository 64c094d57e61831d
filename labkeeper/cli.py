"""The command `labkeeper`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ._version import __version__


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
    parsed = parser.parse_args(arguments)
    return _doctor(as_json=parsed.json)


def _doctor(as_json: bool) -> int:
    # Not at the top: `labkeeper --version` should not wait for Jupyter.
    from .doctor import examine, report, report_json

    findings = list(examine())
    print(report_json(findings) if as_json else report(findings))
    return 1 if any(finding.status == "broken" for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
