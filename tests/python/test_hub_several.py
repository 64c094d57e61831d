"""One service that trusts two real JupyterHubs at once, of both versions, with a user of the same name on each."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from hubs import ROOT, Hub, has_hub
from servers import free_port, wait_for
from test_hub_offboard import token_of
from test_hub_revocation import start_server

from labkeeper.managed_service import PROGRAM

TOKENS = {"west": "token-of-the-service-in-the-west", "east": "token-of-the-service-in-the-east"}
SECONDS = 30

pytestmark = [
    pytest.mark.skipif(not PROGRAM.is_file(), reason="the hub service is not built: npm run build"),
    pytest.mark.skipif(not (has_hub("5") and has_hub("6")), reason="needs both versions of JupyterHub"),
]


class TwoHubs:
    """The first hub starts the service; the other is named in its file, beside one that is not there."""

    def __init__(self, folder: Path, versions: tuple[str, str]):
        self.service = f"http://127.0.0.1:{(port := free_port())}/services/labkeeper/"
        self.pages = f"http://127.0.0.2:{free_port()}"
        people = 'audit_users=["eva"], approve_users=["eva"]'
        for name in ("west", "east"):
            (folder / name).mkdir()
        self.east = Hub(
            folder / "east",
            versions[1],
            f"""
import labkeeper.hub
labkeeper.hub.configure(
    c, pages_url="{self.pages}", service_url="http://127.0.0.1:{port}", api_token="{TOKENS["east"]}",
    hub_id="east", further=True, {people},
)
""",
        )
        hubs = folder / "hubs.toml"
        secret = folder / "east-token"
        secret.write_text(f"{TOKENS['east']}\n")
        hubs.write_text(
            f'[[hub]]\nid = "east"\napi_url = "{self.east.url}/hub/api"\npublic_url = "{self.east.url}/"\n'
            f'token_file = "{secret}"\n\n'
            f'[[hub]]\nid = "away"\napi_url = "http://127.0.0.1:{free_port()}/hub/api"\n'
            f'public_url = "http://127.0.0.1:9/"\ntoken = "{TOKENS["east"]}"\n\n'
            '[[hub]]\nid = "wrong"\napi_url = "nowhere"\n'
        )
        self.west = Hub(
            folder / "west",
            versions[0],
            f"""
import labkeeper.hub
labkeeper.hub.configure(
    c, pages_url="{self.pages}", listen="127.0.0.1:{port}", state="{folder}/labkeeper", hub_id="west",
    api_token="{TOKENS["west"]}", hubs="{hubs}", {people},
)
""",
        )
        wait_for("the service", self._answers, 30)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.service}health", timeout=2).ok
        except requests.RequestException:
            return False

    def hub(self, name: str) -> Hub:
        return self.west if name == "west" else self.east

    def stop(self) -> None:
        self.west.stop()
        self.east.stop()


@pytest.fixture(
    scope="module", params=[("6", "5"), ("5", "6")], ids=lambda pair: "first {}, further {}".format(*pair)
)
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHubs]:
    two = TwoHubs(tmp_path_factory.mktemp("two"), request.param)
    yield two
    two.stop()


def ticket(two: TwoHubs, environment: dict[str, str], hub: str | None = None) -> requests.Response:
    """As a companion asks for it; `hub` in place of what its environment says."""
    named = environment["LABKEEPER_HUB_ID"] if hub is None else hub
    return requests.post(
        f"{two.service}api/v1/ticket",
        params={"hub": named},
        headers={"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}"},
        timeout=10,
    )


def record_install(service: str, bearer: str, package: str) -> None:
    """One record, as a companion writes it."""
    boot = str(uuid.uuid4())
    record = {
        **{"schema": "labkeeper.install/1", "eventId": str(uuid.uuid4()), "boot": boot, "seq": 1},
        **{"prev": "0" * 64, "occurredAtMs": 1795770000000, "observedAtMs": 1795770000000},
        **{"action": "install", "personal": None, "surface": "terminal", "tool": None, "environment": None},
        **{"decision": None, "outcome": None, "evidence": [{"source": "disk", "ref": None}], "gap": None},
        "package": {
            **{"ecosystem": "pypi", "name": package, "version": "1.0", "requested": True, "installer": "pip"},
            **{"recordDigest": None, "files": None, "origin": "index"},
        },
    }
    lines = [{"protocol": 1, "boot": boot, "first": 1, "count": 1, "prev": "0" * 64}, record, None]
    body = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines)
    answer = requests.post(
        f"{service}api/v1/records",
        data=body,
        headers={"Authorization": f"Bearer {bearer}", "Content-Type": "application/x-ndjson"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def sign_in(two: TwoHubs, hub: str, user: str = "eva") -> requests.Session:
    """A browser that chose this hub on the pages' page of hubs."""
    browser = two.hub(hub).log_in(user)
    chosen = browser.get(f"{two.pages}/log", timeout=20).text
    href = f"/login?hub={hub}&amp;next=%2Flog"
    assert f'href="{href}"' in chosen, chosen
    answer = browser.get(urljoin(two.pages, href.replace("&amp;", "&")), timeout=20)
    assert answer.url == f"{two.pages}/log" and answer.status_code == 200, answer.text
    assert f"eva at {hub}" in answer.text
    return browser


def status_of(two: TwoHubs, bearer: str) -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    return requests.get(f"{two.service}api/v1/own", headers=headers, timeout=10).status_code


def test_two_hubs_of_one_service(two: TwoHubs) -> None:
    """One story: what is of one hub stays there, also when the other one's user is thrown out, and when it ends."""
    environments: dict[str, dict[str, str]] = {}
    tickets: dict[str, str] = {}
    for name in ("west", "east"):
        two.hub(name).log_in("ada")
        environments[name] = start_server(two.hub(name), "ada")
        assert environments[name]["LABKEEPER_SERVICE_URL"] == two.service
        assert environments[name]["LABKEEPER_HUB_ID"] == name
        given = ticket(two, environments[name])
        assert given.status_code == 200, given.text
        tickets[name] = given.json()["ticket"]
        record_install(two.service, tickets[name], f"package-of-the-{name}")

    # A token is good at its own hub alone, whatever it is presented as.
    for name, other in (("west", "east"), ("east", "west")):
        assert ticket(two, environments[name], other).status_code == 401
        assert ticket(two, environments[name], "nowhere").status_code == 403
        assert ticket(two, environments[name], "wrong").status_code == 403
    assert ticket(two, environments["west"], "away").status_code == 503

    browsers = {name: sign_in(two, name) for name in ("west", "east")}
    for name, other in (("west", "east"), ("east", "west")):
        for path in ("log", "log?user=ada", "export?format=csv", f"holders?package=package-of-the-{name}"):
            page = browsers[name].get(f"{two.pages}/{path}", timeout=20)
            assert page.status_code == 200, (path, page.text)
            assert f"package-of-the-{name}" in page.text and f"package-of-the-{other}" not in page.text
        own = requests.get(
            f"{two.service}api/v1/own", headers={"Authorization": f"Bearer {tickets[name]}"}, timeout=10
        ).json()
        assert [record["packageName"] for record in own["records"]] == [f"package-of-the-{name}"]
        said = subprocess.run(
            [sys.executable, "-m", "labkeeper.cli", "log"],
            env={
                **os.environ,
                "LABKEEPER_URL": two.pages,
                "LABKEEPER_TOKEN": token_of(two.hub(name), "eva"),
                "LABKEEPER_HUB": name,
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr
        assert f"package-of-the-{name}" in said.stdout and f"package-of-the-{other}" not in said.stdout

    def status_page() -> str:
        return browsers["west"].get(f"{two.pages}/status", timeout=20).text

    # What is away, and what the file says wrongly, is said; the others are connected.
    wait_for("the hubs' states", lambda: "The hub away does not answer" in status_page(), 30)
    page = status_page()
    assert page.count(">connected<") == 2
    assert "hubs.toml, line 15: api_url: expected the address" in page
    assert not any(token in page + two.west.log for token in TOKENS.values())
    at_east = browsers["east"].get(f"{two.pages}/status", timeout=20).text
    assert "The hub away" not in at_east and not re.search(r"\bwest\b", at_east)

    # Her server at one hub ends; that of her namesake goes on.
    assert two.east.ask("DELETE", "users/ada/server").status_code in (202, 204)
    began = time.monotonic()
    while status_of(two, tickets["east"]) == 200:
        assert time.monotonic() - began < SECONDS, "the server in the east is not refused"
        assert status_of(two, tickets["west"]) == 200
        time.sleep(0.5)
    assert status_of(two, tickets["west"]) == 200
    assert ticket(two, environments["west"]).status_code == 200

    # One hub ends: the other goes on, and the page says which one is away.
    two.east.stop()
    record_install(two.service, tickets["west"], "package-of-the-west")
    assert ticket(two, environments["west"]).status_code == 200
    assert "package-of-the-west" in browsers["west"].get(f"{two.pages}/log", timeout=20).text
    wait_for("the state of the east", lambda: "The hub east does not answer" in status_page(), 40)
    assert status_page().count(">connected<") == 1
