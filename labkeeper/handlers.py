"""What jupyter_server answers under `<base_url>labkeeper/`: the page's WebSocket to the companion, and its health."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.httpclient import HTTPClientError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler

from .wire import connect

if TYPE_CHECKING:
    from .extension import Labkeeper

LARGEST_PAGE_FRAME_BYTES = 1024 * 1024
"""What a page may send at once: a piece of its journal. `PAGE_FRAME_BYTES` of companion/src/link/front-door.ts."""
RETRY_AFTER_S = 2
RESTARTING = 1012
"""Close code "service restart" (IANA's registry): the companion went without closing; come again."""


class LabkeeperHandler(JupyterHandler):
    """
    A request of the user's own page.

    Authenticated, authorised like the kernels' own channels, of this origin. Nothing that happens here counts as the
    user's activity unless a handler says so: only jupyter_server's APIHandler records any, and this is none.
    """

    needs = ("execute", "kernels")
    """What the server's authorizer is asked: action and resource."""
    refusal = "You may not use the kernels of this server."

    def initialize(self, labkeeper: Labkeeper) -> None:
        """Take the extension."""
        self.labkeeper = labkeeper

    async def allow(self) -> None:
        """Raise HTTPError 403 for whoever may not do this here, or who comes from a foreign page."""
        if not self.check_origin():
            raise HTTPError(403, "Requests from another site are refused.")
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, *self.needs)):
            raise HTTPError(403, self.refusal)

    def refuse(self, status: int, code: str, message: str, hint: str) -> None:
        """End the request with a `WireError` of the protocol."""
        self.set_status(status)
        if status == 503:
            self.set_header("Retry-After", str(RETRY_AFTER_S))
        self.finish_json({"code": code, "message": message, **({"hint": hint} if hint else {})})

    def finish_json(self, value: dict[str, Any]) -> None:
        """End the request with JSON."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(value))

    def refuse_away(self) -> None:
        """Say why there is no companion to talk to."""
        if self.labkeeper.disabled.companion:
            # 404, because coming again is of no use.
            self.refuse(
                404, "disabled", "Labkeeper is switched off on this server.", "Ask your administrator."
            )
        else:
            reason = self.labkeeper.away_reason
            self.refuse(
                503,
                "companion-away",
                f"Labkeeper's companion is not running: {reason}.",
                self.labkeeper.away_hint,
            )


class HealthHandler(LabkeeperHandler):
    """`GET labkeeper/health`: whether the companion runs, for `labkeeper doctor` and for people."""

    @authenticated
    async def get(self) -> None:
        """Answer 200 with what runs, or a `WireError` with 503, or 404 when switched off."""
        await self.allow()
        state = self.labkeeper.health()
        if state is None:
            self.refuse_away()
        else:
            self.finish_json(state)


class PageSocketHandler(WebSocketMixin, WebSocketHandler, LabkeeperHandler):
    """
    `labkeeper/ws`: carries one page's WebSocket to the companion's `/lab`.

    The companion is reached before the page's request is answered, so that a page hears "away" as a 503 with the
    reason and not as a socket that closes. A frame is read from one side only when the last was written to the
    other. No header, cookie or token goes through.
    """

    upstream: WebSocketClientConnection | None = None
    _pump: asyncio.Task[None] | None = None
    _left = False
    """Whether on_close has been called, which tornado does once, before or after the upgrade."""

    # Answers to pings are a user's activity for the hub's proxy, so none are sent whatever the server's setting is.
    ping_interval = 0  # type: ignore[assignment]
    ping_timeout = 0  # type: ignore[assignment]

    @property
    def max_message_size(self) -> int:
        """The largest frame taken from a page, in bytes; a larger one closes the socket with 1009, unread."""
        return LARGEST_PAGE_FRAME_BYTES

    def set_default_headers(self) -> None:
        """Set none: those of JupyterHandler make no sense for a WebSocket."""

    def get_compression_options(self) -> None:
        """Compress nothing: it costs more than it saves at these sizes."""

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose none."""
        return None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Reach the companion, then answer the upgrade."""
        await self.allow()
        path = self.labkeeper.companion_socket
        if path is None:
            self.refuse_away()
            return
        try:
            upstream = await connect(path, "/lab")
        except (OSError, HTTPClientError, StreamClosedError, WebSocketClosedError, asyncio.TimeoutError):
            # The reason is in the supervisor's words, which know more than this error.
            self.refuse_away()
            return
        if self._left:
            # The page went meanwhile: on_close has been called, and will not be again.
            upstream.close()
            return
        self.upstream = upstream
        try:
            await super().get(*args, **kwargs)
        finally:
            if self.ws_connection is None:
                # The request was no proper upgrade and has been answered, or the page is gone already.
                upstream.close()

    def open(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Begin to carry."""
        self.set_nodelay(True)
        self._pump = asyncio.ensure_future(self._carry_down())

    async def on_message(self, message: str | bytes) -> None:  # type: ignore[override]
        """Carry one frame up; the next is read when this one is written."""
        if self.upstream is not None:
            try:
                await self.upstream.write_message(message, binary=isinstance(message, bytes))
            except WebSocketClosedError:
                # The companion is gone: `_carry_down` sees the same and closes the page's side.
                pass

    def on_close(self) -> None:
        """Hand the page's close code on to the companion."""
        self._left = True
        if self.upstream is not None:
            self.upstream.close(*_sendable(self.close_code, self.close_reason))
        if self._pump is not None:
            self._pump.cancel()

    async def _carry_down(self) -> None:
        """Carry frames down until the companion closes; the next is read when the page has taken this one."""
        upstream = self.upstream
        assert upstream is not None
        try:
            while (message := await upstream.read_message()) is not None:
                await self.write_message(message, binary=isinstance(message, bytes))
        except WebSocketClosedError:
            # The page is going: `on_close` hands its code on to the companion, unless it has been called already.
            return
        finally:
            if self._left:
                upstream.close()
        code, reason = _sendable(upstream.close_code, upstream.close_reason)
        self.close(code or RESTARTING, reason or (None if code else "the companion went away"))


def _sendable(code: int | None, reason: str | None) -> tuple[int | None, str | None]:
    """1005, 1006 and 1015 stand for "no code came" and must not be sent (RFC 6455, 7.4.1)."""
    return (None, None) if code in (None, 1005, 1006, 1015) else (code, reason)
