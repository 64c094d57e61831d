"""One version, wherever it has to be written down."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labkeeper import __version__

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["package.json", "companion/package.json"]
PACKAGES += [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("packages/*/package.json"))]


@pytest.mark.parametrize("path", PACKAGES)
def test_every_package_has_it(path: str) -> None:
    package = json.loads((ROOT / path).read_text())
    assert package["version"] == __version__
    ours = {
        name: wanted
        for name, wanted in package.get("dependencies", {}).items()
        if name.startswith("@labkeeper/")
    }
    assert set(ours.values()) <= {f"^{__version__}"}


def test_the_wheel_with_node_takes_the_core_of_the_same_version() -> None:
    text = (ROOT / "packaging/labkeeper/pyproject.toml").read_text()
    assert re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1] == __version__
    assert f'"labkeeper-core=={__version__}"' in text


def test_the_page_says_it_in_its_hello() -> None:
    text = (ROOT / "packages/resource-meter/src/plugins/companion.ts").read_text()
    assert f"const BUILD = '{__version__}';" in text
