"""What the tests of saving share: requests to `labkeeper/contents`, models, and what a folder holds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from servers import Server


def sha256(content: bytes | str) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def text_model(text: str) -> dict[str, Any]:
    return {"type": "file", "format": "text", "content": text}


def notebook(*sources: str, **extra: Any) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **extra}


def notebook_model(*sources: str, **extra: Any) -> dict[str, Any]:
    return {"type": "notebook", "format": "json", "content": notebook(*sources, **extra)}


def put(
    server: Server,
    path: str,
    model: Any,
    headers: dict[str, str] | None = None,
    token: str | None = "",
    **query: str,
) -> tuple[int, Any]:
    """PUT; `if_hash="…"` is `?if-hash=…`. Give the status and the answer."""
    words = {name.replace("_", "-") if name != "no_track_activity" else name: v for name, v in query.items()}
    address = f"labkeeper/contents/{quote(path)}?{urlencode(words)}"
    tokens = {} if token == "" else {"token": token}
    status, _, body = server.request("PUT", address, model, headers, **tokens)
    return status, body


def stock_hash(server: Server, path: str) -> str:
    status, _, model = server.request("GET", f"api/contents/{quote(path)}?content=0&hash=1")
    assert status == 200, model
    return model["hash"]


def names(folder: Path) -> set[str]:
    """Everything in a folder, hidden files too, but for the checkpoints."""
    return {entry.name for entry in folder.iterdir()} - {".ipynb_checkpoints"}
