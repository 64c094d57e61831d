"""The findings as people and programs read them."""

from __future__ import annotations

import json
from dataclasses import asdict

from .._version import __version__
from .finding import Finding


def report(findings: list[Finding]) -> str:
    """Give the findings as lines for a terminal."""
    signs = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}
    lines = []
    for finding in findings:
        lines.append(f"{signs[finding.status]}  {finding.check}: {finding.message}")
        if finding.fix:
            lines.append(f"          → {finding.fix}")
    broken, notes = (sum(finding.status == kind for finding in findings) for kind in ("broken", "note"))
    lines.append("")
    if broken == 0:
        reading = f" Notes worth reading: {notes}." if notes else ""
        lines.append(f"Everything that Labkeeper needs is here.{reading}")
    else:
        lines.append(f"Broken: {broken} of {len(findings)}. Labkeeper does not work here until it is fixed.")
    return "\n".join(lines)


def report_json(findings: list[Finding]) -> str:
    """Give the findings as JSON."""
    return json.dumps(
        {
            "version": __version__,
            "ok": all(finding.status != "broken" for finding in findings),
            "findings": [asdict(finding) for finding in findings],
        },
        indent=2,
        ensure_ascii=False,
    )
