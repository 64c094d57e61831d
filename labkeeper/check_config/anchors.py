"""What holds the log's digests outside the service."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import SUMMARY


def check_anchors(config: Config) -> Iterator[Finding]:
    """Which anchors are set; nothing where another program starts the service."""
    done = config.get(SUMMARY) or {}
    if done.get("mode") != "managed":
        return
    anchors = done.get("anchors") or {}
    if not {"directory", "witness", "tsa"} & anchors.keys():
        yield Finding(
            "anchors",
            "note",
            "None: the log is consistent, not anchored. Whoever owns the service's key could make history anew.",
            "configure(c, anchors={…}): a witness, a timestamp authority, or a write-once directory.",
        )
        return
    directory = anchors.get("directory")
    if directory is not None and not (os.path.isdir(directory) and os.access(directory, os.W_OK)):
        yield Finding(
            "anchors",
            "broken",
            f"{directory} is no directory that can be written here.",
            "Make it, or mount it.",
        )
    certificate = anchors.get("tsa_certificate")
    if certificate is not None and not os.access(certificate, os.R_OK):
        yield Finding(
            "anchors",
            "broken",
            f"{certificate} cannot be read: the timestamp authority's certificate (PEM).",
            "Put it there.",
        )
    # Without the name and password that an address may have.
    named = [
        f"{name} {re.sub(r'//[^/?#]*@', '//', str(anchors[name]))}"
        for name in ("directory", "witness", "tsa")
        if name in anchors
    ]
    yield Finding("anchors", "ok", f"Digests go to: {'; '.join(named)}.")
