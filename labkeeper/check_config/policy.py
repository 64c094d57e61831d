"""Whether the policy file can be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import SUMMARY
from .asked import ask_program


def check_policy(config: Config) -> Iterator[Finding]:
    """What the service would say of the policy file; nothing where none is named, or where another program reads it."""
    path = (config.get(SUMMARY) or {}).get("policy")
    if path is None:
        return
    finding = ask_program(
        "policy",
        path,
        "check-policy",
        path,
        fix="Correct the file; until then the service keeps to the policy that was in force last, or to none.",
    )
    if finding.status != "ok":
        yield finding
        return
    # Behind the first line stands what its author hardly means.
    first, *doubts = finding.message.splitlines()
    yield dataclasses.replace(finding, message=first)
    for doubt in doubts:
        yield Finding(
            "policy", "note", doubt, "Change the file, if that is not meant; it can be used as it is."
        )
