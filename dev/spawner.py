"""The demo hub's spawner: a local process with a home of its own, under a real memory limit."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Float, Int, Unicode

from dev.groups import Group, Limits, make_group, systemd_scope

GIB = 1024**3


#: Lab asks each new user whether it may fetch news from the outside; a demo has nothing to ask.
NEWS_SETTING = ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
NEWS_ANSWER = '{ "fetchNews": "false" }'


def _furnish(home: Path, tour: str) -> None:
    """Give a new home the tour, and answer in it what Lab would ask at its first start."""
    home.mkdir(parents=True, exist_ok=True)
    if tour and not (home / Path(tour).name).exists():
        shutil.copy(tour, home)
    file = home / NEWS_SETTING
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{NEWS_ANSWER}\n")


class LimitedSpawner(SimpleLocalProcessSpawner):
    """Starts each server in a cgroup of its own, else in a systemd scope, else without a limit (and says so)."""

    memory_bytes = Int(2 * GIB, help="Memory limit in bytes.").tag(config=True)
    cpu_cores = Float(1.0, help="CPU quota in cores.").tag(config=True)
    group_prefix = Unicode("labkeeper-demo", help="First part of the cgroups' names.").tag(config=True)
    tour = Unicode("", help="A notebook that each new home gets.").tag(config=True)

    group: Group | None = None

    @property
    def limits(self) -> Limits:
        """What a server of this spawner may use."""
        return Limits(self.memory_bytes, self.cpu_cores)

    def group_name(self) -> str:
        """The name of this server's cgroup."""
        return "-".join(filter(None, [self.group_prefix, self.user.escaped_name, self.name]))

    def make_preexec_fn(self, name: str):
        """Run in the child before exec: enter the cgroup, then what the base class does."""
        inherited = super().make_preexec_fn(name)
        group = self.group

        def preexec() -> None:
            if group:
                group.enter()
            inherited()

        return preexec

    async def start(self):
        """Give the home its tour, make the limits, start the server."""
        home = Path(self.home_dir)
        try:
            await asyncio.to_thread(_furnish, home, self.tour)
        except OSError as error:
            # The server has to live with it, and says itself what does not work.
            self.log.warning("%s cannot be written, so there is no tour in it: %s", home, error.strerror)
        self.group = make_group(self.group_name(), self.limits)
        if self.group is None:
            # It waits for systemd's answer, so it does not belong on the loop.
            scope = await asyncio.to_thread(systemd_scope, self.limits)
            if scope and self.cmd[0] != scope[0]:
                self.cmd = [*scope, *self.cmd]
            elif not scope:
                self.log.warning(
                    "This machine lets us set no memory limit (neither cgroups nor systemd): the meter will say so."
                )
        return await super().start()

    async def stop(self, now: bool = False):
        """Stop the server and remove its cgroup with whatever is left in it."""
        await super().stop(now)
        if self.group:
            # A death by limit may leave workers behind; killing waits, so it does not belong on the loop.
            removed = await asyncio.to_thread(self.group.remove)
            if not removed:
                self.log.warning("The cgroup %s could not be removed.", self.group_name())
            self.group = None
