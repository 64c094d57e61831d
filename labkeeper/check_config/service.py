"""What Labkeeper will do: who starts the service, and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import SUMMARY

TIMEOUT_S = 3.0
"""For one question to another process."""


def check_service(config: Config) -> Iterator[Finding]:
    """Who starts the service, what users' servers are told, and where the pages are."""
    done = config.get(SUMMARY)
    if not done:
        yield Finding(
            "hub service",
            "broken",
            "The configuration does not call labkeeper.hub.configure(c).",
            "End it with: import labkeeper.hub; labkeeper.hub.configure(c, pages_url=…)",
        )
        return
    yield _started(done)
    if done["told"]:
        yield Finding("users' servers", "ok", f"They are told {done['service_url']}.")
    else:
        yield Finding(
            "users' servers",
            "note",
            "LABKEEPER_SERVICE_URL is set by the configuration itself, and stays as it is.",
            f"Remove it there if it is not meant; ours would be {done['service_url']}.",
        )
    yield from _several(done)
    yield _pages(done)


def _started(done: Any) -> Finding:
    if done["mode"] == "managed":
        return Finding("hub service", "ok", f"The hub starts it, with {done['detail']}, at {done['listen']}.")
    if done["mode"] == "none":
        return Finding(
            "hub service",
            "broken",
            "The hub starts without it; users' servers keep their records.",
            done["detail"],
        )
    url = done["service_url"]
    try:
        # Straight, because a proxy for the outside does not know this network.
        with build_opener(ProxyHandler({})).open(f"{url}health", timeout=TIMEOUT_S) as answer:
            status = answer.status
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Finding(
            "hub service",
            "note",
            f"The hub does not start it, and at {url} it does not answer from here: {reason}.",
            "Start it, or ask from where users' servers run; they keep their records until then.",
        )
    return Finding("hub service", "ok", f"The hub does not start it; at {url} it answers ({status}).")


def _several(done: Any) -> Iterator[Finding]:
    """Which other hubs share the service, as far as it is said here; nothing where none does."""
    if done.get("further"):
        url = done["hub_url"]
        entry = f'[[hub]] id = "{done["hub_id"]}", api_url = "{url or "https://THIS-HUB/"}hub/api", ' + (
            f'public_url = "{url or "https://THIS-HUB/"}", service_name = "{done["name"]}", token_file = "…"'
        )
        yield Finding(
            "several hubs",
            "note",
            f"This is the further hub {done['hub_id']} of a service elsewhere; servers here say so to it.",
            f"See that the file in that service's LABKEEPER_HUBS has an entry, each of these on a line: {entry}.",
        )


def _pages(done: Any) -> Finding:
    if done["pages_url"] is None:
        return Finding(
            "pages",
            "note",
            "None, because pages_url is not given: the log is written, and nobody can read it in a browser.",
            "configure(c, pages_url=…), with a host name of its own: on the hub's host any user's page could act in a"
            " reader's name.",
        )
    at = f", listening at {done['pages_listen']}" if done.get("pages_listen") else ""
    hub = f" People log in at {done['hub_url']}." if done["hub_url"] else ""
    return Finding("pages", "ok", f"At {done['pages_url']}{at}.{hub}")
