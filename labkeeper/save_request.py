"""What a page asks for when it saves, read and checked before anything is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .compare_write import Condition
from .save_problems import SaveProblem

LONGEST_HASH = 256
LONGEST_RUN = 64


def read_condition(query: Mapping[str, str]) -> Condition:
    """
    Read `if-hash=<hash>` or `if-absent`, `keep-other=1` and `run=<id>`.

    Raises SaveProblem "bad-request": one of the first two has to be there, unless another version is kept anyway; then
    a page that knows of none need say no more.
    """
    expected = query.get("if-hash")
    run = query.get("run")
    keep_other = query.get("keep-other") == "1"
    conditions = ("if-absent" in query) + (expected is not None)
    if conditions > 1 or (conditions == 0 and not keep_other) or expected == "":
        raise SaveProblem("bad-request")
    if len(expected or "") > LONGEST_HASH or len(run or "") > LONGEST_RUN:
        raise SaveProblem("bad-request")
    return Condition(expected, keep_other, run or None)


def read_model(body: bytes) -> dict[str, Any]:
    """
    Read a model of the contents API.

    Stricter than jupyter_server, which makes an empty file where the content is missing, and can be sent a file in
    chunks, whose first would be taken for the whole.

    Raises SaveProblem "bad-request" or "invalid-notebook".
    """
    try:
        model = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise SaveProblem("bad-request") from error
    if not isinstance(model, dict) or model.get("type") not in ("notebook", "file") or "content" not in model:
        raise SaveProblem("bad-request")
    if model.get("chunk") is not None or model.get("copy_from") is not None:
        raise SaveProblem("bad-request")
    if not isinstance(model.get("path") or "", str):
        raise SaveProblem("bad-request")
    content = model["content"]
    if model["type"] == "notebook":
        if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
            raise SaveProblem("invalid-notebook")
    elif model.get("format") not in ("text", "base64") or not isinstance(content, str):
        raise SaveProblem("bad-request")
    return model
