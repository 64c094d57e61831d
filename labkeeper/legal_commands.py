"""The commands `labkeeper hold` and `labkeeper offboard`: from an admin's own machine, with a token of JupyterHub."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from .admin_api import AdminApi, ApiError
from .plain_text import plain

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LEGAL_COMMANDS = ("hold", "offboard")

_SECONDS = 120
"""Servers may take their time to stop."""


def add_legal_commands(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the two commands."""
    hold = commands.add_parser(
        "hold",
        help="set a legal hold on a person, or a case: nothing of it is erased while it is on",
        description="The address of Labkeeper's pages comes from LABKEEPER_URL, a token of JupyterHub with the scopes "
        "custom:labkeeper:admin and access:services from LABKEEPER_TOKEN. Status 0 = the hold is on, 2 = it could not be "
        "asked for.",
    )
    hold.add_argument("user", metavar="USER", nargs="?", help="without it the hold is on everybody")
    offboard = commands.add_parser(
        "offboard",
        help="end a person's servers and tokens, set a hold, and leave one receipt",
        description="Can be repeated: what is left is ended, and where nothing is left the receipt of before is shown. "
        "Status 0 = all was ended, 1 = something was not, 2 = it could not be asked for. Address and token are those of "
        "`labkeeper hold`.",
    )
    offboard.add_argument("user", metavar="USER")
    for command in (hold, offboard):
        command.add_argument("--case", metavar="CASE", help="name of the case, such as a ticket's number")
        command.add_argument("--reason", required=True, metavar="TEXT", help="why; it stays on record")
        command.add_argument("--json", action="store_true", help="print the answer as JSON")


def run_legal_command(parsed: argparse.Namespace) -> int:
    """Run `hold` or `offboard`, and give its exit status."""
    wanted = {"user": parsed.user, "case": parsed.case, "reason": parsed.reason}
    try:
        api = AdminApi.from_environment(timeout=_SECONDS)
        answer = api.post("holds" if parsed.command == "hold" else "offboard", body=wanted)
        if not isinstance(answer, dict):
            raise ApiError("What answered is not Labkeeper: look at LABKEEPER_URL.")
    except ApiError as error:
        print(f"labkeeper {parsed.command}: {error}", file=sys.stderr)
        return 2
    if parsed.command == "hold":
        print(json.dumps(answer) if parsed.json else f"Hold {plain(answer.get('hold'))} is on.")
        return 0
    print(json.dumps(answer) if parsed.json else _told(answer))
    return 0 if answer.get("complete") is True else 1


def _told(answer: dict[str, Any]) -> str:
    user = plain(answer.get("user"))
    if answer.get("before") is True:
        lines = [f"Nothing was left to end for {user}; this is the receipt of before."]
    elif answer.get("complete") is True:
        lines = [f"The access of {user} is ended."]
    else:
        lines = [f"Not everything of {user} was ended: mend it and run this again."]
    for part in answer.get("parts", []):
        says = part.get("says")
        counts = f"{part.get('ended')} ended" + (f", {part['failed']} not" if part.get("failed") else "")
        lines.append(f"  {plain(part.get('what')):9} {counts}{'. ' + plain(says) if says else ''}")
    index, record = answer.get("index"), answer.get("record") or {}
    lines.append(
        "  receipt   not in the log yet: the service appends it when its database takes it"
        if index is None
        else f"  receipt   record {index} of the log, signed by key {plain(record.get('key'))}"
    )
    return "\n".join(lines)
