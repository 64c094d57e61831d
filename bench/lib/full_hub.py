"""JupyterHub with thousands of running servers in its database, for the benchmark of what Labkeeper costs it.

The servers are rows and one listener that answers for all; the spawner finds each of them running. Nothing else of the hub is
touched, but what it does with servers for itself (looking whether they live, leading its proxy to them) is left out: that is
no cost of Labkeeper's.
"""

import os
import sys
from pathlib import Path

from jupyterhub.proxy import Proxy
from jupyterhub.spawner import Spawner

root = Path(os.environ["BENCH_ROOT"])
sys.path.insert(0, str(root))
folder = Path(os.environ["BENCH_FOLDER"])
port = int(os.environ["BENCH_PORT"])

c = get_config()  # noqa: F821


class Running(Spawner):
    """Runs, whatever is asked."""

    async def poll(self):
        return None

    async def get_url(self):
        return self.server.url

    async def start(self):
        return self.server.url

    async def stop(self, now=False):
        pass


class NoProxy(Proxy):
    """Keeps routes to itself."""

    should_start = False
    routes = {}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return self.routes


c.JupyterHub.bind_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.spawner_class = Running
c.Spawner.poll_interval = 0
c.JupyterHub.proxy_check_interval = 86_400
c.JupyterHub.last_activity_interval = 86_400
c.JupyterHub.cleanup_servers = False
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret = b"x" * 32
c.JupyterHub.log_level = "ERROR"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True

import labkeeper.hub  # noqa: E402

labkeeper.hub.configure(c, service_url="http://127.0.0.1:1", api_token=os.environ["BENCH_TOKEN"])
