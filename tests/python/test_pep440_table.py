"""
The table by which the core's versions and specifiers are tested is what Python's own `packaging` says.

`python tests/python/test_pep440_table.py` writes it anew (then `npm run format`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

TABLE = Path(__file__).parents[2] / "packages/core/src/packages/pep440-table.json"


def words(text: str) -> list[str]:
    """What stands between spaces and ends of lines."""
    return text.split()


VERSIONS = words("""
    0 0.0.1 1.dev0 1.0.dev1 1.0.dev456 1.0a1.dev1 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2
    1.0b2.post345.dev456 1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0rc2 1 1.0 1.0.0 1.0+abc.5 1.0+abc.7 1.0+5 1.0+5.abc 1.0+zebra
    1.0.post456.dev34 1.0.post0 1.0.post1 1.0.post2 1.0.post2+local 1.0.post456 1.0.1 1.0.1a1 1.0.1+x 1.1.dev1 1.1a1 1.1
    1.1.post1 1.2.3 1.4.5a3 1.4.5a4 1.4.5 1.4.9 1.5 2.0.dev1 2.0rc1 2 2.0 2.0.post1 2.2.post2 2.2.post3 2.2.1 2.2.post3.dev1
    2.3 3.0a1 9.9 10.0 2024.1 2024.01.02 20240101123456789012345 20240101123456789012346 1.99999999999999999998
    1.99999999999999999999 1!0.1 1!1.0.dev1 1!1.0 1!1.0.post1 2!0.1 1.0-1 1.0-r4 1.0.rev5 V1.0 v1.0.0 1.0ALPHA 1.0.Beta2
    1.0_c3 1.0-PREVIEW.7 1.0pre 1.0.DEV 1.0+Ubuntu-1 1.0+ubuntu_1 01.02 2024a
""")
NO_VERSIONS = ["", "1.0 .1", *words("x 1.0x 1.1.1k 1..0 1.0+ 1.0+_a 1.0+a..b 1.0- 1.0.post-1-2 1! !1")]
SPECIFIERS = [
    " >= 1.0 , < 2.0 ",
    "== 1.0.*",
    *words("""
        ==1.0 ==1 ==1.0.0 ==1.0.* ==1.* ==1.0.0.* ==1.1.* ==0.* ==1!1.* ==1.0+abc.5 ==1.0+ABC-5 ==1.0.post2 ==1.0rc1
        ==2024.1.* ==1.0-1 !=1.0 !=1.0.* !=1.0+5 !=1!1.* !=2.0rc1 >=1.0 >=1.0rc1 >=1.0.dev1 >=1!0 >=1.0.post2 <=1.0 <=1.0rc1
        <=1.0.post1 <=1!1.0 >=1.99999999999999999999 <1.0 <1.0rc2 <1.0.dev456 <1.0.post2 <1!1.0 <2 <2.0rc1 <1.0.1 <3 >1.0
        >1.0rc1 >1.0.post1 >1 >1!0.1 >1!1.0 >2.2.post2 >0 >1.0.dev1 >20240101123456789012345 ~=1.0 ~=1.4.5 ~=1.4.5a4
        ~=2.2.post3 ~=1.0.0 ~=1.0rc1 ~=1!1.0 ~=2.2.0 ~=1.0.dev1 >=1.0,<2 >=1,!=1.1,<1.5 ~=1.4,!=1.4.9 >=2024,<2025
    """),
]
NO_SPECIFIERS = [
    ">=1.0 <2",
    "==1.0 2.0",
    *words("""
        1.0 =1.0 ~=1 ~=1.0.* >=1.0.* >=1.0+local <1+x ~=1.0+x ==1.0rc1.* ==1.0.post1.* ==1.0+x.* ==1.0.dev1.* ==* >= =>1
        ==1.0; <>1.0 ==x !==1
    """),
]


def table() -> dict[str, Any]:
    """Every version, in order and against every specifier; `1` = it fits."""
    ordered = sorted(VERSIONS, key=Version)
    ranks: list[int] = []
    for version in ordered:
        same = bool(ranks) and Version(ordered[len(ranks) - 1]) == Version(version)
        ranks.append(ranks[-1] + (0 if same else 1) if ranks else 0)
    for text in NO_VERSIONS:
        try:
            Version(text)
        except InvalidVersion:
            continue
        raise AssertionError(f"{text!r} is a version")
    for text in NO_SPECIFIERS:
        try:
            SpecifierSet(text)
        except InvalidSpecifier:
            continue
        raise AssertionError(f"{text!r} is a specifier")
    fits = {
        text: "".join("01"[SpecifierSet(text).contains(version, prereleases=True)] for version in ordered)
        for text in SPECIFIERS
    }
    return {
        "versions": ordered,
        "ranks": ranks,
        "preReleases": "".join("01"[Version(version).is_prerelease] for version in ordered),
        "noVersions": NO_VERSIONS,
        "fits": fits,
        "noSpecifiers": NO_SPECIFIERS,
    }


def test_the_table_is_what_packaging_says() -> None:
    assert json.loads(TABLE.read_text()) == table()


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), indent=2) + "\n")
