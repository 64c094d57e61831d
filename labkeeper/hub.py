"""
Labkeeper on a JupyterHub: `import labkeeper.hub; labkeeper.hub.configure(c)` at the end of jupyterhub_config.py.

One file, so that it can be mounted alone into a hub that has no wheel of ours: Zero to JupyterHub mounts ONE file. That is
why it is longer than others here, and imports ours only where it starts the service itself. It adds a service, scopes and two
roles, and tells users' servers where the service is; what the configuration has already is kept.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterable, Mapping
from datetime import timezone
from typing import Any
from urllib.parse import SplitResult, urlsplit

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

AUDIT_ROLE = "labkeeper-audit"
SERVICE_ROLE = "labkeeper-service"
SERVICE_SCOPES = ("list:users", "read:servers")
"""What the service reads of the hub, on 5.x and 6.x alike: who has a running server. With these it may change nothing."""
SUMMARY = "LabkeeperHub"
"""The section of the configuration that says what was done; `labkeeper check-config` reads it."""

PEOPLE_ROLES = {
    "audit": (AUDIT_ROLE, "Read the install log of every user"),
    "approve": ("labkeeper-approve", "Decide on requests of other users"),
    "admin": ("labkeeper-admin", "Run Labkeeper: legal holds, erasure, the end of somebody's access"),
}
"""The roles of people at the pages: each right's name and description."""
OFFBOARD_SCOPES = ("tokens", "delete:servers")
"""What `offboard=True` adds: to end anybody's tokens and servers. JupyterHub has no smaller scope for tokens."""

_SCOPE = "custom:labkeeper:"
_SCOPES = {
    "use": ("Use Labkeeper's pages for oneself.", ()),
    "audit": ("Read, search and export the install log.", ("use",)),
    "approve": ("Decide on other people's requests.", ("use",)),
    "admin": ("Read the install log, decide on requests, and run Labkeeper.", ("audit", "approve", "use")),
}
_PLACES = "/api/labkeeper/servers"
_RUNNING = "/api/labkeeper/running"
_SESSIONS = "/api/labkeeper/sessions/([^/]+)"
_NAME_LENGTH = 512
_FIRST = "hub"
"""What a hub is called that was given no name."""
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*", None)


class ConfigureError(SystemExit):
    """What was asked for cannot work. JupyterHub ends with the message, which is one sentence, and without a stack."""

    def __init__(self, argument: str, sentence: str):
        super().__init__(f"labkeeper.hub.configure: {argument}: {sentence}")


def configure(
    c: Config,
    *,
    pages_url: str | None = None,
    service_url: str | None = None,
    api_token: str | None = None,
    hub_id: str = _FIRST,
    database: str | None = None,
    state: str | os.PathLike[str] | None = None,
    master_key_file: str | os.PathLike[str] | None = None,
    name: str = "labkeeper",
    audit_users: Iterable[str] = (),
    audit_groups: Iterable[str] = (),
    approve_users: Iterable[str] = (),
    approve_groups: Iterable[str] = (),
    admin_users: Iterable[str] = (),
    admin_groups: Iterable[str] = (),
    hub_url: str | None = None,
    listen: str | None = None,
    pages_listen: str | None = None,
    policy: str | os.PathLike[str] | None = None,
    hubs: str | os.PathLike[str] | None = None,
    further: bool = False,
    offboard: bool = False,
    anchors: Mapping[str, str] | None = None,
) -> None:
    """
    Add Labkeeper's hub service to a JupyterHub (5.5.4 or newer, 6.1.1 or newer): the last statement of its configuration.

    pages_url: the pages' own address, for example `https://labkeeper.example.org`, on another host than the hub's.
        Without it everything but the pages works.
    service_url: where a service runs that the hub does not start, as users' servers reach it. Without it the hub
        starts the service.
    api_token: the token of that service, 8 to 64 characters.
    hub_id: the name of this hub in every record, and in the environment of users' servers where you give one.
    database: `sqlite:/path/file.sqlite` or `postgres://user@host/name`; by default a SQLite file in `state`.
    state: folder for keys and database; by default `labkeeper-state` in the folder that the hub runs in.
    master_key_file: the key that seals the keys in the database; by default it is made in `state`.
    name: the service's name in JupyterHub.
    audit_users, audit_groups: who may read the install log. Nobody else may, the hub's admins included.
    approve_users, approve_groups: who may answer and decide on other people's requests.
    admin_users, admin_groups: who may do that all, set legal holds, erase persons and end their access.
    hub_url: where browsers reach the hub; by default `c.JupyterHub.public_url`, else where its proxy listens.
    listen: `host:port` where the service listens for users' servers; by default the host of the hub's API, port 8191.
    pages_listen: `host:port` where the pages listen; by default that of `pages_url`, and 127.0.0.1:8192 where it is
        https, which a proxy of yours has to speak.
    policy: the policy file, `labkeeper.toml`. It is read again whenever it changes.
    hubs: the file that names further hubs which this service trusts.
    further: this hub is one of several of a service elsewhere, and named in that service's file of hubs as `hub_id`.
    offboard: let the service end a user's tokens and servers, for `labkeeper offboard` and the firm's directory.
    anchors: what holds the log's digests outside the service: `directory`, `witness` and `witness_key`, `tsa` and
        `tsa_certificate`, `late_hours`.

    Raises ConfigureError.
    """
    if c[SUMMARY]:
        raise ConfigureError("configure()", "it was called before with this c; remove one of the calls.")
    _check_name("name", name, r"[a-z0-9][a-z0-9._-]{0,63}", "small letters, digits and . _ -")
    _check_name("hub_id", hub_id, r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "letters, digits and . _ -")
    if further and (service_url is None or hub_id == _FIRST):
        raise ConfigureError(
            "further",
            "expected service_url and hub_id with it, because a further hub is one of a service elsewhere, under a name"
            " of its own; give both.",
        )
    base = _base_url(c)
    prefix = f"{base}services/{name}/"
    pages = None if pages_url is None else _pages_url(pages_url)
    hub = _hub_url(c, hub_url, base, pages)
    _add_people_role(c, name, "audit", audit_users, audit_groups)
    _add_people_role(c, name, "approve", approve_users, approve_groups)
    _add_people_role(c, name, "admin", admin_users, admin_groups)
    service = _entry(c.JupyterHub, "services", name)
    _add_service_role(c, name, offboard)
    own = {
        "database": database,
        "state": state,
        "master_key_file": master_key_file,
        "listen": listen,
        "pages_listen": pages_listen,
        "policy": policy,
        "hubs": hubs,
        "anchors": anchors,
    }
    if service_url is None:
        try:
            from labkeeper.managed_service import manage
        except ModuleNotFoundError:
            raise ConfigureError(
                "service_url",
                "expected an address, because this hub has labkeeper/hub.py alone and cannot start the service;"
                " run it elsewhere and name it here.",
            ) from None
        if api_token is not None:
            service["api_token"] = _token(api_token)
        done = manage(c, service, prefix=prefix, pages=pages, hub=hub, hub_id=hub_id, **own)
    else:
        for argument, value in own.items():
            if value is not None:
                raise ConfigureError(
                    argument, "expected nothing beside service_url; set it where that service runs."
                )
        service["api_token"] = _token(api_token if api_token is not None else service.get("api_token"))
        done = {"mode": "external", "service_url": _service_url(service_url, prefix)}
    # Without a token it would be a login without a secret.
    if pages and done["mode"] != "none":
        _add_login(service, name, pages, f"/oauth_callback/{hub_id}" if further else "/oauth_callback")
    _add_scopes(c)
    _add_places(c, name)
    if offboard:
        _add_sign_out(c, name)
    known_as = service.get("environment", {}).get("LABKEEPER_HUB_ID", hub_id)
    told = _tell_servers(c, done["service_url"], None if known_as == _FIRST else known_as)
    summary = {"name": name, "hub_id": hub_id, "pages_url": pages, "hub_url": hub, "told": told, **done}
    c[SUMMARY].update(summary, further=further)


def _add_login(service: dict[str, Any], name: str, pages: str, callback: str) -> None:
    """
    Let people log in to the pages through JupyterHub, at the pages' own host.

    The service has no `url`: with one, JupyterHub waits for it at its start before anybody can log in (30 s on 6.x),
    and ends where one that it manages does not come.
    """
    service.setdefault("oauth_client_id", f"service-{name}")
    service.setdefault("oauth_redirect_uri", f"{pages}{callback}")
    service.setdefault("oauth_no_confirm", True)
    service["oauth_client_allowed_scopes"] = _joined(
        service.get("oauth_client_allowed_scopes", []), [_SCOPE + key for key in _SCOPES]
    )


def _add_scopes(c: Config) -> None:
    scopes = _plain(c.JupyterHub, "custom_scopes", {})
    for key, (description, below) in _SCOPES.items():
        scope: dict[str, Any] = {"description": description}
        if below:
            scope["subscopes"] = [_SCOPE + name for name in below]
        scopes.setdefault(_SCOPE + key, scope)


def _add_places(c: Config, service: str) -> None:
    """
    Let the service, and nobody else, ask the hub where servers run: `GET hub/api/labkeeper/servers`; and only which, with
    those that start or stop: `GET hub/api/labkeeper/running`.

    Spawners keep places in their state, and the right to read it (`admin:server_state`) opens much more than a machine's
    name. A server itself could say what it likes. Which servers run stands in JupyterHub's own list of users as well, but
    that takes its one thread 1.2 s for 3000 of them, and this 26 ms (measured on 6.1.1).
    """
    try:
        from jupyterhub import orm
        from jupyterhub.apihandlers.base import APIHandler
        from tornado.web import HTTPError
    except ModuleNotFoundError:
        # A program that only reads the configuration.
        return

    class ForTheService(APIHandler):
        async def prepare(self) -> None:
            await super().prepare()
            asker = self.current_user
            if getattr(asker, "kind", None) != "service" or asker.name != service:
                raise HTTPError(403)

    class ServerPlaces(ForTheService):
        def get(self) -> None:
            # Users of whom the hub has no object here have no server either.
            spawners = [spawner for user in list(self.users.values()) for spawner in user.spawners.values()]
            self.write(json.dumps({"servers": [place for place in map(server_place, spawners) if place]}))

    class RunningServers(ForTheService):
        def get(self) -> None:
            # An active server has a row of its address, from before its start until it has ended (as in `state=active`).
            pairs = (
                self.db.query(orm.User.name, orm.Spawner.name)
                .join(orm.Spawner, orm.Spawner.user_id == orm.User.id)
                .filter(orm.Spawner.server_id.is_not(None))
            )
            # Which of their users' tokens are good: what a user revokes while her server runs stands in no other list. By
            # number, owner and first characters: SQLite gives the number of a deleted token to the next one.
            tokens = (
                self.db.query(orm.APIToken.id, orm.User.name, orm.APIToken.prefix)
                .join(orm.User, orm.User.id == orm.APIToken.user_id)
                .join(orm.Spawner, orm.Spawner.user_id == orm.APIToken.user_id)
                .filter(orm.Spawner.server_id.is_not(None))
                .filter((orm.APIToken.expires_at.is_(None)) | (orm.APIToken.expires_at > orm.APIToken.now()))
                .distinct()
            )
            self.write(
                json.dumps(
                    {
                        "servers": [[user, server] for user, server in pairs],
                        "tokens": [[number, user, prefix] for number, user, prefix in tokens],
                    }
                )
            )

    handlers = _plain(c.JupyterHub, "extra_handlers", [])
    handlers.extend(((_PLACES, ServerPlaces), (_RUNNING, RunningServers)))


def _add_sign_out(c: Config, service: str) -> None:
    """
    Let the service, and nobody else, sign a user's browsers out of the hub: `DELETE hub/api/labkeeper/sessions/NAME`.

    JupyterHub's own API cannot: it ends tokens, and a browser holds a signed cookie with the user's `cookie_id`, which
    stays the same for as long as the user is known.
    """
    try:
        from jupyterhub.apihandlers.base import APIHandler
        from jupyterhub.utils import new_token
        from tornado.web import HTTPError
    except ModuleNotFoundError:
        # A program that only reads the configuration.
        return

    class SignOut(APIHandler):
        def delete(self, name: str) -> None:
            asker = self.current_user
            if getattr(asker, "kind", None) != "service" or asker.name != service:
                raise HTTPError(403)
            user = self.find_user(name)
            if user is not None:
                user.orm_user.cookie_id = new_token()
                self.db.commit()
                self.log.info("%s signed the browsers of %s out", service, name)
            self.write(json.dumps({"signedOut": user is not None}))

    handlers = _plain(c.JupyterHub, "extra_handlers", [])
    handlers.append((_SESSIONS, SignOut))


def server_place(spawner: Any) -> dict[str, Any] | None:
    """Where a server runs, in which image and since when (epoch ms), as its spawner knows; None = it does not run."""
    row = getattr(spawner, "orm_spawner", None)
    started = getattr(row, "started", None)
    if not getattr(spawner, "ready", False) or started is None:
        return None
    return {
        "user": spawner.user.name,
        "server": spawner.name,
        # The hub's database has times in UTC, without a zone.
        "startedAtMs": int(started.replace(tzinfo=timezone.utc).timestamp() * 1000),
        "node": _short(_node(spawner)),
        "image": _short(getattr(spawner, "image", None)),
    }


def _node(spawner: Any) -> str | None:
    kinds = {kind.__name__ for kind in type(spawner).__mro__}
    if "KubeSpawner" in kinds:
        # The pod as the spawner's own watch last saw it (jupyterhub-kubespawner 6 and 7).
        pods = getattr(getattr(spawner, "pod_reflector", None), "pods", None) or {}
        pod = pods.get(f"{getattr(spawner, 'namespace', '')}/{getattr(spawner, 'pod_name', '')}") or {}
        return (pod.get("spec") or {}).get("nodeName")
    if "SwarmSpawner" in kinds:
        # Its server's address is that of a service, which may run on any machine.
        return None
    if "DockerSpawner" in kinds:
        host = urlsplit(os.environ.get("DOCKER_HOST", "")).hostname
        return host if host and not _loopback(host) else socket.gethostname()
    if "LocalProcessSpawner" in kinds or "SystemdSpawner" in kinds:
        return socket.gethostname()
    # Of batch systems and others it is the machine that the server listens on.
    host = getattr(getattr(spawner, "server", None), "ip", None) or getattr(spawner, "ip", None)
    return None if host in _ANY_ADDRESS or _loopback(host) else host


def _short(name: object) -> str | None:
    return name[:_NAME_LENGTH] if isinstance(name, str) and name else None


def _add_people_role(
    c: Config, service: str, right: str, users: Iterable[str], groups: Iterable[str]
) -> None:
    """Make the role of those who have a right at the pages."""
    name, description = PEOPLE_ROLES[right]
    arguments = (f"{right}_users", f"{right}_groups")
    listed = [_names(argument, value) for argument, value in zip(arguments, (users, groups), strict=True)]
    role = _entry(c.JupyterHub, "load_roles", name)
    role.setdefault("description", description)
    role["scopes"] = _joined(
        role.get("scopes", []), [f"{_SCOPE}{right}", f"access:services!service={service}"]
    )
    if roles_are_managed(c):
        if any(listed):
            raise ConfigureError(
                ", ".join(arguments),
                f"expected none, because the authenticator manages roles; let it give the role {name}.",
            )
        return
    # Empty lists too: without the key JupyterHub would leave the role to those who had it before.
    role["users"] = _joined(role.get("users", []), listed[0])
    role["groups"] = _joined(role.get("groups", []), listed[1])


def roles_are_managed(c: Config) -> bool:
    """Whether the authenticator says who has which role."""
    return any(s.get("manage_roles") is True for key, s in c.items() if key.endswith("Authenticator"))


def _add_service_role(c: Config, service: str, offboard: bool) -> None:
    """
    Let the service read which servers run, so that it refuses who was stopped or removed within 30 s.

    With `offboard` it may also end anybody's servers and tokens.
    """
    role = _entry(c.JupyterHub, "load_roles", SERVICE_ROLE)
    role.setdefault("description", "See whose servers run" + (", and end them" if offboard else ""))
    role["scopes"] = _joined(role.get("scopes", []), SERVICE_SCOPES + (OFFBOARD_SCOPES if offboard else ()))
    role["services"] = _joined(role.get("services", []), [service])


def _tell_servers(c: Config, where: str, hub: str | None) -> list[str]:
    """
    Put the service's address into the environment of users' servers; give the sections in which it now is.

    Beside it stands what the service calls this hub; without it the service's first hub is meant.

    A section of a more specific class hides `c.Spawner.environment` as a whole, so each that has one gets it. Where
    the variable is set already it stays.
    """
    sections = {"Spawner", *(key for key in c if key.endswith("Spawner") and "environment" in c[key])}
    spawner = c.JupyterHub.get("spawner_class")
    if isinstance(spawner, type):
        sections |= {cls.__name__ for cls in spawner.__mro__ if "environment" in c.get(cls.__name__, {})}
    told = []
    for key in sorted(sections):
        value = c[key].environment
        known = value.to_dict().get("update", {}) if isinstance(value, LazyConfigValue) else value
        if "LABKEEPER_SERVICE_URL" not in known:
            value.update({"LABKEEPER_SERVICE_URL": where})
            told.append(key)
        if hub is not None and "LABKEEPER_HUB_ID" not in known:
            value.update({"LABKEEPER_HUB_ID": hub})
    return told


def _plain(section: Config, key: str, empty: Any) -> Any:
    """What the configuration has under `key`, as a list or dict of its own that can be added to."""
    value = section[key]
    if isinstance(value, LazyConfigValue):
        value = value.get_value(empty)
    if not isinstance(value, Mapping if empty == {} else (list, tuple)):
        kind = "dictionary" if empty == {} else "list"
        raise ConfigureError(
            f"c.JupyterHub.{key}", f"expected a {kind}, got {type(value).__name__}; correct it."
        )
    section[key] = type(empty)(value)
    return section[key]


def _entry(section: Config, key: str, name: str) -> dict[str, Any]:
    """The entry of that name in a list of dictionaries; a new one where there is none."""
    entries = _plain(section, key, [])
    for entry in entries:
        if isinstance(entry, dict) and entry.get("name") == name:
            return entry
    entries.append({"name": name})
    return entries[-1]


def _joined(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _check_name(argument: str, value: object, pattern: str, expected: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ConfigureError(argument, f"expected {expected}, got {value!r}; choose another.")


def _names(argument: str, value: Iterable[str]) -> list[str]:
    several = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    names = list(value) if several else []
    if not several or not all(isinstance(name, str) and name.strip() for name in names):
        raise ConfigureError(argument, f'expected a list of names, got {value!r}; write ["NAME"].')
    return names


def _token(value: object) -> str:
    if not isinstance(value, str) or not 8 <= len(value) <= 64:
        got = "nothing" if value is None else "something else"
        raise ConfigureError(
            "api_token",
            f"expected a text of 8 to 64 characters, got {got}; make one with `openssl rand -hex 32`, and give it to"
            " the service as JUPYTERHUB_API_TOKEN too.",
        )
    return value


def _parts(argument: str, value: object, example: str) -> SplitResult:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment:
        raise ConfigureError(argument, f"expected an address such as {example}, got {value!r}; correct it.")
    return parts


def _base_url(c: Config) -> str:
    """The hub's base URL, with a slash at both ends."""
    hub = c.JupyterHub
    path = hub.get("base_url") or urlsplit(hub.get("bind_url") or "").path
    inner = str(path).strip("/")
    return f"/{inner}/" if inner else "/"


def _hub_url(c: Config, given: str | None, base: str, pages: str | None) -> str | None:
    """Where browsers reach the hub, with a slash at its end; None where the configuration does not say."""
    hub = c.JupyterHub
    if given is None:
        given = hub.get("public_url") or hub.get("subdomain_host") or None
        if given is not None and "://" not in given:
            given = f"https://{given}"
    if given is None:
        scheme = "https" if hub.get("ssl_cert") else "http"
        bind = urlsplit(hub.get("bind_url") or f"{scheme}://{hub.get('ip') or ''}:{hub.get('port') or 8000}")
        # A proxy on loopback is behind another server, unless everything is on this machine.
        hidden = pages is not None and _loopback(bind.hostname) and not _loopback(urlsplit(pages).hostname)
        if hidden or bind.hostname in _ANY_ADDRESS:
            return None
        given = f"{bind.scheme}://{bind.netloc}"
    parts = _parts("hub_url", given, "https://hub.example.org/")
    if pages is not None and urlsplit(pages).hostname == parts.hostname:
        raise ConfigureError(
            "pages_url",
            f"expected another host than the hub's, {parts.hostname}, where any user's page could act in a reader's name;"
            " give the pages a host name of their own.",
        )
    path = parts.path.rstrip("/") + "/"
    return f"{parts.scheme}://{parts.netloc}{base if path == '/' else path}"


def _loopback(host: str | None) -> bool:
    return host is not None and (
        host.startswith("127.") or host in ("localhost", "::1") or host.endswith(".localhost")
    )


def _pages_url(value: str) -> str:
    parts = _parts("pages_url", value, "https://labkeeper.example.org")
    if parts.path not in ("", "/"):
        raise ConfigureError("pages_url", f"expected an address without a path, got {value!r}; shorten it.")
    return f"{parts.scheme}://{parts.netloc}"


def _service_url(value: str, prefix: str) -> str:
    parts = _parts("service_url", value, "http://labkeeper:8191")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path + '/' if path else prefix}"
