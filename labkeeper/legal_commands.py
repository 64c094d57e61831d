"""The commands `labkeeper hold` and `labkeeper offboard`: from an admin's own machine, with a token of JupyterHub."""

from __future__ import annotations

import argparse
import json
import os
import sys
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LEGAL_COMMANDS = ("hold", "offboard")

_SECONDS = 120
"""Servers may take their time to stop."""
_ANSWER_BYTES = 1024 * 1024


class _CommandError(Exception):
    """Why the command could not be done: one sentence."""


class _NoRedirect(HTTPRedirectHandler):
    """The token goes to the address that was named, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def add_legal_commands(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the two commands."""
    hold = commands.add_parser(
        "hold",
        help="set a legal hold on a person, or a case: nothing of it is erased while it is on",
        description="The address of Labkeeper's pages comes from LABKEEPER_URL, a token of JupyterHub with the scopes "
        "custom:labkeeper:admin and access:services from LABKEEPER_TOKEN.",
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
        if parsed.command == "hold":
            answer = _post("holds", wanted)
            print(json.dumps(answer) if parsed.json else f"Hold {answer.get('hold')} is on.")
            return 0
        answer = _post("offboard", wanted)
    except _CommandError as error:
        print(f"labkeeper: {error}", file=sys.stderr)
        return 2
    print(json.dumps(answer) if parsed.json else _told(answer))
    return 0 if answer.get("complete") is True else 1


def _told(answer: dict[str, Any]) -> str:
    user = _plain(answer.get("user"))
    if answer.get("before") is True:
        lines = [f"Nothing was left to end for {user}; this is the receipt of before."]
    elif answer.get("complete") is True:
        lines = [f"The access of {user} is ended."]
    else:
        lines = [f"Not everything of {user} was ended: mend it and run this again."]
    for part in answer.get("parts", []):
        says = part.get("says")
        counts = f"{part.get('ended')} ended" + (f", {part['failed']} not" if part.get("failed") else "")
        lines.append(f"  {_plain(part.get('what')):9} {counts}{'. ' + _plain(says) if says else ''}")
    index, record = answer.get("index"), answer.get("record") or {}
    lines.append(
        "  receipt   not in the log yet: the service appends it when its database takes it"
        if index is None
        else f"  receipt   record {index} of the log, signed by key {_plain(record.get('key'))}"
    )
    return "\n".join(lines)


def _plain(value: object) -> str:
    """Text from elsewhere, for a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    address, token = os.environ.get("LABKEEPER_URL", ""), os.environ.get("LABKEEPER_TOKEN", "")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _CommandError(
            "set LABKEEPER_URL to the address of Labkeeper's pages, such as https://labkeeper.example.org."
        )
    local = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    if parts.scheme == "http" and not local:
        raise _CommandError("LABKEEPER_URL must begin with https: a token would be read on its way.")
    if not token:
        raise _CommandError("set LABKEEPER_TOKEN to a token of JupyterHub that was made for this.")
    request = Request(
        f"{address.rstrip('/')}/api/v1/{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with build_opener(_NoRedirect()).open(request, timeout=_SECONDS) as response:
            answer = json.loads(response.read(_ANSWER_BYTES))
    except HTTPError as error:
        raise _CommandError(_said(error)) from error
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise _CommandError(f"{parts.netloc} does not answer as it should: {error}.") from error
    if not isinstance(answer, dict):
        raise _CommandError(f"{parts.netloc} does not answer as it should.")
    return answer


def _said(error: HTTPError) -> str:
    """The sentence of an answer that refuses."""
    try:
        message = json.loads(error.read(_ANSWER_BYTES)).get("message")
    except (ValueError, AttributeError, OSError):
        message = None
    return _plain(message) if message else f"it was refused, with status {error.code}."
