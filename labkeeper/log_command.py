"""`labkeeper log`: the install log in a terminal."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from .admin_api import AdminApi, ApiError
from .plain_text import moment, table

FILTERS = (
    "hub",
    "text",
    "user",
    "group",
    "server",
    "package",
    "version",
    "image",
    "tool",
    "action",
    "effect",
    "grade",
    "from",
    "until",
)
"""What the log's page filters by."""
_FOLLOW_S = 2.0
"""Between two looks at what is new."""
_LONGEST_S = 60.0
"""Between two looks at a service that does not answer."""


def add_log_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    log = commands.add_parser(
        "log",
        help="show the hub's install log, with a token from your own machine",
        description="Needs LABKEEPER_URL (the address of Labkeeper's pages) and LABKEEPER_TOKEN (a token of JupyterHub "
        "with access:services!service=labkeeper and custom:labkeeper:audit). Every look is on record. Status 0 = shown, "
        "2 = the service could not be asked, or refused.",
    )
    for name in FILTERS:
        day = " (a day, such as 2026-11-27)" if name in ("from", "until") else ""
        log.add_argument(
            f"--{name}", dest=f"filter_{name}", metavar=name.upper(), help=f"only this {name}{day}"
        )
    log.add_argument("--limit", type=int, default=50, help="records at most (default: %(default)s)")
    log.add_argument("--follow", action="store_true", help="go on with new records as they come")
    log.add_argument("--json", action="store_true", help="print one JSON object a line")


def run_log(
    parsed: argparse.Namespace,
    open_api: Callable[[], AdminApi] = AdminApi.from_environment,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Run it; its status."""
    filters = {name: getattr(parsed, f"filter_{name}") for name in FILTERS}
    try:
        api = open_api()
        records = _newest(api, filters, max(1, parsed.limit))
        _show(records, as_json=parsed.json, with_heads=True)
        if parsed.follow:
            _follow(api, filters, records, as_json=parsed.json, sleep=sleep)
    except ApiError as error:
        print(f"labkeeper log: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _newest(api: AdminApi, filters: dict[str, str | None], limit: int) -> list[dict[str, Any]]:
    """Read the newest, the oldest of them first."""
    records: list[dict[str, Any]] = []
    after = None
    while len(records) < limit:
        answer = api.get("log", **filters, after=after)
        records += answer["records"]
        after = answer["next"]
        if after is None:
            break
    return records[:limit][::-1]


def _follow(
    api: AdminApi,
    filters: dict[str, str | None],
    records: list[dict[str, Any]],
    as_json: bool,
    sleep: Callable[[float], None],
) -> None:
    newest = records[-1]["index"] if records else -1
    wait = _FOLLOW_S
    while True:
        sleep(wait)
        try:
            fresh = _since(api, filters, newest)
            wait = _FOLLOW_S
        except ApiError as error:
            # A restart of the service ends no watch; what it says about the token does.
            if error.status is not None and error.status not in (429, 502, 503, 504):
                raise
            print(f"labkeeper log: {error}", file=sys.stderr)
            wait = min(2 * wait, _LONGEST_S)
            continue
        if fresh:
            newest = fresh[-1]["index"]
            _show(fresh, as_json=as_json, with_heads=False)


def _since(api: AdminApi, filters: dict[str, str | None], newest: int) -> list[dict[str, Any]]:
    """Read what came after a record, all of it, the oldest first."""
    fresh: list[dict[str, Any]] = []
    after = None
    while True:
        # From the begin of an empty log on there is nothing to be after.
        since = {} if newest < 0 else {"since": str(newest)}
        answer = api.get("log", **filters, **since, after=after)
        fresh += answer["records"]
        after = answer["next"]
        if after is None:
            return fresh[::-1]


def _show(records: list[dict[str, Any]], as_json: bool, with_heads: bool) -> None:
    if as_json:
        for record in records:
            print(json.dumps(record, ensure_ascii=True, sort_keys=True))
    else:
        rows = [_row(record) for record in records]
        text = table(["INDEX", "RECEIVED (UTC)", "USER", "SERVER", "WHAT", "GRADE", "PACKAGE"], rows)
        print(text if with_heads else "\n".join(text.split("\n")[1:]))
    sys.stdout.flush()


def _row(record: dict[str, Any]) -> list[object]:
    package = " ".join(filter(None, [record["packageName"], record["packageVersion"]]))
    return [
        record["index"],
        moment(record["receivedAtMs"]),
        "(erased)" if record["user"] is None else record["user"],
        "(erased)" if record["server"] is None else record["server"] or "(default)",
        record["action"],
        record["grade"],
        package or "-",
    ]
