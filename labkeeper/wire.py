"""The companion's side of the wire, as the server speaks it. The contract is packages/protocol."""

from __future__ import annotations

import json
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from .sockets import UnixResolver

PROTOCOL = 1
"""`PROTOCOL` of packages/protocol/src/envelope.ts."""
LONGEST_TEXT = 4096
"""`Text` of packages/protocol/src/values/units.ts, in UTF-16 units; longer ones would be refused whole."""
LONGEST_LONG_TEXT = 16384
"""`LongText`, likewise."""

CONNECT_TIMEOUT_S = 5.0
LARGEST_FRAME_BYTES = 16 * 1024 * 1024


def encode(method: str, params: dict[str, Any]) -> str:
    """Give the text of one message."""
    return json.dumps({"method": method, "params": params}, separators=(",", ":"))


def shorten(text: str, longest: int = LONGEST_TEXT) -> str:
    """Cut a text to what the protocol takes, counted as JavaScript counts."""
    units = text.encode("utf-16-le", errors="replace")
    if len(units) <= 2 * longest:
        return text
    return units[: 2 * (longest - 1)].decode("utf-16-le", errors="ignore") + "…"


def shorten_front(text: str, longest: int = LONGEST_LONG_TEXT) -> str:
    """Cut the beginning of a text, because its end says what happened."""
    units = text.encode("utf-16-le", errors="replace")
    if len(units) <= 2 * longest:
        return text
    return "…" + units[-2 * (longest - 1) :].decode("utf-16-le", errors="ignore")


async def connect(socket_path: str, address: str) -> WebSocketClientConnection:
    """
    Open a WebSocket to the companion.

    Without pings (the hub's proxy takes their answers for a user's activity) and without compression (it costs more
    than it saves). Reads one frame at a time: a frame is taken from the socket only when the last was asked for.

    Raises OSError and tornado's HTTPError and StreamClosedError.
    """
    return await websocket_connect(
        HTTPRequest(f"ws://labkeeper{address}", connect_timeout=CONNECT_TIMEOUT_S),
        resolver=UnixResolver(path=socket_path),
        ping_interval=0,
        max_message_size=LARGEST_FRAME_BYTES,
    )
