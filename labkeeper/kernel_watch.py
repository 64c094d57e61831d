"""Watches the kernels of this server, whose parent process we are, and tells the companion what happens to them."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import time
import uuid
from typing import Any, Protocol

from .belongings import Belonging, Belongings
from .hooks import call_around, call_before
from .kernels import Intent, KernelRecord, failure
from .link import KERNEL_DIED, KERNEL_START_FAILED
from .processes import UNKNOWN, Exit, ProcessWatch
from .stderr import StderrTail

KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
KERNEL_FATE = "server/kernel-fate"
RECONCILE_PERIOD_S = 5.0
"""Everything comes by events; this finds what a manager of another kind did without any."""

_starting: contextvars.ContextVar[Belonging | None] = contextvars.ContextVar(
    "labkeeper_starting", default=None
)
_culling: contextvars.ContextVar[bool] = contextvars.ContextVar("labkeeper_culling", default=False)


class Listener(Protocol):
    """Who is told: the link to the companion."""

    def kernels_changed(self) -> None:
        """The list has changed."""

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Something happened."""


class KernelWatch:
    """
    Follows each kernel from its start to its end.

    What it adds to jupyter_server's objects only looks: methods of the two managers are wrapped on the instance, so
    that a request is known before the process ends; a kernel's standard error is passed on through us
    (`keep_stderr`). Owns the pidfds, pipes and its timer; `stop` gives them back.
    """

    def __init__(
        self,
        kernel_manager: Any,
        session_manager: Any,
        event_logger: Any,
        listener: Listener,
        log: logging.Logger,
        keep_stderr: bool = True,
    ):
        self._kernels = kernel_manager
        self._sessions = session_manager
        self._belongings = Belongings(session_manager, self._belongings_read, log)
        self._event_logger = event_logger
        self._listener = listener
        self._log = log
        self._keep_stderr = keep_stderr
        self._records: dict[str, KernelRecord] = {}
        self._stopping = False
        self._timer: asyncio.TimerHandle | None = None

    def install(self) -> None:
        """Begin to listen in. Before the first kernel starts; needs no running loop."""
        log = self._log
        call_before(self._kernels, "restart_kernel", functools.partial(self._asked, "restart"), log)
        call_before(self._kernels, "shutdown_kernel", functools.partial(self._asked, "shutdown"), log)
        call_around(self._kernels, "cull_kernel_if_idle", _cull)
        call_before(self._kernels, "shutdown_all", self._asked_all, log)
        call_before(self._kernels, "remove_kernel", self._removed, log)
        self._listen_to_creation()
        call_around(self._sessions, "start_kernel_for_session", _start_for_session)
        self._belongings.install()
        if self._event_logger is not None:
            self._event_logger.add_listener(schema_id=KERNEL_ACTIONS, listener=self._on_action)

    def start(self) -> None:
        """Look at what is there already, and now and then again. Needs the running loop."""
        self._reconcile()
        self._belongings.read()

    def stop(self) -> None:
        """The server stops: whatever ends from now on ends for that reason."""
        self._stopping = True

    def close(self) -> None:
        """Give back all descriptors and timers."""
        if self._timer is not None:
            self._timer.cancel()
        self._belongings.close()
        for record in self._records.values():
            if record.watch is not None:
                record.watch.close()

    def kernels(self) -> list[dict[str, Any]]:
        """Give all kernels, as the protocol has them."""
        return [
            record.to_message()
            for record in self._records.values()
            # One that is still being started is neither here nor elsewhere.
            if not record.removed and (record.pid is not None or record.elsewhere)
        ]

    # ---- what jupyter_server's objects tell

    def _listen_to_creation(self) -> None:
        """Take each kernel's manager when it is made, before its process exists."""
        original = getattr(self._kernels, "pre_start_kernel", None)
        if not callable(original):
            return

        @functools.wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            try:
                manager, _name, kernel_id = result
                self._created(kernel_id, manager)
            except Exception:
                self._log.exception("Labkeeper: could not note a kernel's start.")
            return result

        self._kernels.pre_start_kernel = wrapped

    def _created(self, kernel_id: str, manager: Any) -> KernelRecord:
        record = KernelRecord(
            kernel_id, manager, self._belongings.of(kernel_id) or _starting.get() or Belonging()
        )
        self._records[kernel_id] = record
        if _has_trait(manager, "execution_state"):
            manager.observe(
                lambda change: self._state_changed(record, change["new"]), names="execution_state"
            )
        launch = getattr(manager, "_async_launch_kernel", None)
        if callable(launch):

            @functools.wraps(launch)
            async def launch_and_watch(*args: Any, **kwargs: Any) -> Any:
                return await self._launch(record, launch, *args, **kwargs)

            manager._async_launch_kernel = launch_and_watch
        return record

    async def _launch(self, record: KernelRecord, launch: Any, *args: Any, **kwargs: Any) -> Any:
        """Start a kernel's process with its standard error going through us, and watch it from its first moment."""
        tail: StderrTail | None = None
        # What a provisioner of another kind would do with a file descriptor, nobody knows.
        local = record.manager.provisioner.__class__.__module__.startswith("jupyter_client.")
        if self._keep_stderr and local and "stderr" not in kwargs:
            try:
                tail = StderrTail()
            except OSError as error:
                self._log.warning("Labkeeper: cannot keep the standard error of a kernel: %s", error)
            else:
                kwargs["stderr"] = tail.write_fd
        try:
            return await launch(*args, **kwargs)
        finally:
            if tail is not None:
                tail.started()
                record.stderr = tail
            self._look_for_process(record)

    async def _on_action(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        """Hear of a start, restart or shutdown that was done or failed."""
        kernel_id = data.get("kernel_id") or ""
        record = self._records.get(kernel_id)
        failed = data.get("status") == "error"
        action = data.get("action")
        if action == "start" and failed:
            self._start_failed(kernel_id, record, data)
        elif action == "restart" and failed and record is not None:
            self._restart_failed(record, str(data.get("msg", "")))
        elif action in ("start", "restart"):
            if record is not None:
                self._look_for_process(record)
                # Made after the launch, at the end of the first start.
                self._follow_restarter(record)
            self._reconcile()
            self._belongings.read()

    def _asked(self, intent: Intent, kernel_id: str, *args: Any, **kwargs: Any) -> None:
        record = self._records.get(kernel_id)
        if record is None:
            return
        if intent == "restart":
            record.restart_pending = "user"
        record.asked = ("cull" if intent == "shutdown" and _culling.get() else intent, time.monotonic())

    def _asked_all(self, *args: Any, **kwargs: Any) -> None:
        for record in self._records.values():
            record.asked = ("server-stop" if self._stopping else "shutdown", time.monotonic())

    def _removed(self, kernel_id: str, *args: Any, **kwargs: Any) -> None:
        record = self._records.get(kernel_id)
        if record is None:
            return
        record.removed = True
        if record.watch is not None:
            record.watch.look()
        if record.watch is None:
            self._forget(record)
        self._listener.kernels_changed()

    def _forget(self, record: KernelRecord) -> None:
        """Drop the record, unless its id belongs to another kernel already."""
        if self._records.get(record.kernel_id) is record:
            del self._records[record.kernel_id]

    def _state_changed(self, record: KernelRecord, state: Any) -> None:
        record.fresh = True
        if isinstance(state, str) and record.set_state(state):
            self._listener.kernels_changed()

    # ---- processes

    def _look_for_process(self, record: KernelRecord) -> None:
        """Watch the kernel's process if it is a new one."""
        process = record.local_process()
        if process is None or record.removed:
            return
        if record.watch is not None:
            if record.watch.process is process:
                return
            # A new process while the old one is not known to be gone: it is, jupyter_client has seen to that.
            record.watch.look()
            if record.watch is not None:
                record.watch.close()
        elif record.pid == process.pid:
            return
        restarted = record.restart_pending
        record.process_started(process.pid)
        if not record.fresh and _has_trait(record.manager, "last_activity"):
            self._wait_for_first_word(record)
        record.watch = ProcessWatch(
            process, lambda at_ms, ended: self._ended(record, process.pid, at_ms, ended)
        )
        self._listener.kernels_changed()
        if restarted:
            record.restart_pending = ""
            self._tell_fate(record, "restarted")

    def _wait_for_first_word(self, record: KernelRecord) -> None:
        """
        Take the manager's state again once the new process was heard of.

        jupyter_server keeps the state of a dead kernel over a restart, and a trait that does not change tells nothing;
        its `last_activity` does, with each message.
        """

        def heard(_change: Any) -> None:
            record.manager.unobserve(heard, names="last_activity")
            if not record.fresh:
                # `last_activity` is set just before `execution_state`.
                asyncio.get_running_loop().call_soon(
                    lambda: self._state_changed(record, record.manager.execution_state)
                )

        record.manager.observe(heard, names="last_activity")

    def _follow_restarter(self, record: KernelRecord) -> None:
        """Hear of the restarter's decisions. It is made at the first start and lives as long as the manager."""
        restarter = getattr(record.manager, "_restarter", None)
        if restarter is None or record.restarter is restarter:
            return
        record.restarter = restarter
        restarter.add_callback(lambda: self._restarting(record), "restart")
        restarter.add_callback(lambda: self._gave_up(record), "dead")

    def _restarting(self, record: KernelRecord) -> None:
        if record.watch is not None:
            # The restarter saw the end before the loop came to us: it is told first, and for what it was.
            record.watch.look()
        record.restart_pending = "auto"
        self._tell_fate(record, "restarting")

    def _gave_up(self, record: KernelRecord) -> None:
        if record.watch is not None:
            record.watch.look()
        record.restart_pending = ""
        self._tell_fate(record, "gave-up")

    def _ended(self, record: KernelRecord, pid: int, at_ms: int, ended: Exit) -> None:
        """Tell how a kernel's process ended."""
        watch, record.watch = record.watch, None
        lived_s = time.monotonic() - watch.began if watch else 0.0
        intent = record.intent(self._stopping)
        failed = record.start_failure(ended, lived_s) if intent == "none" else None
        kernel = record.to_message()
        if failed is not None:
            self._listener.tell(
                KERNEL_START_FAILED, {"kernel": kernel, "atMs": at_ms, "exit": ended, "startFailure": failed}
            )
            if not getattr(record.manager, "autorestart", False):
                # Nobody tries again.
                self._tell_fate(record, "gave-up", failed)
        else:
            self._listener.tell(
                KERNEL_DIED,
                {
                    "kernel": kernel,
                    "pid": pid,
                    "atMs": at_ms,
                    "exit": ended,
                    "intent": intent,
                    "peakBytes": watch.peak_bytes if watch else None,
                },
            )
        record.stderr = None
        if record.removed:
            self._forget(record)
        else:
            record.set_state("dead")
            self._listener.kernels_changed()

    # ---- failures and fates

    def _start_failed(self, kernel_id: str, record: KernelRecord | None, data: dict[str, Any]) -> None:
        message = str(data.get("msg", "")) or "The kernel could not be started."
        if record is None:
            record = KernelRecord(kernel_id or str(uuid.uuid4()), None, _starting.get() or Belonging())
        self._forget(record)
        record.set_state("dead")
        kernel = record.to_message()
        if data.get("kernel_name"):
            kernel["kernelName"] = str(data["kernel_name"])
        tail = record.stderr.text() if record.stderr else ""
        self._listener.tell(
            KERNEL_START_FAILED,
            {"kernel": kernel, "atMs": _now_ms(), "exit": UNKNOWN, "startFailure": failure(message, tail)},
        )

    def _restart_failed(self, record: KernelRecord, message: str) -> None:
        """Tell that the new process could not be started; the old one's end was told before."""
        if record.restart_pending == "auto":
            # jupyter_client stops its restarter before it starts the process, and nobody tries again.
            self._tell_fate(record, "gave-up", failure(message))
        else:
            self._listener.tell(
                KERNEL_START_FAILED,
                {
                    "kernel": record.to_message(),
                    "atMs": _now_ms(),
                    "exit": UNKNOWN,
                    "startFailure": failure(message),
                },
            )
        record.restart_pending = ""

    def _tell_fate(self, record: KernelRecord, fate: str, failed: dict[str, str] | None = None) -> None:
        self._listener.tell(KERNEL_FATE, {"kernelId": record.kernel_id, "fate": fate, "startFailure": failed})

    def _belongings_read(self) -> None:
        """Take what the sessions say now."""
        for record in self._records.values():
            belonging = self._belongings.of(record.kernel_id)
            if belonging is not None and belonging != record.belonging:
                record.belonging = belonging
                self._listener.kernels_changed()

    # ---- what no event tells

    def _reconcile(self) -> None:
        """Compare with jupyter_server's own list."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            self._compare()
        except Exception:
            self._log.exception("Labkeeper: could not read the list of kernels.")
        if not self._stopping:
            self._timer = asyncio.get_running_loop().call_later(RECONCILE_PERIOD_S, self._reconcile)

    def _compare(self) -> None:
        present = set(self._kernels.list_kernel_ids())
        for kernel_id in present:
            manager = self._kernels.get_kernel(kernel_id)
            record = self._records.get(kernel_id)
            if record is None or record.manager is not manager:
                record = self._created(kernel_id, manager)
                self._listener.kernels_changed()
            self._look_for_process(record)
            self._follow_restarter(record)
            if (record.watch is not None and record.fresh) or record.elsewhere:
                self._state_changed(record, getattr(manager, "execution_state", None))


def _cull(*args: Any, **kwargs: Any) -> Any:
    token = _culling.set(True)
    return lambda: _culling.reset(token)


def _start_for_session(
    session_id: str = "",
    path: str | None = None,
    name: str | None = None,
    type: str | None = None,
    *_: Any,
    **__: Any,
) -> Any:
    token = _starting.set(Belonging(path, name or "", type or ""))
    return lambda: _starting.reset(token)


def _has_trait(manager: Any, name: str) -> bool:
    has_trait = getattr(manager, "has_trait", None)
    return bool(has_trait and has_trait(name))


def _now_ms() -> int:
    return int(time.time() * 1000)
