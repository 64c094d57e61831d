"""Starts the companion with the server, keeps it running, and ends it with the server."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .node import NodeError, find_node

COMPANION = Path(__file__).parent / "node" / "companion.mjs"
"""The companion's program; `npm run build` makes it and the wheel brings it."""

State = Literal["starting", "running", "away", "stopped"]

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
LONG_LIFE_S = 60.0
"""A companion that lived this long was healthy: the next pause is the first one again."""
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 1.5
"""In a container the whole stop takes 1.6 to 2.9 s before SIGKILL comes."""
FAREWELL = b"stopping\n"
"""What the companion is told on its standard input before an end that is wanted."""
LONGEST_LINE = 2000
LONGEST_LAST_WORDS = 300
"""Of the companion's last line, how much goes into the sentence that a page shows."""

_SAYS_NOTHING = re.compile(r"\s|$|-----|Node\.js v")
"""Lines that Node prints around an error: the frames of its stack, its version."""
_GAVE_UP = "FATAL ERROR"
"""How V8's last line begins when its heap is full, before it aborts."""

_PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "TZ",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "XDG_RUNTIME_DIR",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "MEM_LIMIT",
    "MEM_GUARANTEE",
    "CPU_LIMIT",
    "CPU_GUARANTEE",
    "NVIDIA_VISIBLE_DEVICES",
    "CUDA_VISIBLE_DEVICES",
    "JUPYTER_IMAGE",
    "JUPYTER_IMAGE_SPEC",
)
_PASSED_ON_PREFIXES = ("LC_", "LABKEEPER_")


def companion_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """
    Choose from the server's environment what the companion needs.

    A short list instead of everything: tokens and passwords of the user's image are none of its business.
    """
    return {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


@dataclass(frozen=True)
class Program:
    """What to run."""

    script: Path
    socket_path: str
    """Where it is to listen; what a dead companion left there is removed."""
    environment: Mapping[str, str]
    node_path: str = ""
    """A Node named in the configuration; empty = look for one."""
    node_arguments: Sequence[str] = ()
    arguments: Sequence[str] = ()

    def remove_old_socket(self) -> None:
        """Clear the way for the next companion."""
        Path(self.socket_path).unlink(missing_ok=True)


class Supervisor:
    """
    Runs one companion after another until it is stopped.

    Owns the process. Its standard input is a pipe that we hold: when it closes, by `stop` or because this server
    is gone, the companion ends by itself, so that no orphan stays.
    """

    def __init__(self, program: Program, log: logging.Logger, on_ready: Callable[[int], None]):
        """`on_ready` is called with the process id each time a companion listens."""
        self._program = program
        self._log = log
        self._on_ready = on_ready
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.state: State = "starting"
        self.reason = "it is just starting"
        """Why it is not running, as the end of a sentence; empty while it is."""
        self.hint = ""
        """What to do about it; empty when there is nothing to do but wait."""
        self.restarts = 0
        self._last_words = ""
        """The last line of the present companion's standard error that tells something."""

    @property
    def pid(self) -> int | None:
        """The companion's process id, while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begin; the work goes on in a task of the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """
        End the companion: say so on its standard input and close it, and after STOP_TIMEOUT_S kill it.

        Returns when it is gone.
        """
        self._stopping = True
        process = self._process
        if process is not None:
            _say_good_bye(process)
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except asyncio.TimeoutError:
                self._log.warning("Labkeeper: the companion did not end by itself and is killed.")
                _kill(process)
                await process.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.state, self.reason = "stopped", "the server is stopping"

    def end_at_exit(self) -> None:
        """
        End the companion in order when the interpreter exits without `stop`.

        jupyterhub-singleuser leaves its loop by KeyboardInterrupt at the hub's SIGINT and ends no extension; asyncio
        then kills the child while it is taken down, and the next start would explain a container that vanished.
        Not called after SIGKILL: such an end is to be explained.
        """
        self._stopping = True
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        pipe = process.stdin.transport.get_extra_info("pipe")
        try:
            os.write(pipe.fileno(), FAREWELL)
        except (OSError, ValueError):
            # It ended before us, or its input is closed: there is nobody to say good-bye to.
            return
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                if os.waitpid(process.pid, os.WNOHANG)[0] == process.pid:
                    return
            except ChildProcessError:
                # asyncio's own watcher has taken its status.
                return
            time.sleep(0.02)

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping:
            began = time.monotonic()
            try:
                await self._run_once()
            except Exception:
                # Nobody awaits this task: what nobody thought of must not end it without a word.
                self._log.exception("Labkeeper: running the companion failed.")
                self.reason = "it could not be run, for a reason that is in the server's log"
            if self._stopping:
                return
            if time.monotonic() - began >= LONG_LIFE_S:
                pause_s = FIRST_PAUSE_S
            self.state = "away"
            self._log.warning(
                "Labkeeper: %s; next try in %.1f s.%s", self.reason, pause_s, _spaced(self.hint)
            )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self.restarts += 1

    async def _run_once(self) -> None:
        """Run one companion to its end, and leave the reason of its end in `reason`."""
        self.hint = self._last_words = ""
        try:
            node = await asyncio.to_thread(find_node, None, self._program.node_path)
        except NodeError as error:
            self.reason, self.hint = _split(str(error))
            return
        if not self._program.script.is_file():
            self.reason = f"its program {self._program.script.name} is missing from the installation"
            self.hint = "Reinstall labkeeper-core; in a checkout run `npm run build`."
            return
        try:
            self._program.remove_old_socket()
            process = await asyncio.create_subprocess_exec(
                node.path,
                *self._program.node_arguments,
                str(self._program.script),
                *self._program.arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(self._program.environment),
                # Ctrl-C in a terminal must not reach it before the server has said good-bye.
                start_new_session=True,
            )
        except OSError as error:
            self.reason = f"Node could not be started: {error}"
            return
        self._process = process
        if self._stopping:
            # `stop` came while the process was being made and did not see it.
            _say_good_bye(process)
        try:
            log = asyncio.create_task(self._copy_log(process))
            beginning = await self._wait_until_ready(process)
            if beginning == "ready":
                self.state, self.reason = "running", ""
                self._log.info("Labkeeper: the companion runs with Node %s (%s).", node.version, node.source)
                self._on_ready(process.pid)
                await _drain(process)
            elif beginning == "late":
                _kill(process)
            code = await process.wait()
            await log
            if beginning == "late":
                self.reason = f"the companion did not listen within {START_TIMEOUT_S:.0f} s"
            else:
                self.reason = f"the companion ended {_how(code, self._last_words)}"
        except BaseException:
            # Cancelled by `stop`, or our own mistake: either way no companion may stay behind.
            _kill(process)
            raise
        finally:
            self._process = None

    async def _wait_until_ready(
        self, process: asyncio.subprocess.Process
    ) -> Literal["ready", "ended", "late"]:
        """Read standard output up to the line {"ready": true, …}."""
        assert process.stdout is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), deadline - time.monotonic())
            except asyncio.TimeoutError:
                return "late"
            except ValueError:
                # Longer than the reader's buffer: not the line that we wait for.
                continue
            if not line:
                return "ended"
            try:
                if json.loads(line).get("ready") is True:
                    return "ready"
            except (ValueError, AttributeError):
                self._log.info("Labkeeper: %s", _clean(line))

    async def _copy_log(self, process: asyncio.subprocess.Process) -> None:
        """Bring the companion's standard error into the server's log, line by line."""
        assert process.stderr is not None
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                self._log.info("Labkeeper: (a line too long for the log)")
                continue
            if not line:
                return
            text = _clean(line)
            self._log.info("Labkeeper: %s", text)
            if not _SAYS_NOTHING.match(text):
                self._last_words = text


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read and forget standard output until it closes, so that the companion never waits for us."""
    assert process.stdout is not None
    while await process.stdout.read(4096):
        pass


def _say_good_bye(process: asyncio.subprocess.Process) -> None:
    """Tell the companion that its end is wanted, and close its standard input."""
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.write(FAREWELL)
        process.stdin.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:
            # It ended between the look and the signal: that is what was wanted.
            pass


def _how(code: int, last_words: str) -> str:
    """Give the end of a sentence. A signal comes from outside, unless V8 has just given up."""
    how = f"by signal {-code}" if code < 0 else f"with status {code}"
    if not last_words or (code < 0 and not last_words.startswith(_GAVE_UP)):
        return how
    words = last_words.rstrip(".")
    return f"{how}: {words if len(words) <= LONGEST_LAST_WORDS else f'{words[:LONGEST_LAST_WORDS]}…'}"


def _clean(line: bytes) -> str:
    return line.decode(errors="replace").rstrip()[:LONGEST_LINE]


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


def _split(sentence: str) -> tuple[str, str]:
    """Take the first sentence of a message as its reason, without its end, and the others as the hint."""
    reason, _, hint = sentence.partition(". ")
    return reason.rstrip("."), hint
