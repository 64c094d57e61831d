"""Who was removed or stopped is refused by the hub service within 30 s: real JupyterHubs of both versions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
import requests
from hubs import BOTH, Hub
from servers import wait_for
from test_hub_live import CONFIGURE, post_ticket, when_up

from labkeeper.managed_service import PROGRAM

SECONDS = 30
MORE = """
c.Authenticator.allowed_users |= {{"bob", "dan"}}
c.JupyterHub.load_roles[0]["scopes"].append("admin:users")
"""

pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="the hub service is not built: npm run build")


@pytest.fixture(scope="module", params=BOTH)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("hub"), request.param, MORE + CONFIGURE)
    yield hub
    hub.stop()


def start_server(hub: Hub, user: str) -> dict[str, str]:
    """The environment of a server of `user` that has just begun."""
    file = hub.folder / "environment.json"
    file.unlink(missing_ok=True)
    assert hub.ask("POST", f"users/{user}/server").status_code in (201, 202)
    wait_for("the server", lambda: file.exists() and file.read_text().endswith("}"), 30)
    return json.loads(file.read_text())


def revoke_by_herself(hub: Hub, browser: requests.Session, user: str) -> None:
    """Delete the server's token as its user can on the hub's page of tokens."""
    home = browser.get(f"{hub.url}/hub/token", timeout=20).text
    xsrf = re.search(r'xsrf_token: "([^"]+)"', home)
    assert xsrf, home
    headers = {"X-XSRFToken": xsrf[1]}
    at = f"{hub.url}/hub/api/users/{user}/tokens"
    tokens = browser.get(at, headers=headers, timeout=20).json()["api_tokens"]
    (own,) = [token for token in tokens if token["note"].startswith("Server at")]
    assert browser.delete(f"{at}/{own['id']}", headers=headers, timeout=20).status_code == 204


def test_whoever_is_removed_or_stopped_is_refused_within_30_s(hub: Hub) -> None:
    address = when_up(hub)
    browsers = {user: hub.log_in(user) for user in ("ada", "eva", "bob", "dan")}
    tokens = {user: start_server(hub, user)["JUPYTERHUB_API_TOKEN"] for user in browsers}
    tickets = {user: post_ticket(address, token).json()["ticket"] for user, token in tokens.items()}

    def status(user: str) -> int:
        headers = {"Authorization": f"Bearer {tickets[user]}"}
        return requests.get(f"{address}api/v1/own", headers=headers, timeout=10).status_code

    assert {status(user) for user in tickets} == {200}
    assert hub.ask("DELETE", "users/ada").status_code == 204
    assert hub.ask("DELETE", "users/eva/server").status_code in (202, 204)
    revoke_by_herself(hub, browsers["bob"], "bob")
    began = time.monotonic()
    refused: dict[str, float] = {}
    while len(refused) < 3 and time.monotonic() - began < SECONDS + 5:
        for user in {"ada", "eva", "bob"} - refused.keys():
            if status(user) == 401:
                refused[user] = time.monotonic() - began
        # Nothing happened to this one, and its first ticket goes on being good.
        assert status("dan") == 200
        time.sleep(0.5)
    print("seconds until refused:", {user: round(seconds, 1) for user, seconds in refused.items()})
    assert set(refused) == {"ada", "eva", "bob"}
    assert max(refused.values()) <= SECONDS
    # There is no way back, and none for what was not asked about meanwhile.
    assert {post_ticket(address, tokens[user]).status_code for user in refused} == {401}
    assert post_ticket(address, tokens["dan"]).status_code == 200
    assert "cannot be read" not in hub.log


def test_the_service_may_read_which_servers_run_and_nothing_else(hub: Hub) -> None:
    token = "0123456789abcdef0123456789abcdef"
    (dan,) = [
        user for user in hub.ask("GET", "users?state=active", token).json() if user["name"] == "dan"
    ] or [None]
    if dan is None:
        start_server(hub, "dan")
        dan = hub.ask("GET", "users/dan", token).json()
    assert list(dan["servers"]) == [""]
    assert not {"roles", "groups", "auth_state", "last_activity"} & dan.keys()
    for method, path in (
        ("DELETE", "users/dan"),
        ("DELETE", "users/dan/server"),
        ("POST", "users/dan/server"),
        ("GET", "users/dan/tokens"),
        ("GET", "groups"),
        ("GET", "proxy"),
    ):
        assert hub.ask(method, path, token).status_code in (403, 404), path
