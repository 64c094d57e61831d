"""`labkeeper outgoing`: how it stands with what the hub service sends to others, and what was given up, once more."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from .admin_api import AdminApi, ApiError
from .plain_text import moment, plain, table

_LOSSES = {"dropped": "not kept, because too many waited", "rejected": "thrown away by the target"}


def add_outgoing_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    outgoing = commands.add_parser(
        "outgoing",
        help="list the targets that the hub service sends to, and send again what was given up",
        description="Needs LABKEEPER_URL (the address of Labkeeper's pages) and LABKEEPER_TOKEN (a token of JupyterHub "
        "with access:services!service=labkeeper and custom:labkeeper:admin). Status 0 = done, 2 = the service could not be "
        "asked, or refused.",
    )
    again = outgoing.add_mutually_exclusive_group()
    again.add_argument(
        "--again", type=int, metavar="MESSAGE", help="send this message again; the list has its number"
    )
    again.add_argument("--again-all", metavar="TARGET", help="send again what was given up for a target")
    outgoing.add_argument("--json", action="store_true", help="print the answer as JSON")


def run_outgoing(
    parsed: argparse.Namespace, open_api: Callable[[], AdminApi] = AdminApi.from_environment
) -> int:
    """Run it; its status."""
    try:
        api = open_api()
        if parsed.again is None and parsed.again_all is None:
            state = api.get("outgoing")
            print(json.dumps(state, sort_keys=True) if parsed.json else _told(state))
            return 0
        which = {"message": parsed.again} if parsed.again is not None else {"target": parsed.again_all}
        answer = api.post("outgoing", "again", body=which)
    except ApiError as error:
        print(f"labkeeper outgoing: {error}", file=sys.stderr)
        return 2
    count = answer["count"]
    print(
        json.dumps(answer)
        if parsed.json
        else "1 message waits again."
        if count == 1
        else f"{count} messages wait again."
    )
    return 0


def _told(state: dict[str, Any]) -> str:
    if not state["targets"]:
        return "Nothing is sent to others: the policy names no target."
    rows = [
        [
            target["name"],
            target["kind"] or "(not in the policy)",
            target["waiting"] if target["lag"] is None else target["lag"],
            target["dead"],
            moment(target["sentAtMs"]),
            target["trouble"] or "",
        ]
        for target in state["targets"]
    ]
    parts = [table(["TARGET", "KIND", "WAITS", "GIVEN UP", "LAST SENT (UTC)", "TROUBLE"], rows)]
    parts += [
        f"{plain(target['name'])}: {loss['count']} {_LOSSES.get(loss['what'], plain(loss['what']))}, the last "
        f"{moment(loss['lastAtMs'])}{': ' + plain(loss['says']) if loss['says'] else ''}"
        for target in state["targets"]
        for loss in target["losses"]
    ]
    if state["dead"]:
        dead = [
            [message["id"], message["target"], moment(message["atMs"]), message["trouble"]]
            for message in state["dead"]
        ]
        parts.append("\n" + table(["MESSAGE", "TARGET", "MADE (UTC)", "WHY IT WAS GIVEN UP"], dead))
    return "\n".join(parts)
