"""JupyterHub with working defaults, for `npm start`, the browser tests and the benchmarks. Not for production.

Settings come in environment variables, all set by ``dev.start``:
LABKEEPER_PORT, LABKEEPER_STATE, LABKEEPER_PASSWORD, LABKEEPER_MEMORY (bytes), LABKEEPER_CPU (cores), LABKEEPER_TEST,
LABKEEPER_DOCKER, LABKEEPER_BENCH_TOKEN, LABKEEPER_DEFAULT_URL, LABKEEPER_VENV, LABKEEPER_LOG_LEVEL,
LABKEEPER_DEMO_DATABASE.
"""

import os
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

import labkeeper.hub  # noqa: E402
from dev.accounts import ACCOUNTS  # noqa: E402
from dev.install_log import (  # noqa: E402
    ADMINS,
    DECIDERS,
    READER,
    pages_host,
    pages_port,
    pages_url,
    policy_file,
    service_port,
)
from dev.spawner import GIB, LimitedSpawner  # noqa: E402

c = get_config()  # noqa: F821
port = int(os.environ["LABKEEPER_PORT"])
state = Path(os.environ["LABKEEPER_STATE"])
memory_bytes = int(os.environ.get("LABKEEPER_MEMORY", 2 * GIB))
cpu_cores = float(os.environ.get("LABKEEPER_CPU", "1"))

c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_port = port + 1
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [
    str(root / ".venv/bin/node"),
    str(root / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
]
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.JupyterHub.pid_file = str(state / "hub.pid")
c.JupyterHub.db_url = f"sqlite:///{state}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.JupyterHub.log_level = os.environ.get("LABKEEPER_LOG_LEVEL", "WARN")
c.JupyterHub.cleanup_servers = True

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["LABKEEPER_PASSWORD"]
c.Authenticator.allowed_users = set(ACCOUNTS)
c.Authenticator.admin_users = {"admin"}

if os.environ.get("LABKEEPER_BENCH_TOKEN"):
    # The benchmark of user activity asks the hub, and runs the real culler, with this token.
    c.JupyterHub.services = [{"name": "bench", "api_token": os.environ["LABKEEPER_BENCH_TOKEN"]}]
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    c.JupyterHub.load_roles = [{"name": "bench", "scopes": scopes, "services": ["bench"]}]
    c.JupyterHub.last_activity_interval = 5

c.Spawner.default_url = os.environ.get("LABKEEPER_DEFAULT_URL", "/lab/tree/labkeeper-tour.ipynb")
# Lab compiles and imports for some seconds on a small quota; the hub's default patience is 30 s.
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 90

if os.environ.get("LABKEEPER_DOCKER"):
    from dev.docker.spawner_config import configure_docker

    configure_docker(c, root=root, state=state, memory_bytes=memory_bytes, cpu_cores=cpu_cores)
else:
    c.JupyterHub.spawner_class = LimitedSpawner
    c.LimitedSpawner.home_dir_template = str(state / "home/{username}")
    c.LimitedSpawner.memory_bytes = memory_bytes
    c.LimitedSpawner.cpu_cores = cpu_cores
    c.LimitedSpawner.group_prefix = f"labkeeper-{port}"
    c.LimitedSpawner.tour = str(root / "labkeeper/tour/labkeeper-tour.ipynb")
    c.Spawner.cmd = [
        str(Path(os.environ.get("LABKEEPER_VENV", root / ".venv")) / "bin/jupyterhub-singleuser")
    ]
    c.Spawner.environment = {
        name: os.environ[name]
        for name in ("PATH", "LABKEEPER_DISABLE", "LABKEEPER_RUNBOOK_URL", "LABKEEPER_THROTTLE_MINUTES")
        if name in os.environ
    }
    if "LABKEEPER_VENV" in os.environ:
        # `!pip` is that of the kernel.
        c.Spawner.environment["PATH"] = f"{os.environ['LABKEEPER_VENV']}/bin:{os.environ['PATH']}"
    if os.environ.get("LABKEEPER_BENCH_TOKEN"):
        c.Spawner.environment["JUPYTERHUB_ACTIVITY_INTERVAL"] = "5"

# Lab refuses to run as root unless told; in a container image for tests and on some machines it has no choice.
c.Spawner.args = ["--allow-root"] if os.getuid() == 0 and not os.environ.get("LABKEEPER_DOCKER") else []
# The demo makes no request to the outside.
c.Spawner.args += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
if os.environ.get("LABKEEPER_TEST"):
    c.Spawner.args += [
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]

labkeeper.hub.configure(
    c,
    pages_url=pages_url(port),
    pages_listen=f"{pages_host()}:{pages_port(port)}",
    listen=f"{c.JupyterHub.get('hub_ip', '127.0.0.1')}:{service_port(port)}",
    state=state / "labkeeper",
    hub_id="demo",
    policy=policy_file(state),
    # `labkeeper offboard` ends servers and tokens: the README says how to try it.
    offboard=True,
    database=os.environ.get("LABKEEPER_DEMO_DATABASE"),
    audit_users=[READER],
    approve_users=DECIDERS,
    admin_users=ADMINS,
)
