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
        print(json.dumps(answer) if parsed.json else _held(answer.get("hold"), parsed.user, parsed.case))
        return 0
    print(json.dumps(answer) if parsed.json else _told(answer))
    return 0 if answer.get("complete") is True else 1


_MEANS = "until it is lifted on the page Holds"


def _held(number: object, user: str | None, case: str | None) -> str:
    """Say whose hold it is, for which case, and what it means."""
    named = f" for the case {plain(case)}" if case else ""
    # 0 = somebody lifted it in the same moment.
    at = f" (hold {number})" if isinstance(number, int) and number > 0 else ""
    if user is None:
        return (
            f"A legal hold is on everybody at this hub{named}{at}: who belongs to a case is not known here. "
            f"Nobody can be erased, and retention deletes nothing, {_MEANS}."
        )
    return (
        f"A legal hold is on {plain(user)}{named}{at}. Nothing of this person can be erased, and retention deletes "
        f"nothing of it, {_MEANS}."
    )


_THINGS = {
    "servers": ("server", "stopped"),
    "tokens": ("token", "ended"),
    "requests": ("request", "closed"),
    "grants": ("grant", "ended"),
}
"""What a part of an offboarding counts, and what becomes of it."""


def _part(part: dict[str, Any]) -> str:
    """Say what became of one part; holds and browsers' sessions are not counted."""
    says = plain(part["says"]) if part.get("says") else ""
    thing, verb = _THINGS.get(str(part.get("what")), ("", ""))
    state, ended = part.get("state"), part.get("ended")
    if state == "none":
        return says or (f"There was no {thing} to be {verb}." if thing else "There was nothing to do.")
    if not thing:
        return says if state == "done" else f"Not done. {says}".rstrip()
    failed = f", {part['failed']} not" if part.get("failed") else ""
    return f"{ended} {thing}{'' if ended == 1 else 's'} {verb}{failed}. {says}".rstrip()


def _told(answer: dict[str, Any]) -> str:
    user = plain(answer.get("user"))
    if answer.get("before") is True:
        lines = [f"Nothing was left to end for {user}; this is the receipt of before."]
    elif answer.get("complete") is True:
        lines = [f"The access of {user} is ended."]
    else:
        lines = [f"Not everything of {user} was ended: mend it and run this again."]
    for part in answer.get("parts", []):
        lines.append(f"  {plain(part.get('what')):9} {_part(part)}")
    index, record = answer.get("index"), answer.get("record") or {}
    lines.append(
        "  receipt   not in the log yet: the service appends it when its database takes it"
        if index is None
        else f"  receipt   record {index} of the log, signed by key {plain(record.get('key'))}"
    )
    return "\n".join(lines)
