"""The jupyter_server extension: starts the companion with the server, watches its kernels, carries its pages."""

from __future__ import annotations

import atexit
import os
import shlex
import time
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.contents.manager import ContentsManager
from traitlets import Bool, List, Unicode

from ._version import __version__
from .audit_environment import audit_environment
from .compare_write import CompareWrite
from .contents_handler import ContentsHandler
from .handlers import HealthHandler, PageSocketHandler
from .idle import IdleTeller
from .kernel_watch import KernelWatch
from .link import CompanionLink
from .pages import extend_page_config
from .parts import Disabled, read_disabled
from .plain_files import is_plain
from .sockets import PrivateSocket, make_private_socket, remove_old_sockets
from .supervisor import COMPANION, Program, Supervisor, companion_environment


class Labkeeper(ExtensionApp):
    """Configuration of Labkeeper on one server: `c.Labkeeper.…` in a jupyter_server configuration file."""

    name = "labkeeper"
    description = "Keeps kernels alive and explains their deaths."
    load_other_extensions = True

    disable = Unicode(
        "",
        help="""Parts to switch off, separated by commas: companion, meter, deaths, notices, oom-score,
        flight-recorder, gpu, save-guard, reclaim, audit; or 1 for everything. Adds to the environment variable
        LABKEEPER_DISABLE.""",
    ).tag(config=True)
    runbook_url = Unicode(
        "",
        help="""Where people read more about the death of a kernel; shown in the dialog.
        Wins over the environment variable LABKEEPER_RUNBOOK_URL.""",
    ).tag(config=True)
    node_path = Unicode("", help="The Node (22 or newer) that runs the companion; empty = look for one.").tag(
        config=True
    )
    node_arguments = List(
        Unicode(),
        default_value=["--max-semi-space-size=1", "--max-old-space-size=64", "--optimize-for-size"],
        help="Arguments for Node itself; by default they keep its memory small.",
    ).tag(config=True)
    companion_script = Unicode(
        str(COMPANION), help="The companion's program; another one is for development."
    ).tag(config=True)
    companion_arguments = List(Unicode(), help="Further arguments for the companion.").tag(config=True)
    keep_stderr = Bool(
        True,
        help="""Whether the standard error of local kernels goes through Labkeeper on its way to the server's, so
        that the reason why a kernel cannot start is known and shown.""",
    ).tag(config=True)

    # ExtensionApp declares these with types of its own; set when the extension is loaded.
    documents: CompareWrite
    disabled: Disabled = Disabled((), ())
    supervisor: Supervisor | None = None
    link: CompanionLink | None = None
    watch: KernelWatch | None = None
    private_socket: PrivateSocket | None = None
    idle: IdleTeller | None = None
    _failure = ""

    def initialize_settings(self) -> None:
        """Read what is off, tell the pages, and begin with the server's loop."""
        self.disabled = read_disabled(os.environ.get("LABKEEPER_DISABLE", ""), self.disable)
        if self.disabled.warning:
            self.log.warning("Labkeeper: %s", self.disabled.warning)
        extend_page_config(self.settings, self.disabled)
        if self.disabled.companion:
            self.log.info("Labkeeper is switched off (LABKEEPER_DISABLE).")
            return
        app = self.serverapp
        self.watch = KernelWatch(
            app.kernel_manager,
            app.session_manager,
            getattr(app, "event_logger", None),
            listener=self,
            log=self.log,
            keep_stderr=self.keep_stderr,
        )
        self.watch.install()
        app.io_loop.add_callback(self._start)

    def initialize_handlers(self) -> None:
        """Register our addresses."""
        self.documents = CompareWrite(lambda: self.serverapp.contents_manager, self.log)
        self.handlers.append((r"labkeeper/health", HealthHandler, {"labkeeper": self}))
        self.handlers.append((r"labkeeper/ws", PageSocketHandler, {"labkeeper": self}))
        self.handlers.append((r"labkeeper/contents/(.+)", ContentsHandler, {"labkeeper": self}))

    async def stop_extension(self) -> None:
        """Say good-bye to the companion and end it. jupyter_server calls this before it ends the kernels."""
        if self.watch is not None:
            self.watch.stop()
        if self.idle is not None:
            self.idle.stop()
        if self.link is not None:
            await self.link.stop("server/stopping", {"atMs": _now_ms()})
        if self.supervisor is not None:
            atexit.unregister(self.supervisor.end_at_exit)
            await self.supervisor.stop()
        if self.private_socket is not None:
            self.private_socket.remove()
        if self.watch is not None:
            self.watch.close()

    # ---- for the handlers

    @property
    def companion_socket(self) -> str | None:
        """The socket of a companion that listens; None while there is none."""
        if (
            self.supervisor is not None
            and self.supervisor.state == "running"
            and self.private_socket is not None
        ):
            return self.private_socket.path
        return None

    @property
    def away_reason(self) -> str:
        """Why there is none, as the end of a sentence."""
        if self.link is not None and self.link.failure and self.companion_socket is not None:
            return self.link.failure
        if self.supervisor is None:
            return self._failure or "it is just starting"
        return self.supervisor.reason or "it does not answer"

    @property
    def away_hint(self) -> str:
        """What to do about it; may be empty."""
        return self.supervisor.hint if self.supervisor is not None else ""

    def health(self) -> dict[str, Any] | None:
        """Say what runs; None when the companion does not."""
        if self.companion_socket is None or (self.link is not None and not self.link.connected):
            return None
        return {
            "ok": True,
            "build": __version__,
            "companionPid": self.supervisor.pid if self.supervisor else None,
            "restarts": self.supervisor.restarts if self.supervisor else 0,
            "disabled": list(self.disabled.parts),
        }

    # ---- listener of the kernel watch

    def kernels_changed(self) -> None:
        """The list of kernels has changed."""
        if self.link is not None:
            self.link.kernels_changed()

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Something happened to a kernel."""
        if self.link is not None:
            self.link.tell(method, params)

    def _tell_idle(self, method: str, params: dict[str, Any]) -> None:
        """Only to one that listens: what it was is of no use to a later one."""
        if self.link is not None and self.link.connected:
            self.link.tell(method, params)

    # ---- start

    async def _start(self) -> None:
        assert self.watch is not None
        self.link = CompanionLink(lambda: self.companion_socket, self._hello, self.watch.kernels, self.log)
        self.watch.start()
        self._start_companion()
        self.link.start()
        # Nobody else wants to know.
        if os.environ.get("LABKEEPER_CULL_TIMEOUT_MINUTES", "").strip():
            self.idle = IdleTeller(self.serverapp.web_app.last_activity, self._tell_idle, self.log)
            self.idle.start()

    def _start_companion(self) -> None:
        try:
            remove_old_sockets(jupyter_runtime_dir(), time.time())
            self.private_socket = make_private_socket(jupyter_runtime_dir())
            # jupyter_server does not stop its extensions when it is interrupted away from a terminal.
            atexit.register(self.private_socket.remove)
        except OSError as error:
            self._failure = f"no folder for its socket can be made ({error})"
            self.log.error("Labkeeper: %s", self._failure)
            return
        environment = companion_environment(os.environ)
        environment["LABKEEPER_SOCKET"] = self.private_socket.path
        environment["LABKEEPER_SERVER_PID"] = str(os.getpid())
        environment["LABKEEPER_SERVER_NAME"] = self._server_name
        environment["LABKEEPER_DISABLE"] = ",".join(self.disabled.parts)
        environment["LABKEEPER_BUILD"] = __version__
        environment.update(audit_environment(os.environ, self.disabled))
        if self.runbook_url:
            environment["LABKEEPER_RUNBOOK_URL"] = self.runbook_url
        # glibc gives each of Node's threads an arena of its own, which keeps some MB and is of no use to us.
        environment["MALLOC_ARENA_MAX"] = "1"
        environment["HOME"] = os.path.expanduser("~")
        program = Program(
            script=Path(self.companion_script),
            socket_path=self.private_socket.path,
            environment=environment,
            node_path=self.node_path,
            node_arguments=self.node_arguments,
            arguments=self.companion_arguments,
        )
        self.log.debug("Labkeeper: node arguments %s", shlex.join(self.node_arguments))
        self.supervisor = Supervisor(
            program, self.log, lambda _pid: self.link and self.link.companion_started()
        )
        self.supervisor.start()
        atexit.register(self.supervisor.end_at_exit)

    def _hello(self) -> dict[str, Any]:
        manager = self.serverapp.contents_manager
        plain = is_plain(manager)
        return {
            "build": __version__,
            "serverPid": os.getpid(),
            "serverName": self._server_name,
            "baseUrl": self.serverapp.base_url,
            # A manager of files may have a folder of its own.
            "rootDir": str(manager.root_dir if plain else self.serverapp.root_dir),
            "plainFiles": plain,
            "runtimeDir": jupyter_runtime_dir(),
            **({"signatures": signatures} if (signatures := _signatures(manager)) else {}),
        }

    @property
    def _server_name(self) -> str:
        return os.environ.get("JUPYTERHUB_SERVER_NAME", "")


def _signatures(manager: ContentsManager) -> dict[str, str] | None:
    """Tell where the secret and the signatures of trusted notebooks are; None = not as nbformat does it by itself."""
    data_dir = jupyter_data_dir()
    if manager.config.get("NotebookNotary") or not is_plain(manager):
        return None
    return {
        "secretFile": os.path.join(data_dir, "notebook_secret"),
        "dbFile": os.path.join(data_dir, "nbsignatures.db"),
    }


def _now_ms() -> int:
    return int(time.time() * 1000)
