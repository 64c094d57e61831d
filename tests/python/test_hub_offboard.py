"""`labkeeper offboard` and `hold`, and the firm's directory, at real JupyterHubs of both versions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from hubs import BOTH, Hub
from servers import ROOT, wait_for
from test_hub_live import CONFIGURE, post_ticket, when_up
from test_hub_revocation import start_server

from labkeeper.managed_service import PROGRAM

SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
MORE = """
c.Authenticator.allowed_users |= {{"bob", "dan"}}
c.JupyterHub.load_roles.append(
    {{"name": "lk-admin", "users": ["eva"], "scopes": ["custom:labkeeper:admin", "access:services!service=labkeeper"]}}
)
"""
OFFBOARD = CONFIGURE.replace(
    "audit_users=", 'offboard=True, policy="{hub.folder}/labkeeper.toml", audit_users='
)

pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason="the hub service is not built: npm run build")


def policy_of(folder: Path) -> None:
    (folder / "secret").write_text(f"whsec_{SECRET}\n")
    (folder / "labkeeper.toml").write_text(f'[directory]\nsecret_file = "{folder}/secret"\n')


@pytest.fixture(scope="module", params=BOTH)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    policy_of(folder)
    hub = Hub(folder, request.param, MORE + OFFBOARD)
    yield hub
    hub.stop()


def token_of(hub: Hub, user: str) -> str:
    """A token that `user` makes for herself."""
    browser = hub.log_in(user)
    home = browser.get(f"{hub.url}/hub/token", timeout=20).text
    xsrf = re.search(r'xsrf_token: "([^"]+)"', home)
    assert xsrf, home
    made = browser.post(
        f"{hub.url}/hub/api/users/{user}/tokens", headers={"X-XSRFToken": xsrf[1]}, json={}, timeout=20
    )
    return made.json()["token"]


def labkeeper(hub: Hub, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labkeeper.cli", *words],
        env={**os.environ, "LABKEEPER_URL": hub.pages_url, "LABKEEPER_TOKEN": token, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def tell(hub: Hub, kind: str, user: str, key: str = SECRET, at: float | None = None) -> requests.Response:
    """A Standard Webhook of the firm's directory, signed by the rules of the standard."""
    stamp = str(int(time.time() if at is None else at))
    data = {"user": user, "case": None, "reason": "has left"}
    body = json.dumps({"type": kind, "timestamp": "2026-11-27T10:00:00Z", "data": data})
    signed = hmac.new(base64.b64decode(key), f"msg_1.{stamp}.{body}".encode(), hashlib.sha256)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed.digest()).decode()}",
        "Content-Type": "application/json",
    }
    return requests.post(f"{hub.pages_url}/api/v1/directory", data=body, headers=headers, timeout=60)


def test_offboard_ends_servers_and_tokens_and_leaves_one_receipt(hub: Hub) -> None:
    address = when_up(hub)
    admin, own = token_of(hub, "eva"), token_of(hub, "ada")
    server = start_server(hub, "ada")["JUPYTERHUB_API_TOKEN"]
    browsers = {user: hub.log_in(user) for user in ("ada", "dan")}
    ticket = post_ticket(address, server).json()["ticket"]
    began = time.monotonic()
    done = labkeeper(hub, admin, "offboard", "ada", "--case", "C-7", "--reason", "has left", "--json")
    assert done.returncode == 0, done.stderr + done.stdout + hub.log[-3000:]
    answer = json.loads(done.stdout)
    parts = {part["what"]: part for part in answer["parts"]}
    assert parts["servers"]["ended"] == 1 and parts["hold"]["state"] == "done"
    assert parts["tokens"]["ended"] >= 1
    assert answer["record"]["act"]["action"] == "offboard"
    # As a word: a UUID may hold these letters.
    assert not re.search(r"\bada\b", json.dumps(answer["record"]))
    assert "is signed out" in parts["sessions"]["says"]
    # What she had is worth nothing any more: her browser is asked to sign in; others' are not.
    assert is_signed_in(hub, browsers["dan"]) and not is_signed_in(hub, browsers["ada"])
    assert hub.ask("GET", "user", own).status_code == 403
    assert hub.ask("GET", "users/ada").json()["servers"] == {}
    headers = {"Authorization": f"Bearer {ticket}"}

    def is_refused() -> bool:
        return requests.get(f"{address}api/v1/own", headers=headers, timeout=10).status_code == 401

    wait_for("the ticket to end", is_refused, 30)
    print("seconds until her ticket was refused:", round(time.monotonic() - began, 1))
    # Again: the receipt of before; a server that she starts anew is ended anew.
    again = json.loads(labkeeper(hub, admin, "offboard", "ada", "--reason", "x", "--json").stdout)
    assert (again["before"], again["index"]) == (True, answer["index"])
    start_server(hub, "ada")
    third = labkeeper(hub, admin, "offboard", "ada", "--reason", "came back")
    assert third.returncode == 0 and "The access of ada is ended." in third.stdout, third.stdout
    assert "hold      Hold 1 was on already: nothing of this person can be erased" in third.stdout
    assert "servers   1 server stopped." in third.stdout and "0 ended" not in third.stdout


def is_signed_in(hub: Hub, browser: requests.Session) -> bool:
    answer = browser.get(f"{hub.url}/hub/home", allow_redirects=False, timeout=20)
    assert answer.status_code in (200, 302), answer.text
    return answer.status_code == 200


def test_nobody_but_the_service_signs_browsers_out(hub: Hub) -> None:
    when_up(hub)
    browser = hub.log_in("dan")
    admin = token_of(hub, "eva")
    for token in (admin, token_of(hub, "dan"), "nonsense"):
        assert hub.ask("DELETE", "labkeeper/sessions/dan", token).status_code == 403
    assert is_signed_in(hub, browser)
    # A new sign-in works, and the old browser stays out.
    assert labkeeper(hub, admin, "offboard", "dan", "--reason", "x").returncode == 0
    assert is_signed_in(hub, hub.log_in("dan"))
    assert not is_signed_in(hub, browser)


def test_only_an_admin_may_and_nobody_unknown_is_ended(hub: Hub) -> None:
    when_up(hub)
    dan = labkeeper(hub, token_of(hub, "dan"), "offboard", "eva", "--reason", "x")
    assert dan.returncode == 2 and "lacks access:services" in dan.stderr
    unknown = labkeeper(hub, token_of(hub, "eva"), "offboard", "nobody", "--reason", "x")
    assert unknown.returncode == 2 and "knows anybody called nobody" in unknown.stderr
    assert labkeeper(hub, "made-up-token", "hold", "ada", "--reason", "x").returncode == 2
    held = labkeeper(hub, token_of(hub, "eva"), "hold", "--case", "C-9", "--reason", "court")
    assert held.returncode == 0, held.stderr
    assert re.match(r"A legal hold is on everybody at this hub for the case C-9 \(hold \d+\): ", held.stdout)
    held = labkeeper(hub, token_of(hub, "eva"), "hold", "dan", "--reason", "court")
    assert re.match(
        r"A legal hold is on dan \(hold \d+\)\. Nothing of this person can be erased", held.stdout
    )


def test_the_directory_does_the_same_where_its_signature_is_right(hub: Hub) -> None:
    when_up(hub)
    start_server(hub, "bob")
    other = base64.b64encode(b"x" * 32).decode()
    assert tell(hub, "user.offboard", "bob", key=other).status_code == 401
    assert tell(hub, "user.offboard", "bob", at=time.time() - 3600).status_code == 401
    assert "" in hub.ask("GET", "users/bob").json()["servers"]
    answer = tell(hub, "user.offboard", "bob")
    assert answer.status_code == 200 and answer.json()["complete"] is True, answer.text
    assert hub.ask("GET", "users/bob").json()["servers"] == {}
    assert answer.json()["record"]["act"]["actor"] is None
    assert tell(hub, "user.offboard", "bob").json()["before"] is True
    assert tell(hub, "user.delete", "bob").status_code == 400


@pytest.mark.parametrize("major", BOTH)
def test_without_the_scopes_the_receipt_says_what_was_not_ended(major: str, tmp_path: Path) -> None:
    policy_of(tmp_path)
    hub = Hub(tmp_path, major, MORE + CONFIGURE)
    try:
        when_up(hub)
        start_server(hub, "ada")
        done = labkeeper(hub, token_of(hub, "eva"), "offboard", "ada", "--reason", "x")
        assert done.returncode == 1, done.stderr + done.stdout
        assert "Not everything of ada was ended" in done.stdout and "offboard=True" in done.stdout
        assert "" in hub.ask("GET", "users/ada").json()["servers"]
    finally:
        hub.stop()
