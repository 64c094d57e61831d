"""The suite's last line, by which `npm test` counts, and the table of sizes."""

from __future__ import annotations

import pytest
from image import Life


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, life in Life.lived.items():
        growth = ", ".join(f"{what} {size / 1e6:.1f} MB" for what, size in life.growth_bytes.items())
        terminalreporter.write_line(f"{name}: {life.base_bytes / 1e6:.0f} MB without Labkeeper; {growth}")


def pytest_unconfigure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        count = {kind: len(reporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}
        print(
            f"{count['passed']} passed, {count['failed'] + count['error']} failed, {count['skipped']} skipped"
        )
