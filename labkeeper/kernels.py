"""One kernel of this server: its process, its state, and whether somebody asked for its end."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_client.provisioning import LocalProvisioner

from .belongings import Belonging
from .processes import Exit, ProcessWatch
from .stderr import StderrTail
from .wire import LONGEST_LONG_TEXT, shorten, shorten_front

Intent = Literal["none", "restart", "shutdown", "cull", "server-stop"]

INTENT_LASTS_S = 60.0
"""How long after a request its end is put down to it: jupyter_client waits for 5 s before it kills."""
START_WINDOW_S = 30.0
"""A process that ends by a status this soon, without a word to the server, could not start."""

_ERROR_LINE = re.compile(r"error|exception|cannot|can't|no module|not found|no such", re.IGNORECASE)


@dataclass
class KernelRecord:
    """What is known about one kernel of jupyter_server."""

    kernel_id: str
    manager: Any
    """jupyter_client's KernelManager, or the gateway's stand-in."""
    belonging: Belonging = field(default_factory=Belonging)
    watch: ProcessWatch | None = None
    """The process that is watched; None before the first start, between two processes, and for one elsewhere."""
    stderr: StderrTail | None = None
    pid: int | None = None
    """Of the present process, or the last one until the next."""
    state: str = "starting"
    state_since_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    fresh: bool = True
    """False after a restart, while the manager's `execution_state` is still the one of the dead process."""
    answered: bool = False
    """Whether the present process has been heard of."""
    ever_answered: bool = False
    asked: tuple[Intent, float] | None = None
    """Who asked for the end of the present process, and when (monotonic seconds)."""
    restart_pending: Literal["", "auto", "user"] = ""
    restarter: Any = None
    """jupyter_client's restarter, once we listen to it."""
    removed: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether the kernel runs, but not as a process of this server."""
        if self.pid is not None or isinstance(getattr(self.manager, "provisioner", None), LocalProvisioner):
            return False
        ready = getattr(self.manager, "ready", None)
        return ready is None or ready.done()

    @property
    def kernel_name(self) -> str:
        """The kernelspec's name."""
        return str(getattr(self.manager, "kernel_name", "") or "unknown")

    def local_process(self) -> Any | None:
        """Give the Popen of a kernel that runs here; None for one that runs elsewhere or not yet."""
        provisioner = getattr(self.manager, "provisioner", None)
        process = getattr(provisioner, "process", None)
        return process if isinstance(provisioner, LocalProvisioner) and process is not None else None

    def set_state(self, state: str) -> bool:
        """Take a new state. Returns whether it is one."""
        if state not in ("starting", "dead", ""):
            self.answered = self.ever_answered = True
        if state == self.state:
            return False
        self.state = state
        self.state_since_ms = int(time.time() * 1000)
        return True

    def process_started(self, pid: int) -> None:
        """Forget the last process."""
        if self.pid is not None:
            # The manager still holds the state of the dead process until the new one is heard of.
            self.fresh = False
        self.pid = pid
        self.answered = False
        self.asked = None
        self.state = ""
        self.set_state("starting")

    def intent(self, server_stopping: bool) -> Intent:
        """Say who wanted the process that ended just now to end."""
        shutting_down = getattr(self.manager, "shutting_down", None)
        if server_stopping:
            return "server-stop"
        if self.asked is not None and shutting_down is not False:
            intent, at = self.asked
            if time.monotonic() - at <= INTENT_LASTS_S:
                return intent
        # Somebody went to the kernel's own manager: ended on purpose, though not how.
        return "shutdown" if shutting_down is True else "none"

    def start_failure(self, ended: Exit, lived_s: float) -> dict[str, str] | None:
        """Give the failure when the process ended before it could be a kernel; None when it was one."""
        if self.answered or ended["how"] != "code" or ended["code"] == 0 or lived_s > START_WINDOW_S:
            return None
        tail = self.stderr.text() if self.stderr else ""
        last = last_line(tail)
        # A kernel that worked may end by itself right after a restart, and the message that it was busy be lost.
        if self.ever_answered and not _ERROR_LINE.search(last):
            return None
        message = last or f"The kernel's process ended with status {ended['code']} before it answered."
        return failure(message, tail)

    def to_message(self) -> dict[str, Any]:
        """Give the `Kernel` of the protocol."""
        return {
            "kernelId": shorten(self.kernel_id, 128),
            "pid": self.pid,
            "kernelName": shorten(self.kernel_name),
            "path": None if self.belonging.path is None else shorten(self.belonging.path),
            "title": shorten(self.belonging.title(self.kernel_name)),
            "owner": self.belonging.owner,
            "state": shorten(self.state),
            "stateSinceMs": self.state_since_ms,
        }


def failure(message: str, stderr_tail: str = "") -> dict[str, str]:
    """Give the `StartFailure` of the protocol."""
    return {
        "message": shorten(message, LONGEST_LONG_TEXT),
        "stderrTail": shorten_front(stderr_tail, LONGEST_LONG_TEXT),
    }


def last_line(text: str) -> str:
    """Give the last line that says something, without the colours of a terminal."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return next((line.strip() for line in reversed(plain.splitlines()) if line.strip()), "")
