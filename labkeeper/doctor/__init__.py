"""Checks the container half: whatever Labkeeper needs in a user's image and container, each with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .companion import check_node_and_companion
from .container import (
    check_gpu,
    check_home,
    check_limit,
    check_oom_score,
    check_pidfd,
    check_shm,
)
from .finding import Finding
from .installation import (
    check_jupyter,
    check_lab_extension,
    check_neighbours,
    check_python,
    check_server_extension,
    check_switched_off,
)
from .report import report, report_json

__all__ = ["CHECKS", "Finding", "examine", "report", "report_json"]

Check = Callable[[], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    check_python,
    check_jupyter,
    check_server_extension,
    check_lab_extension,
    check_switched_off,
    check_node_and_companion,
    check_limit,
    check_pidfd,
    check_oom_score,
    check_home,
    check_shm,
    check_gpu,
    check_neighbours,
)


def examine(checks: Sequence[Check] = CHECKS) -> Iterator[Finding]:
    """Make all checks, one after the other. A check that fails in itself is a finding too."""
    for check in checks:
        try:
            yield from check()
        except Exception as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            yield Finding(
                name, "broken", f"This check itself failed: {type(error).__name__}: {error}", "Report it."
            )
