"""What `labkeeper.hub.configure` adds to a configuration, and what it leaves as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from labkeeper import managed_service
from labkeeper.hub import AUDIT_ROLE, PEOPLE_ROLES, SERVICE_ROLE, SUMMARY, ConfigureError, configure

TOKEN = "0123456789abcdef0123456789abcdef"
ELSEWHERE = {"service_url": "http://labkeeper:8191", "api_token": TOKEN}
PAGES = "https://labkeeper.example.org"


def plain(value: Any, empty: Any) -> Any:
    """What a hub would make of it."""
    return value.get_value(empty) if hasattr(value, "get_value") else value


def entry(c: Config, key: str, name: str) -> dict[str, Any]:
    found = [item for item in plain(c.JupyterHub[key], []) if item["name"] == name]
    assert len(found) == 1
    return found[0]


def assigned(c: Config, key: str, items: list[Any]) -> None:
    c.JupyterHub[key] = items


def assigned_tuple(c: Config, key: str, items: list[Any]) -> None:
    c.JupyterHub[key] = tuple(items)


def appended(c: Config, key: str, items: list[Any]) -> None:
    for item in items:
        c.JupyterHub[key].append(item)


def extended(c: Config, key: str, items: list[Any]) -> None:
    c.JupyterHub[key].extend(items)


def put_before(c: Config, key: str, items: list[Any]) -> None:
    c.JupyterHub[key].prepend(items)


Shape = Callable[[Config, str, list[Any]], None]
SHAPES = pytest.mark.parametrize("shape", [assigned, assigned_tuple, appended, extended, put_before])


def test_alone_it_adds_a_service_without_a_route_that_may_only_read() -> None:
    c = Config()
    configure(c, **ELSEWHERE)
    assert entry(c, "services", "labkeeper") == {"name": "labkeeper", "api_token": TOKEN}
    assert [role["name"] for role in c.JupyterHub.load_roles] == [
        *(name for name, _ in PEOPLE_ROLES.values()),
        SERVICE_ROLE,
    ]
    role = entry(c, "load_roles", SERVICE_ROLE)
    assert role["scopes"] == ["list:users", "read:servers"] and role["services"] == ["labkeeper"]
    assert "users" not in role and "groups" not in role
    assert set(c.JupyterHub.custom_scopes) == {
        f"custom:labkeeper:{name}" for name in ("use", "audit", "approve", "admin")
    }


@SHAPES
def test_services_and_roles_of_the_admin_stay(shape: Shape) -> None:
    c = Config()
    culler = {"name": "culler", "command": ["cull"]}
    shape(c, "services", [culler])
    shape(c, "load_roles", [{"name": "culler", "services": ["culler"], "scopes": ["servers"]}])
    configure(c, **ELSEWHERE)
    assert entry(c, "services", "culler") == {"name": "culler", "command": ["cull"]}
    assert entry(c, "load_roles", "culler")["scopes"] == ["servers"]
    entry(c, "services", "labkeeper")


@SHAPES
def test_a_service_of_our_name_is_completed_and_not_replaced(shape: Shape) -> None:
    c = Config()
    shape(
        c,
        "services",
        [{"name": "labkeeper", "api_token": TOKEN, "oauth_no_confirm": False, "info": {"a": 1}}],
    )
    configure(c, service_url="http://labkeeper:8191", pages_url=PAGES)
    service = entry(c, "services", "labkeeper")
    assert service["api_token"] == TOKEN and service["info"] == {"a": 1}
    assert service["oauth_no_confirm"] is False
    assert service["oauth_redirect_uri"] == f"{PAGES}/oauth_callback"


@SHAPES
def test_a_role_of_our_name_keeps_its_people_and_scopes(shape: Shape) -> None:
    c = Config()
    shape(c, "load_roles", [{"name": AUDIT_ROLE, "groups": ["support"], "scopes": ["list:users"]}])
    configure(c, **ELSEWHERE, audit_groups=("support", "security"), audit_users=["eva"])
    role = entry(c, "load_roles", AUDIT_ROLE)
    assert role["groups"] == ["support", "security"] and role["users"] == ["eva"]
    assert role["scopes"] == ["list:users", "custom:labkeeper:audit", "access:services!service=labkeeper"]


@SHAPES
def test_a_role_of_the_service_keeps_what_the_admin_gave_it(shape: Shape) -> None:
    c = Config()
    own = {"name": SERVICE_ROLE, "scopes": ["read:groups"], "services": ["other"], "description": "mine"}
    shape(c, "load_roles", [own])
    configure(c, **ELSEWHERE, name="keeper")
    role = entry(c, "load_roles", SERVICE_ROLE)
    assert role["scopes"] == ["read:groups", "list:users", "read:servers"]
    assert role["services"] == ["other", "keeper"] and role["description"] == "mine"


def test_whoever_is_no_longer_named_loses_the_role() -> None:
    c = Config()
    configure(c, **ELSEWHERE)
    # A role without the key would keep in JupyterHub's database whoever was in it.
    assert entry(c, "load_roles", AUDIT_ROLE)["users"] == []
    assert entry(c, "load_roles", AUDIT_ROLE)["groups"] == []


def test_scopes_of_the_admin_stay() -> None:
    for shape in ("assigned", "updated"):
        c = Config()
        own = {"custom:grades:read": {"description": "x"}, "custom:labkeeper:use": {"description": "ours"}}
        if shape == "assigned":
            c.JupyterHub.custom_scopes = own
        else:
            c.JupyterHub.custom_scopes.update(own)
        configure(c, **ELSEWHERE)
        assert c.JupyterHub.custom_scopes["custom:grades:read"] == {"description": "x"}
        assert c.JupyterHub.custom_scopes["custom:labkeeper:use"] == {"description": "ours"}
        assert "custom:labkeeper:use" in c.JupyterHub.custom_scopes["custom:labkeeper:audit"]["subscopes"]


def told(section: Config) -> str | None:
    return plain(section.environment, {}).get("LABKEEPER_SERVICE_URL")


def test_users_servers_are_told_in_every_section_that_has_an_environment() -> None:
    c = Config()
    c.Spawner.environment.update({"A": "1"})
    # Hides that of c.Spawner; Zero to JupyterHub sets it always.
    c.KubeSpawner.environment = {"B": "2"}
    c.DockerSpawner.image = "x"
    configure(c, **ELSEWHERE)
    where = "http://labkeeper:8191/services/labkeeper/"
    assert told(c.Spawner) == told(c.KubeSpawner) == where
    assert plain(c.Spawner.environment, {})["A"] == "1" and c.KubeSpawner.environment["B"] == "2"
    assert "environment" not in c.DockerSpawner


def test_a_spawner_class_of_any_name_is_told_too() -> None:
    class Base:
        pass

    class Launcher(Base):
        pass

    c = Config()
    c.JupyterHub.spawner_class = Launcher
    c.Launcher.environment = {}
    configure(c, **ELSEWHERE)
    assert told(c.Launcher) is not None


@pytest.mark.parametrize("lazy", [True, False])
def test_what_the_admin_tells_servers_stays(lazy: bool) -> None:
    c = Config()
    if lazy:
        c.Spawner.environment.update({"LABKEEPER_SERVICE_URL": "http://mine/"})
    else:
        c.Spawner.environment = {"LABKEEPER_SERVICE_URL": "http://mine/"}
    configure(c, **ELSEWHERE)
    assert told(c.Spawner) == "http://mine/"
    assert c[SUMMARY].told == []


def test_the_token_of_users_servers_gets_no_more_rights() -> None:
    c = Config()
    configure(c, **ELSEWHERE)
    assert "server_token_scopes" not in c.Spawner


@pytest.mark.parametrize(
    ("hub", "given", "address"),
    [
        ({}, "http://labkeeper:8191", "http://labkeeper:8191/services/labkeeper/"),
        (
            {"base_url": "/jupyter"},
            "http://labkeeper:8191/",
            "http://labkeeper:8191/jupyter/services/labkeeper/",
        ),
        (
            {"bind_url": "http://:80/j/"},
            "http://labkeeper:8191",
            "http://labkeeper:8191/j/services/labkeeper/",
        ),
        ({}, "https://log.example.org/a", "https://log.example.org/a/"),
    ],
)
def test_a_service_elsewhere_is_below_the_hubs_prefix_unless_a_path_is_given(
    hub: dict[str, str], given: str, address: str
) -> None:
    c = Config()
    c.JupyterHub.update(hub)
    configure(c, service_url=given, api_token=TOKEN)
    assert told(c.Spawner) == address


def test_no_argument_reaches_the_service_of_another_section() -> None:
    first, second = Config(), Config()
    configure(first, **ELSEWHERE, audit_users=["eva"])
    configure(second, **ELSEWHERE)
    assert entry(second, "load_roles", AUDIT_ROLE)["users"] == []


# The hub starts the service.


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "hub-service.mjs"
    file.touch()
    monkeypatch.setattr(managed_service, "PROGRAM", file)
    return file


def managed(c: Config, **arguments: Any) -> dict[str, Any]:
    configure(c, **arguments)
    return entry(c, "services", "labkeeper")


def test_the_hub_starts_it_with_node_and_its_environment(program: Path, tmp_path: Path) -> None:
    c = Config()
    c.JupyterHub.public_url = "https://hub.example.org"
    service = managed(
        c, pages_url=f"{PAGES}/", state=tmp_path / "state", hub_id="west", audit_groups=["support"]
    )
    node, *arguments = service["command"][3:]
    assert node.endswith("node") and arguments == [*managed_service.NODE_ARGUMENTS, str(program)]
    # With an address JupyterHub would wait for it, and end where it does not come; `timeout` 5.x does not know.
    assert "url" not in service and "timeout" not in service
    environment = service["environment"]
    assert environment.pop("HOME")
    assert environment == {
        "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:8191",
        "JUPYTERHUB_SERVICE_PREFIX": "/services/labkeeper/",
        "JUPYTERHUB_HOST": "https://hub.example.org",
        "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{PAGES}/oauth_callback",
        "LABKEEPER_HUB_ID": "west",
        "LABKEEPER_DATABASE": f"sqlite:{tmp_path}/state/labkeeper.sqlite",
        "LABKEEPER_STATE": f"{tmp_path}/state",
        "LABKEEPER_PAGES_URL": PAGES,
        "LABKEEPER_PAGES_LISTEN": "127.0.0.1:8192",
    }
    assert told(c.Spawner) == "http://127.0.0.1:8191/services/labkeeper/"


def test_the_master_keys_file_is_named_to_the_service(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "LABKEEPER_MASTER_KEY_FILE" not in managed(Config())["environment"]
    environment = managed(Config(), master_key_file="master-key")["environment"]
    assert environment["LABKEEPER_MASTER_KEY_FILE"] == str(tmp_path / "master-key")
    with pytest.raises(ConfigureError, match="master_key_file: expected nothing beside service_url"):
        configure(
            Config(), service_url="http://10.0.0.9:8191", api_token="t" * 32, master_key_file="master-key"
        )


def test_the_policy_file_is_named_to_the_service(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "LABKEEPER_POLICY" not in managed(Config())["environment"]
    environment = managed(Config(), policy="labkeeper.toml")["environment"]
    assert environment["LABKEEPER_POLICY"] == str(tmp_path / "labkeeper.toml")
    with pytest.raises(ConfigureError, match="policy: expected nothing beside service_url"):
        configure(Config(), **ELSEWHERE, policy="labkeeper.toml")


def test_the_file_of_further_hubs_is_named_to_the_service(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "LABKEEPER_HUBS" not in managed(Config())["environment"]
    c = Config()
    environment = managed(c, hubs="hubs.toml", hub_id="west")["environment"]
    assert environment["LABKEEPER_HUBS"] == str(tmp_path / "hubs.toml")
    assert plain(c.Spawner.environment, {})["LABKEEPER_HUB_ID"] == "west"
    with pytest.raises(ConfigureError, match="hubs: expected nothing beside service_url"):
        configure(Config(), **ELSEWHERE, hubs="hubs.toml")


def test_a_further_hub_has_a_login_of_its_own_and_tells_its_servers_its_name() -> None:
    c = Config()
    c.KubeSpawner.environment = {"B": "2"}
    configure(c, **ELSEWHERE, pages_url=PAGES, hub_id="course-b", further=True)
    # Its own address, so that no hub can have another's codes brought to it.
    login = entry(c, "services", "labkeeper")["oauth_redirect_uri"]
    assert login == f"{PAGES}/oauth_callback/course-b"
    for section in (c.Spawner, c.KubeSpawner):
        assert plain(section.environment, {})["LABKEEPER_HUB_ID"] == "course-b"
    assert c[SUMMARY].further is True
    # One that was given no name is the service's first; it says so by saying nothing.
    c = Config()
    configure(c, **ELSEWHERE, pages_url=PAGES)
    assert "LABKEEPER_HUB_ID" not in plain(c.Spawner.environment, {})
    assert entry(c, "services", "labkeeper")["oauth_redirect_uri"] == f"{PAGES}/oauth_callback"
    for arguments in ({"further": True}, {**ELSEWHERE, "further": True}, {"further": True, "hub_id": "b"}):
        with pytest.raises(ConfigureError, match="further: expected service_url and hub_id"):
            configure(Config(), **arguments)


def test_without_pages_there_is_no_login(program: Path) -> None:
    service = managed(Config())
    assert not [
        key for key in [*service, *service["environment"]] if "oauth" in key.lower() or "PAGES" in key
    ]


def test_its_environment_and_command_can_be_the_admins(program: Path) -> None:
    c = Config()
    own = {"LABKEEPER_HUB_ID": "mine", "X": "1"}
    c.JupyterHub.services = [{"name": "labkeeper", "command": ["own"], "environment": own}]
    service = managed(c)
    assert service["command"] == ["own"]
    assert service["environment"]["LABKEEPER_HUB_ID"] == "mine" and service["environment"]["X"] == "1"
    assert service["environment"]["JUPYTERHUB_SERVICE_URL"] == "http://127.0.0.1:8191"


@pytest.mark.parametrize(
    ("hub", "listen", "reached"),
    [
        ({}, "http://127.0.0.1:8191", "http://127.0.0.1:8191"),
        ({"hub_ip": "172.17.0.1"}, "http://172.17.0.1:8191", "http://172.17.0.1:8191"),
        ({"hub_ip": "", "hub_connect_ip": "hub"}, "http://0.0.0.0:8191", "http://hub:8191"),
        (
            {"hub_bind_url": "http://0.0.0.0:8081", "hub_connect_url": "http://hub:9000"},
            "http://0.0.0.0:8191",
            "http://hub:8191",
        ),
        ({"hub_ip": "fd00::1"}, "http://[fd00::1]:8191", "http://[fd00::1]:8191"),
    ],
)
def test_users_servers_reach_it_where_they_reach_the_hubs_api(
    hub: dict[str, str], listen: str, reached: str, program: Path
) -> None:
    c = Config()
    c.JupyterHub.update(hub)
    assert managed(c)["environment"]["JUPYTERHUB_SERVICE_URL"] == listen
    assert told(c.Spawner) == f"{reached}/services/labkeeper/"


def test_where_it_cannot_be_started_the_hub_has_its_roles_all_the_same(program: Path) -> None:
    program.unlink()
    c = Config()
    assert "command" not in managed(
        c, audit_users=["eva"], pages_url=PAGES, hub_url="https://hub.example.org"
    )
    assert c[SUMMARY].mode == "none"
    assert not [key for key in entry(c, "services", "labkeeper") if key.startswith("oauth")]
    assert entry(c, "load_roles", AUDIT_ROLE)["users"] == ["eva"]


# What cannot work is one sentence.

HERE = {"pages_url": PAGES, "hub_url": "https://hub.example.org"}


@pytest.mark.parametrize(
    ("arguments", "argument", "words"),
    [
        ({"pages_url": "labkeeper.example.org"}, "pages_url", "https://labkeeper.example.org"),
        ({"pages_url": "https://labkeeper.example.org/log"}, "pages_url", "without a path"),
        ({"pages_url": "https://u:p@labkeeper.example.org"}, "pages_url", "expected an address"),
        ({"pages_url": "http://[::1"}, "pages_url", "expected an address"),
        ({"pages_url": 3}, "pages_url", "expected an address"),
        (
            {**HERE, "hub_url": "https://labkeeper.example.org:8000"},
            "pages_url",
            "another host than the hub's",
        ),
        ({"pages_url": PAGES}, "hub_url", "c.JupyterHub.public_url"),
        ({"service_url": "labkeeper:8191", "api_token": TOKEN}, "service_url", "http://labkeeper:8191"),
        ({"service_url": "http://labkeeper:8191"}, "api_token", "got nothing"),
        ({**ELSEWHERE, "api_token": "short"}, "api_token", "8 to 64"),
        ({**ELSEWHERE, "api_token": "x" * 65}, "api_token", "8 to 64"),
        ({**ELSEWHERE, "database": "sqlite:/x"}, "database", "beside service_url"),
        ({**ELSEWHERE, "state": "/x"}, "state", "beside service_url"),
        ({"database": "mysql://x"}, "database", "postgres://USER@HOST/NAME"),
        ({"database": "sqlite:relative"}, "database", "sqlite:/ABSOLUTE/PATH"),
        ({"listen": "8191"}, "listen", "HOST:PORT"),
        ({"listen": "127.0.0.1:99999"}, "listen", "HOST:PORT"),
        ({"pages_listen": "127.0.0.1:1"}, "pages_listen", "without pages_url"),
        ({**HERE, "pages_listen": "here"}, "pages_listen", "HOST:PORT"),
        ({"hub_id": "hub west"}, "hub_id", "expected letters"),
        ({"hub_id": ""}, "hub_id", "expected letters"),
        ({"name": "Lab/Keeper"}, "name", "small letters"),
        ({"audit_users": "eva"}, "audit_users", '["NAME"]'),
        ({"audit_groups": [""]}, "audit_groups", "list of names"),
        ({"audit_groups": 7}, "audit_groups", "list of names"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(
    arguments: dict[str, Any], argument: str, words: str, program: Path
) -> None:
    with pytest.raises(ConfigureError) as raised:
        configure(Config(), **arguments)
    said = str(raised.value)
    assert said.startswith(f"labkeeper.hub.configure: {argument}: ")
    assert words in said and "\n" not in said
    assert TOKEN not in said


def test_two_calls_say_so() -> None:
    c = Config()
    configure(c, **ELSEWHERE)
    with pytest.raises(ConfigureError, match="called before"):
        configure(c, **ELSEWHERE)


@pytest.mark.parametrize(
    ("key", "value"), [("services", {"labkeeper": {}}), ("load_roles", "x"), ("custom_scopes", ["x"])]
)
def test_a_configuration_of_another_shape_is_named(key: str, value: Any) -> None:
    c = Config()
    c.JupyterHub[key] = value
    with pytest.raises(ConfigureError, match=rf"c\.JupyterHub\.{key}: expected a"):
        configure(c, **ELSEWHERE)


def test_roles_that_the_authenticator_manages_are_left_to_it() -> None:
    c = Config()
    c.GenericOAuthenticator.manage_roles = True
    configure(c, **ELSEWHERE)
    assert "users" not in entry(c, "load_roles", AUDIT_ROLE)
    # JupyterHub refuses users and groups in a role there, not services.
    assert entry(c, "load_roles", SERVICE_ROLE)["services"] == ["labkeeper"]
    c = Config()
    c.GenericOAuthenticator.manage_roles = True
    with pytest.raises(ConfigureError, match="the authenticator manages roles"):
        configure(c, **ELSEWHERE, audit_users=["eva"])


def test_a_hub_with_tls_inside_is_told_at_once(program: Path) -> None:
    c = Config()
    c.JupyterHub.internal_ssl = True
    with pytest.raises(ConfigureError, match="internal_ssl"):
        configure(c)


@pytest.mark.parametrize(
    ("hub", "pages", "url"),
    [
        ({"public_url": "hub.example.org"}, PAGES, "https://hub.example.org/"),
        ({"subdomain_host": "https://hub.example.org:8443"}, PAGES, "https://hub.example.org:8443/"),
        (
            {"public_url": "https://hub.example.org/j/", "base_url": "/j/"},
            PAGES,
            "https://hub.example.org/j/",
        ),
        ({"bind_url": "http://hub.example.org:8000"}, PAGES, "http://hub.example.org:8000/"),
        ({"ip": "10.0.0.5", "port": 9000, "base_url": "j"}, PAGES, "http://10.0.0.5:9000/j/"),
        ({"bind_url": "http://127.0.0.1:8000"}, "http://127.0.0.2:8004", "http://127.0.0.1:8000/"),
        # Behind another server, whose name the configuration does not say.
        ({"bind_url": "http://127.0.0.1:8000"}, PAGES, None),
        ({}, PAGES, None),
    ],
)
def test_where_browsers_find_the_hub(hub: dict[str, Any], pages: str, url: str | None) -> None:
    c = Config()
    c.JupyterHub.update(hub)
    configure(c, **ELSEWHERE, pages_url=pages)
    assert c[SUMMARY].hub_url == url
