"""Real JupyterHubs of both supported versions, configured with `labkeeper.hub.configure`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from hubs import BOTH, HERE, ROOT, Hub
from servers import wait_for

from labkeeper.managed_service import PROGRAM

TOKEN = "0123456789abcdef0123456789abcdef"
SCRIPT = PROGRAM if PROGRAM.is_file() else HERE / "fake_hub_service.mjs"
"""The real service where it is built."""
CONFIGURE = f"""
import labkeeper.hub
import labkeeper.managed_service
labkeeper.managed_service.PROGRAM = labkeeper.managed_service.Path("{SCRIPT}")
labkeeper.hub.configure(
    c, pages_url="{{hub.pages_url}}", listen="127.0.0.1:{{hub.service}}", state="{{hub.folder}}/labkeeper",
    api_token="{TOKEN}", audit_users=["eva"], audit_groups=["support"],
)
"""
EXTERNAL = f"""
import labkeeper.hub
labkeeper.hub.configure(
    c, pages_url="{{hub.pages_url}}", service_url="http://127.0.0.1:{{hub.service}}", api_token="{TOKEN}",
)
"""


@pytest.fixture(scope="module", params=BOTH)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose service it manages itself."""
    hub = Hub(tmp_path_factory.mktemp("hub"), request.param, CONFIGURE)
    yield hub
    hub.stop()


@pytest.fixture
def make_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Hub]]:
    made: list[Hub] = []

    def make(major: str, more: str, **environment: str) -> Hub:
        made.append(Hub(tmp_path_factory.mktemp("hub"), major, more, **environment))
        return made[-1]

    yield make
    for hub in made:
        hub.stop()


def post_ticket(address: str, token: str) -> requests.Response:
    return requests.post(f"{address}api/v1/ticket", headers={"Authorization": f"token {token}"}, timeout=10)


def when_up(hub: Hub) -> str:
    """The service's address, once it answers."""
    address = f"http://127.0.0.1:{hub.service}/services/labkeeper/"

    def answers() -> bool:
        try:
            return requests.get(f"{address}health", timeout=2).ok
        except requests.RequestException:
            return False

    wait_for("the service", answers, 30)
    return address


def test_the_hub_starts_with_the_service_and_its_role(hub: Hub) -> None:
    service = hub.ask("GET", "services/labkeeper").json()
    assert service["pid"] > 0
    # No address of the hub's proxy leads to it.
    assert service["url"] == "" and service["prefix"] == ""
    when_up(hub)
    assert requests.get(f"{hub.url}/services/labkeeper/health", timeout=5).status_code == 404
    assert "no such" not in hub.log.lower() and "not recognized" not in hub.log


def test_the_token_of_a_real_server_gets_a_ticket_and_others_do_not(hub: Hub) -> None:
    hub.log_in("ada")
    assert hub.ask("POST", "users/ada/server").status_code in (201, 202)
    file = hub.folder / "environment.json"
    wait_for("the server", lambda: file.exists() and file.read_text().endswith("}"), 30)
    environment = json.loads(file.read_text())
    address = environment["LABKEEPER_SERVICE_URL"]
    assert address == when_up(hub)
    answer = post_ticket(address, environment["JUPYTERHUB_API_TOKEN"])
    assert answer.status_code == 200 and answer.json()["ticket"], answer.text
    # A service's own token, and none at all: nobody's server.
    assert post_ticket(address, TOKEN).status_code in (401, 403)
    assert post_ticket(address, "nonsense").status_code in (401, 403)


def authorize(hub: Hub, user: str) -> str | None:
    """Go to the hub's login for the pages as `user`; the address it sends to, None for a refusal."""
    question = {
        "client_id": "service-labkeeper",
        "redirect_uri": f"{hub.pages_url}/oauth_callback",
        "response_type": "code",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    browser = hub.log_in(user)
    return hub.follow(browser, f"{hub.url}/hub/api/oauth2/authorize?{urlencode(question)}", hub.pages_url)


def test_support_staff_log_in_at_the_pages_host_and_bring_their_scopes(hub: Hub) -> None:
    back = authorize(hub, "eva")
    assert back is not None
    code = parse_qs(urlsplit(back).query)["code"][0]
    given = requests.post(
        f"{hub.url}/hub/api/oauth2/token",
        data={
            "client_id": "service-labkeeper",
            "client_secret": TOKEN,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{hub.pages_url}/oauth_callback",
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        },
        timeout=10,
    ).json()
    user = hub.ask("GET", "user", given["access_token"]).json()
    assert user["name"] == "eva"
    assert {"custom:labkeeper:audit", "custom:labkeeper:use", "access:services!service=labkeeper"} <= set(
        user["scopes"]
    )
    assert "custom:labkeeper:admin" not in user["scopes"]
    # It opens the log and nothing of the hub.
    assert hub.ask("GET", "users", given["access_token"]).status_code == 403


@pytest.mark.skipif(
    not PROGRAM.is_file() or b"oauth_callback" not in PROGRAM.read_bytes(),
    reason="the hub service is not built with its pages: npm run build",
)
def test_support_staff_open_the_log_in_one_go(hub: Hub) -> None:
    when_up(hub)
    page = hub.log_in("eva").get(hub.pages_url, timeout=20)
    assert page.status_code == 200 and page.url.startswith(hub.pages_url), page.text
    assert "Install log" in page.text and "eva" in page.text
    # Below the hub there is no such page.
    assert hub.log_in("eva").get(f"{hub.url}/services/labkeeper/log", timeout=20).status_code == 404


def test_who_has_no_role_is_refused_at_the_hub(hub: Hub) -> None:
    assert authorize(hub, "ada") is None


@pytest.mark.parametrize("major", BOTH)
def test_a_dead_external_service_does_not_delay_the_hub(major: str, make_hub: Callable[..., Hub]) -> None:
    # With an address in the hub's proxy it would be 1 s on 5.x, and 30 s on 6.x.
    without, dead = make_hub(major, ""), make_hub(major, EXTERNAL)
    assert dead.waited_s - without.waited_s < 0.8
    assert dead.ask("GET", "services/labkeeper").status_code == 200


@pytest.mark.parametrize("major", BOTH)
def test_a_service_that_ends_at_once_does_not_end_the_hub(
    major: str, make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mjs"
    broken.write_text("process.exit(3)\n")
    hub = make_hub(major, CONFIGURE.replace(str(SCRIPT), str(broken)))
    assert hub.ask("GET", "services/labkeeper").status_code == 200


@pytest.mark.parametrize("major", BOTH)
def test_a_missing_program_is_one_line_and_the_hub_starts(
    major: str, make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(major, CONFIGURE.replace(str(SCRIPT), str(tmp_path / "hub-service.mjs")))
    lines = [line for line in hub.log.splitlines() if "labkeeper: the hub service" in line]
    assert len(lines) == 1 and "hub-service.mjs is missing" in lines[0]
    assert "Traceback" not in hub.log
    assert "custom:labkeeper:audit" in hub.scopes_of("eva")
    # Nobody would redeem it.
    assert authorize(hub, "eva") is None


@pytest.mark.parametrize("major", BOTH)
def test_a_hub_that_is_killed_takes_the_service_along(major: str, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(major, CONFIGURE)
    when_up(hub)
    pid = hub.ask("GET", "services/labkeeper").json()["pid"]
    hub.process.send_signal(signal.SIGKILL)
    hub.process.wait()
    wait_for("the service's end", lambda: not _lives(pid), 15)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended; whoever inherited it has not asked yet.
    return ") Z" not in Path(f"/proc/{pid}/stat").read_text()


@pytest.mark.parametrize("major", BOTH)
def test_a_wrong_argument_ends_the_hub_with_one_sentence(major: str, make_hub: Callable[..., Hub]) -> None:
    with pytest.raises(AssertionError) as ended:
        make_hub(major, 'import labkeeper.hub\nlabkeeper.hub.configure(c, pages_url="labkeeper")\n')
    said = str(ended.value)
    assert "labkeeper.hub.configure: pages_url: expected an address such as https://" in said
    assert "Traceback" not in said


def test_the_file_alone_is_enough_for_a_service_elsewhere(tmp_path: Path) -> None:
    """As on Zero to JupyterHub: no package, one mounted file."""
    (tmp_path / "labkeeper").mkdir()
    (tmp_path / "labkeeper/hub.py").write_text((ROOT / "labkeeper/hub.py").read_text())
    program = (
        "import sys\n"
        "sys.path[:] = [sys.argv[1], *(path for path in sys.path if path != sys.argv[2])]\n"
        "from traitlets.config import Config\n"
        "import labkeeper.hub\n"
        "assert labkeeper.hub.__file__.startswith(sys.argv[1])\n"
        "c = Config()\n"
        f"labkeeper.hub.configure(c, service_url='http://labkeeper:8191', api_token='{TOKEN}')\n"
        "print(c.Spawner.environment.to_dict()['update'])\n"
        "labkeeper.hub.configure(Config())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-Ic", program, str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "http://labkeeper:8191/services/labkeeper/" in ended.stdout, ended.stderr
    assert ended.returncode == 1
    assert "service_url: expected an address, because this hub has labkeeper/hub.py alone" in ended.stderr
    assert "Traceback" not in ended.stderr
