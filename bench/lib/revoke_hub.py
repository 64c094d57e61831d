"""JupyterHub for the benchmark of revocation: real servers that do little, and the hub service as the hub starts it."""

import os
import sys
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

root = Path(os.environ["BENCH_ROOT"])
sys.path.insert(0, str(root))
folder = Path(os.environ["BENCH_FOLDER"])
port = int(os.environ["BENCH_PORT"])
users = os.environ["BENCH_USERS"].split()

c = get_config()  # noqa: F821


class SmallServers(SimpleLocalProcessSpawner):
    """Servers that write their environment to a file; those of some users resume, so their tokens outlive a stop."""

    home_dir_template = str(folder / "home/{username}")
    cmd = [sys.executable, str(root / "tests/python/hub_server.py")]

    def get_args(self):
        return [str(folder / f"{self.user.name}.json")]

    @property
    def will_resume(self):
        return self.user.name.startswith("resumes")


c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_port = port + 1
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [
    str(root / ".venv/bin/node"),
    str(root / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
]
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret = b"x" * 32
c.JupyterHub.log_level = "ERROR"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = set(users)
c.JupyterHub.spawner_class = SmallServers
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.JupyterHub.services = [{"name": "bench", "api_token": os.environ["BENCH_TOKEN"]}]
scopes = ["admin:users", "admin:servers", "tokens"]
c.JupyterHub.load_roles = [{"name": "bench", "services": ["bench"], "scopes": scopes}]

import labkeeper.hub  # noqa: E402

labkeeper.hub.configure(c, listen=f"127.0.0.1:{port + 3}", state=folder / "labkeeper", hub_id="bench")
