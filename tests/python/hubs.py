"""Real JupyterHubs, of both versions that are supported, with configurations of the tests' own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from servers import ROOT, free_port, wait_for

from dev.proxy import end_left_proxy

PYTHONS = {"6": Path(sys.executable), "5": ROOT / ".venv-oldest/bin/python"}
HERE = Path(__file__).resolve().parent
PASSWORD = "tests-only"
ADMIN_TOKEN = "token-of-the-tests"

_BASE = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {api}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = {proxy_command}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = b"x" * 32
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{password}"
c.Authenticator.allowed_users = {{"ada", "eva"}}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/home/{{username}}"
c.Spawner.cmd = ["{python}", "{server}", "{folder}/environment.json"]
c.JupyterHub.services = [{{"name": "tests", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:servers", "read:services"]}}
]
"""


def has_hub(major: str) -> bool:
    """Whether there is a JupyterHub of that version here."""
    python = PYTHONS[major]
    program = "import jupyterhub; print(jupyterhub.version_info[0])"
    return python.exists() and _said([str(python), "-c", program]).strip() == major


def _said(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


BOTH = [
    pytest.param(
        major,
        id=f"JupyterHub {major}",
        marks=pytest.mark.skipif(
            not has_hub(major), reason=f"no JupyterHub {major}: npm test makes .venv-oldest"
        ),
    )
    for major in ("6", "5")
]


class Hub:
    """One hub in a process of its own, until `stop`."""

    def __init__(self, folder: Path, major: str, more: str, **environment: str):
        """Start it with `more` at the end of its configuration; ready when its proxy leads to it."""
        self.folder = folder
        (folder / "home").mkdir()
        self.port, self.service, self.pages = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pages_url = f"http://127.0.0.2:{self.pages}"
        python = PYTHONS[major]
        self.config = folder / "jupyterhub_config.py"
        self.config.write_text(
            _BASE.format(
                port=self.port,
                api=free_port(),
                proxy=free_port(),
                proxy_command=[
                    str(ROOT / ".venv/bin/node"),
                    str(ROOT / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
                ],
                folder=folder,
                password=PASSWORD,
                python=python,
                server=HERE / "hub_server.py",
                token=ADMIN_TOKEN,
            )
            + more.format(hub=self)
        )
        self.log_path = folder / "hub.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), "-m", "jupyterhub", "-f", str(self.config)],
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "PATH": f"{python.parent}:{os.environ['PATH']}",
                    **environment,
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for("the hub", self._is_up, 60)
        except AssertionError:
            self.stop()
            raise AssertionError(self.log[-4000:]) from None

    @property
    def waited_s(self) -> float:
        """How long the hub listened before its proxy led to it: what its services took, and little else."""
        words = ("Hub API listening", "JupyterHub is now running")
        first, last = (re.search(rf"\[I (\S+ \S+) JupyterHub app:\d+\] {word}", self.log) for word in words)
        assert first and last, self.log
        return (datetime.fromisoformat(last[1]) - datetime.fromisoformat(first[1])).total_seconds()

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError("the hub ended")
        try:
            return requests.get(f"{self.url}/hub/health", timeout=2).ok
        except requests.RequestException:
            return False

    def ask(self, method: str, path: str, token: str = ADMIN_TOKEN, **more: object) -> requests.Response:
        """Ask the hub's API."""
        return requests.request(
            method,
            f"{self.url}/hub/api/{path}",
            headers={"Authorization": f"token {token}"},
            timeout=60,
            **more,
        )

    def log_in(self, user: str) -> requests.Session:
        """A browser in which `user` is logged in."""
        browser = requests.Session()
        page = browser.get(f"{self.url}/hub/login", timeout=20).text
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)
        assert xsrf, page
        answer = browser.post(
            f"{self.url}/hub/login",
            data={"username": user, "password": PASSWORD, "_xsrf": xsrf[1]},
            allow_redirects=False,
            timeout=20,
        )
        assert answer.status_code == 302, answer.text
        return browser

    def scopes_of(self, user: str) -> list[str]:
        """What `user` may do, by a token of hers."""
        browser = self.log_in(user)
        home = browser.get(f"{self.url}/hub/token", timeout=20).text
        xsrf = re.search(r'xsrf_token: "([^"]+)"', home)
        assert xsrf, home
        made = browser.post(
            f"{self.url}/hub/api/users/{user}/tokens", headers={"X-XSRFToken": xsrf[1]}, json={}, timeout=20
        )
        return self.ask("GET", "user", made.json()["token"]).json()["scopes"]

    def follow(self, browser: requests.Session, url: str, end: str) -> str | None:
        """The first address that begins with `end` in a chain of redirections; None where another answer comes."""
        for _ in range(10):
            if url.startswith(end):
                return url
            answer = browser.get(url, allow_redirects=False, timeout=20)
            if answer.status_code != 302:
                return None
            url = urljoin(url, answer.headers["Location"])
        return None

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # A hub that was killed leaves its proxy.
        end_left_proxy(self.folder / "proxy.pid")
