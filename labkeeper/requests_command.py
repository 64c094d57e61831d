"""`labkeeper requests`: the inbox of requests in a terminal."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

from .admin_api import AdminApi, ApiError
from .plain_text import moment, plain, plain_lines, table

_FURTHER_IN = 11 * " "
"""Than the facts of a request."""


def add_requests_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    requests = commands.add_parser(
        "requests",
        help="list, show, answer and decide requests of researchers, with a token from your own machine",
        description="Needs LABKEEPER_URL (the address of Labkeeper's pages) and LABKEEPER_TOKEN (a token of JupyterHub "
        "with access:services!service=labkeeper and custom:labkeeper:approve; to read alone, custom:labkeeper:audit). "
        "Status 0 = done, 1 = you were asked and did not say yes, 2 = the service could not be asked, or refused.",
    )
    deeds = requests.add_subparsers(dest="deed", metavar="DEED")
    show_list = deeds.add_parser("list", help="list requests, open ones first (the default)")
    for name in ("kind", "state", "user"):
        show_list.add_argument(f"--{name}", help=f"only this {name}")
    show_list.add_argument("--limit", type=int, default=50, help="requests at most (default: %(default)s)")
    show = deeds.add_parser("show", help="show one request with its whole story")
    approve = deeds.add_parser("approve", help="approve a request, or close one for help as helped")
    deny = deeds.add_parser("deny", help="deny a request, or decline one for help")
    answer = deeds.add_parser("answer", help="write in a request's thread")
    for deed in (show, approve, deny, answer):
        deed.add_argument("id", help="the request's id, or the first 8 digits of it or more")
    for deed in (approve, deny):
        deed.add_argument("--reason", required=True, help="why; the person reads it, and it stays on record")
        deed.add_argument(
            "--version",
            type=int,
            help="that you have seen; without it, the one that is shown before you confirm",
        )
    answer.add_argument("text", help="what the person reads")
    for deed in (show_list, show, approve, deny, answer):
        deed.add_argument("--json", action="store_true", help="print JSON")


def run_requests(
    parsed: argparse.Namespace, open_api: Callable[[], AdminApi] = AdminApi.from_environment
) -> int:
    """Run it; its status."""
    try:
        return _run(parsed, open_api())
    except ApiError as error:
        print(f"labkeeper requests: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(parsed: argparse.Namespace, api: AdminApi) -> int:
    if parsed.deed in (None, "list"):
        return _list(parsed, api)
    if parsed.deed == "show":
        return _tell(api.get("requests", parsed.id), parsed.json)
    if parsed.deed == "answer":
        body = {"id": str(uuid.uuid4()), "text": parsed.text}
        return _tell(api.post("requests", parsed.id, "messages", body=body), parsed.json)
    name, version = parsed.id, parsed.version
    if version is None:
        seen = api.get("requests", name)
        if not _is_confirmed(seen, parsed.deed):
            return 1
        # By its whole id: of the first digits there may be another one by now.
        name, version = seen["id"], seen["version"]
    body = {"version": version, "decision": parsed.deed, "reason": parsed.reason}
    return _tell(api.post("requests", name, "decide", body=body), parsed.json)


def _is_confirmed(request: dict[str, Any], deed: str) -> bool:
    """Nobody decides about what she has not seen: show it and ask."""
    if not sys.stdin.isatty():
        raise ApiError(
            "Name the --version that you have seen, as `show` tells it: there is nobody here to ask."
        )
    # On stderr: stdout has the answer alone, which may be JSON.
    print(f"{_story(request)}\n{deed} this? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        answer = input()
    except EOFError:
        print(file=sys.stderr)
        return False
    return answer.strip().lower() in ("y", "yes")


def _list(parsed: argparse.Namespace, api: AdminApi) -> int:
    query = {name: getattr(parsed, name, None) for name in ("kind", "state", "user")}
    limit = max(1, getattr(parsed, "limit", 50))
    requests: list[dict[str, Any]] = []
    after = None
    while len(requests) < limit:
        answer = api.get("requests", **query, after=after)
        requests += answer["requests"]
        after = answer["next"]
        if after is None:
            break
    requests = requests[:limit]
    if getattr(parsed, "json", False):
        for request in requests:
            print(json.dumps(request, sort_keys=True))
    elif not requests:
        print("There are no such requests.")
    else:
        rows = [
            [
                r["id"],
                r["state"],
                r["want"]["kind"],
                r["user"] or "(erased)",
                moment(r["createdAtMs"]),
                _want(r["want"]),
            ]
            for r in requests
        ]
        print(table(["ID", "STATE", "KIND", "USER", "ASKED (UTC)", "WHAT"], rows))
    return 0


def _tell(request: dict[str, Any], as_json: bool) -> int:
    print(json.dumps(request, sort_keys=True) if as_json else _story(request))
    return 0


def _want(want: dict[str, Any]) -> str:
    if want["kind"] == "package":
        return " ".join(filter(None, [want["name"], want["version"]]))
    return str(want.get("title") or want.get("tier") or want["kind"])


def _story(request: dict[str, Any]) -> str:
    lines = [
        f"{request['want']['kind']}: {plain(_want(request['want']))}",
        f"id       {request['id']}",
        f"state    {request['state']}, version {request['version']}",
        f"who      {plain(request['user'] or '(erased)')}, asked {moment(request['createdAtMs'])} UTC from a container",
        _said("why      ", request["reason"]),
    ]
    if request["decision"]:
        decision = request["decision"]
        lines.append(
            _said(
                f"decided  by {plain(decision['by'])}, {moment(decision['atMs'])} UTC: ", decision["reason"]
            )
        )
    for section in request["evidence"]:
        lines.append(f"\n{plain(section['title'])}")
        lines += [_said(f"  {plain(line['label'])}: ", line["text"]) for line in section["lines"]]
    lines += [
        _said(f"\n{moment(message['atMs'])} {plain(message['by'])}: ", message["text"])
        for message in request["thread"]
    ]
    return "\n".join(lines)


def _said(head: str, text: str) -> str:
    """Put a text behind its head; of several lines each stands further in than any head, so that none looks like one."""
    lines = plain_lines(text)
    if len(lines) == 1:
        return head + lines[0]
    return "\n".join([head.rstrip(), *(f"{_FURTHER_IN}{line}".rstrip() for line in lines)])
