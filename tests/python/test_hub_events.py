"""Deaths of kernels at a real hub: told by the container, and placed on a machine by the spawner."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hubs import BOTH, PYTHONS, Hub
from servers import wait_for

from labkeeper.hub import server_place
from labkeeper.managed_service import PROGRAM

TOKEN = "0123456789abcdef0123456789abcdef"
CONFIGURE = f"""
import labkeeper.hub
labkeeper.hub.configure(
    c, listen="127.0.0.1:{{hub.service}}", state="{{hub.folder}}/labkeeper", api_token="{TOKEN}"
)
"""


@pytest.fixture(scope="module", params=BOTH)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("hub"), request.param, CONFIGURE)
    yield hub
    hub.stop()


def running(hub: Hub) -> list[list[str]]:
    return hub.ask("GET", "labkeeper/running", TOKEN).json()["servers"]


def test_the_hub_tells_the_service_alone_where_servers_run(hub: Hub) -> None:
    assert hub.ask("GET", "labkeeper/servers", TOKEN).json() == {"servers": []}
    assert running(hub) == []
    hub.log_in("ada")
    assert hub.ask("POST", "users/ada/server").status_code in (201, 202)
    wait_for("the server", lambda: hub.ask("GET", "labkeeper/servers", TOKEN).json()["servers"], 30)
    [place] = hub.ask("GET", "labkeeper/servers", TOKEN).json()["servers"]
    assert (place["user"], place["server"], place["node"]) == ("ada", "", socket.gethostname())
    now = datetime.now().timestamp() * 1000
    assert now - 60_000 < place["startedAtMs"] <= now
    # As JupyterHub's own list says, in a small part of its time; a server that has ended is in neither.
    hub.log_in("eva")
    assert hub.ask("POST", "users/eva/server").status_code in (201, 202)
    wait_for("both servers", lambda: sorted(running(hub)) == [["ada", ""], ["eva", ""]], 30)
    listed = hub.ask("GET", "users?state=active", TOKEN).json()
    assert sorted([user["name"], name] for user in listed for name in user["servers"]) == sorted(running(hub))
    # Of tokens what tells them apart, and not the tokens.
    environment = json.loads((hub.folder / "environment.json").read_text())
    own = int(
        hub.ask("GET", "user", environment["JUPYTERHUB_API_TOKEN"]).json()["token_id"].removeprefix("a")
    )
    tokens = hub.ask("GET", "labkeeper/running", TOKEN).json()["tokens"]
    assert [own, "eva", environment["JUPYTERHUB_API_TOKEN"][:4]] in tokens
    assert len({number for number, _, _ in tokens}) == len(tokens)
    assert hub.ask("DELETE", "users/eva/server").status_code in (202, 204)
    wait_for("its end", lambda: running(hub) == [["ada", ""]], 30)
    assert own not in [number for number, _, _ in hub.ask("GET", "labkeeper/running", TOKEN).json()["tokens"]]
    # Another service with more rights, the server itself, and nobody.
    for path in ("labkeeper/servers", "labkeeper/running"):
        assert hub.ask("GET", path).status_code == 403
        assert hub.ask("GET", path, environment["JUPYTERHUB_API_TOKEN"]).status_code == 403
        assert hub.ask("GET", path, "nonsense").status_code == 403


def spawner(kind: str, **fields: Any) -> Any:
    """A spawner as far as `server_place` looks: running since a minute after the epoch."""
    base = {
        "ready": True,
        "name": "",
        "user": SimpleNamespace(name="ada"),
        "orm_spawner": SimpleNamespace(started=datetime(1970, 1, 1, 0, 1)),
        **fields,
    }
    return type(kind, (SimpleNamespace,), {})(**base)


def test_each_spawner_is_asked_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(kind: str, **fields: Any) -> str | None:
        place = server_place(spawner(kind, **fields))
        assert place is not None and place["startedAtMs"] == 60_000
        return place["node"]

    here = socket.gethostname()
    pods = {"lab/jupyter-ada": {"spec": {"nodeName": "node-7"}}}
    pod = {"namespace": "lab", "pod_name": "jupyter-ada"}
    assert node("KubeSpawner", pod_reflector=SimpleNamespace(pods=pods), **pod) == "node-7"
    assert node("KubeSpawner", pod_reflector=SimpleNamespace(pods={}), **pod) is None
    assert node("KubeSpawner", pod_reflector=None, **pod) is None
    assert node("LocalProcessSpawner") == here
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert node("DockerSpawner") == here
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker-3:2376")
    assert node("DockerSpawner") == "docker-3"
    assert node("SwarmSpawner") is None
    assert node("SlurmSpawner", server=SimpleNamespace(ip="gpu-12")) == "gpu-12"
    assert node("SlurmSpawner", server=SimpleNamespace(ip="127.0.0.1")) is None
    assert server_place(spawner("KubeSpawner", ready=False)) is None
    place = server_place(spawner("DockerSpawner", image="lab:" + "x" * 600))
    assert place is not None and len(place["image"]) == 512


REAL = """
c.Spawner.cmd = ["{python}", "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = 90
c.Spawner.start_timeout = 90
"""


@pytest.mark.skipif(not PROGRAM.is_file(), reason="the hub service is not built: npm run build")
def test_a_killed_kernel_is_a_death_at_the_hub(tmp_path_factory: pytest.TempPathFactory) -> None:
    real = REAL.format(python=PYTHONS["6"])
    hub = Hub(tmp_path_factory.mktemp("hub"), "6", real + CONFIGURE)
    try:
        browser = hub.log_in("ada")
        assert hub.ask("POST", "users/ada/server").status_code in (201, 202)
        url = f"{hub.url}/user/ada"
        wait_for("the server", lambda: hub.ask("GET", "labkeeper/servers", TOKEN).json()["servers"], 90)
        browser.get(f"{url}/lab", timeout=60)
        headers = {"X-XSRFToken": browser.cookies.get("_xsrf", path="/user/ada/") or ""}
        secret = "salaries-of-all"
        notebook = {"path": f"{secret}.ipynb", "name": secret, "type": "notebook"}
        made = browser.post(
            f"{url}/api/sessions",
            headers=headers,
            json={**notebook, "kernel": {"name": "python3"}},
            timeout=60,
        )
        assert made.status_code == 201, made.text
        kernel = made.json()["kernel"]["id"]
        pid = wait_for("the kernel's process", lambda: _pid_of(kernel), 30)
        # The companion has heard of the kernel, and the hub of the companion.
        wait_for("the stream", lambda: _rows(hub, "select seq from stream"), 60)
        os.kill(pid, signal.SIGKILL)
        [row] = wait_for("the death", lambda: _rows(hub, _DEATHS), 60)
        user, cause, node, body = row
        assert (user, node) == ("ada", socket.gethostname())
        assert cause == "killed-outside", row
        assert json.loads(body)["signal"] == signal.SIGKILL
        assert secret not in body and kernel not in body
        metrics = requests.get(f"http://127.0.0.1:{hub.service}/services/labkeeper/metrics", timeout=5).text
        assert f'labkeeper_kernel_deaths_total{{cause="{cause}"}} 1' in metrics
        assert f'labkeeper_node_kernel_deaths_total{{node="{node}"}} 1' in metrics
    finally:
        hub.ask("DELETE", "users/ada/server")
        hub.stop()


_DEATHS = """select person.name, cause, node, body from server_event
    join person on person.id = person_id where kind = 'death'"""


def _rows(hub: Hub, question: str) -> list[tuple[Any, ...]]:
    file = hub.folder / "labkeeper/labkeeper.sqlite"
    if not file.exists():
        return []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        try:
            return db.execute(question).fetchall()
        except sqlite3.OperationalError:
            # Not made yet.
            return []


def _pid_of(kernel: str) -> int | None:
    """The kernel's process: its connection file is on its command line."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if kernel.encode() in line and b"ipykernel" in line:
                return int(entry)
    return None
