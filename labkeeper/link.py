"""The server's own line to the companion: what happens to kernels, told in order, kept while nobody listens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import HTTPClientError
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from .wire import PROTOCOL, connect, encode

LONGEST_OUTBOX = 200
COALESCE_S = 0.02
"""Changes of the kernel list within this time go out as one."""
SAID_AGAIN_S = 1.0
"""What was sent this shortly before a companion died goes to the next one too: it may have died unread."""
FIRST_PAUSE_S = 0.1
UNEXPECTED_PAUSE_S = 2.0
"""After a mistake of our own, which the next try may repeat; each leaves a traceback in the log."""
LONGEST_PAUSE_S = 5.0

KERNEL_DIED = "server/kernel-died"
KERNEL_START_FAILED = "server/kernel-start-failed"
_DEATHS = (KERNEL_DIED, KERNEL_START_FAILED)


@dataclass
class Event:
    """Something that happened, with its own time inside."""

    method: str
    params: dict[str, Any]
    sent_at: float = field(default=0.0, compare=False)
    """Monotonic seconds of the last sending; 0 = never."""


class Outbox:
    """Events waiting for the companion, oldest first, at most LONGEST_OUTBOX; deaths are the last to be dropped."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Put an event at the end."""
        self._events.append(event)
        self._shorten()

    def put_back(self, events: list[Event]) -> None:
        """Put events that may not have arrived at the beginning, in their order."""
        self._events.extendleft(reversed(events))
        self._shorten()

    def take(self) -> Event | None:
        """Take the oldest event."""
        return self._events.popleft() if self._events else None

    def _shorten(self) -> None:
        """Drop what is too much: the oldest that is no death, else the oldest death."""
        while len(self._events) > LONGEST_OUTBOX:
            least = next((other for other in self._events if other.method not in _DEATHS), self._events[0])
            self._events.remove(least)
            self.dropped += 1


class CompanionLink:
    """
    One WebSocket to the companion's `/server`, opened again whenever it is lost.

    Owns its task; `stop` ends it. `hello` gives the parameters of the first message, `kernels` the whole list.
    """

    def __init__(
        self,
        socket_path: Callable[[], str | None],
        hello: Callable[[], dict[str, Any]],
        kernels: Callable[[], list[dict[str, Any]]],
        log: logging.Logger,
    ):
        self._socket_path = socket_path
        self._hello = hello
        self._kernels = kernels
        self._log = log
        self._outbox = Outbox()
        self._sent: deque[Event] = deque(maxlen=LONGEST_OUTBOX)
        self._wake = asyncio.Event()
        self._come = asyncio.Event()
        self._all_said = asyncio.Event()
        self._kernels_changed = False
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.connected = False
        self.failure = ""
        """Why there is no line although the companion listens, as the end of a sentence; empty when none is known."""

    def start(self) -> None:
        """Begin; the work goes on in a task of the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def companion_started(self) -> None:
        """Connect now instead of after the pause: a companion has just said that it listens."""
        self._come.set()

    def kernels_changed(self) -> None:
        """Tell the companion the new list, within COALESCE_S."""
        if not self._kernels_changed:
            self._kernels_changed = True
            asyncio.get_running_loop().call_later(COALESCE_S, self._wake.set)

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Send an event now, or when the companion is back."""
        self._outbox.add(Event(method, params))
        self._wake.set()

    async def stop(self, farewell: str, params: dict[str, Any], timeout_s: float = 0.3) -> None:
        """Say good-bye, wait at most `timeout_s` until all is said, and close."""
        if self.connected:
            self._all_said.clear()
            self.tell(farewell, params)
            try:
                await asyncio.wait_for(self._all_said.wait(), timeout_s)
            except asyncio.TimeoutError:
                # It does not listen; the server's end does not wait for it.
                pass
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping:
            self._come.clear()
            path = self._socket_path()
            if path is not None:
                try:
                    connection = await connect(path, "/server")
                    pause_s = FIRST_PAUSE_S
                    await self._talk(connection)
                except (
                    OSError,
                    HTTPClientError,
                    StreamClosedError,
                    WebSocketClosedError,
                    asyncio.TimeoutError,
                ):
                    # Not there, or not ready yet: the supervisor says so in the log, we only try again.
                    pass
                except Exception:
                    # Nobody awaits this task: what nobody thought of must not end it without a word.
                    self._log.exception("Labkeeper: the server's line to the companion failed.")
                    self.failure = "the server cannot talk to it, for a reason that is in the server's log"
                    pause_s = UNEXPECTED_PAUSE_S
            try:
                await asyncio.wait_for(self._come.wait(), pause_s)
            except asyncio.TimeoutError:
                # The pause is over.
                pass
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _talk(self, connection: WebSocketClientConnection) -> None:
        """Send until the connection is lost."""
        lost = asyncio.ensure_future(self._listen(connection))
        self.connected = True
        try:
            await connection.write_message(encode("hello", {"protocol": PROTOCOL, **self._hello()}))
            self.failure = ""
            self._kernels_changed = True
            self._wake.set()
            while not lost.done():
                wake = asyncio.ensure_future(self._wake.wait())
                await asyncio.wait({wake, lost}, return_when=asyncio.FIRST_COMPLETED)
                wake.cancel()
                self._wake.clear()
                await self._send_all(connection)
        except (StreamClosedError, WebSocketClosedError):
            # Lost while writing: what was not surely read is put back below.
            pass
        finally:
            self.connected = False
            lost.cancel()
            connection.close()
            since = time.monotonic() - SAID_AGAIN_S
            self._outbox.put_back([event for event in self._sent if event.sent_at >= since])
            self._sent.clear()

    async def _send_all(self, connection: WebSocketClientConnection) -> None:
        """Send what waits. Each write is awaited, so a companion that does not read fills no memory here."""
        while True:
            if self._kernels_changed:
                # First the list: an event about a kernel then finds it known.
                self._kernels_changed = False
                await connection.write_message(encode("server/kernels", {"kernels": self._kernels()}))
            event = self._outbox.take()
            if event is None:
                self._all_said.set()
                return
            # Before it counts as sent: an event that cannot be put into words must not be tried for ever.
            text = encode(event.method, event.params)
            event.sent_at = time.monotonic()
            self._sent.append(event)
            await connection.write_message(text)

    async def _listen(self, connection: WebSocketClientConnection) -> None:
        """Return when the connection is lost; whatever the companion says here is of no use to us."""
        while await connection.read_message() is not None:
            pass
        if not self._stopping:
            self._log.debug("Labkeeper: the companion closed its line (%s).", connection.close_code)
