"""DockerSpawner's settings for the demo hub: `npm start -- --docker`."""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

from traitlets.config import Config

from dev.docker.engine import NoEngineError, open_engine
from dev.docker.image import GID, HOME, UID, import_image, read_only_mounts
from dev.spawner import NEWS_ANSWER, NEWS_SETTING


def configure_docker(c: Config, *, root: Path, state: Path, memory_bytes: int, cpu_cores: float) -> None:
    """
    Let the hub start each server in a container with real limits and a home volume of its own.

    The engine is the one that runs here, or one of our own that ends with the hub.

    Raises SystemExit with one sentence where no engine can be had.
    """
    try:
        engine = open_engine(state / "docker")
        atexit.register(engine.stop)
        image = import_image(engine)
    except NoEngineError as error:
        raise SystemExit(f"labkeeper: {error}") from error
    # docker-py reads it.
    os.environ["DOCKER_HOST"] = engine.host
    if not engine.gateway:
        raise SystemExit(
            "labkeeper: the Docker engine has no bridge here; its servers could not reach the hub."
        )

    c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
    # Containers reach the hub at the bridge's address; the hub's own port stays closed to other networks.
    c.JupyterHub.hub_ip = engine.gateway
    c.JupyterHub.hub_connect_ip = engine.gateway
    spawner = c.DockerSpawner
    spawner.image = image
    spawner.pull_policy = "skip"
    # A container that is kept is started again as it was: old limits, old token.
    spawner.remove = True
    spawner.network_name = "bridge"
    spawner.use_internal_ip = True
    spawner.name_template = "labkeeper-{username}--{servername}"
    spawner.notebook_dir = HOME
    spawner.volumes = {"labkeeper-home-{username}": HOME}
    spawner.read_only_volumes = {path: path for path in read_only_mounts(root)}
    spawner.mem_limit = memory_bytes
    spawner.cpu_limit = cpu_cores
    spawner.cmd = [str(Path(sys.prefix) / "bin/jupyterhub-singleuser")]
    # Swap would hide the limit: memory and memory + swap have the same bound.
    spawner.extra_host_config = {"memswap_limit": memory_bytes, "pids_limit": 2000}
    spawner.extra_create_kwargs = {"user": f"{UID}:{GID}"}
    spawner.environment = {
        "HOME": HOME,
        **{
            name: os.environ[name]
            for name in ("LABKEEPER_DISABLE", "LABKEEPER_RUNBOOK_URL", "LABKEEPER_THROTTLE_MINUTES")
            if name in os.environ
        },
    }
    spawner.cmd = ["sh", "-c", _furnish(root / "labkeeper/tour/labkeeper-tour.ipynb"), "sh", *spawner.cmd]


def _furnish(tour: Path) -> str:
    """
    What a shell in the container does before the server: give a new home the tour, which lies in the image's
    Labkeeper, and answer what Lab would ask at its first start; then start the server.
    """
    news = f"{HOME}/{NEWS_SETTING}"
    return (
        f'[ -e "{HOME}/{tour.name}" ] || cp "{tour}" "{HOME}/"; '
        f'[ -e "{news}" ] || {{ mkdir -p "$(dirname "{news}")" && echo \'{NEWS_ANSWER}\' > "{news}"; }}; '
        'exec "$@"'
    )
