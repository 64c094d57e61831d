"""Every role that `labkeeper.hub` makes: who has it, and what to do where nobody has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import OFFBOARD_SCOPES, PEOPLE_ROLES, SERVICE_ROLE, SUMMARY, roles_are_managed
from .names import configured

_MAY = {
    "audit": "read the install log of everybody",
    "approve": "answer and decide on other people's requests",
    "admin": "do both of that, set legal holds, erase people and end their access (`labkeeper hold`, `offboard`)",
}
"""What each right is, behind “may”."""


def check_roles(config: Config) -> Iterator[Finding]:
    """Who has each of them, by the configuration; nothing where it makes none."""
    if not config.get(SUMMARY):
        return
    roles = [role for role in configured(config.JupyterHub, "load_roles", []) if isinstance(role, dict)]
    named = {role.get("name"): role for role in roles}
    for right, (name, _) in PEOPLE_ROLES.items():
        yield _people(right, named.get(name, {}), roles, is_managed=roles_are_managed(config))
    yield _service(named.get(SERVICE_ROLE, {}))


def _people(right: str, role: dict[str, Any], roles: list[dict[str, Any]], is_managed: bool) -> Finding:
    name = PEOPLE_ROLES[right][0]
    check, may = f"role {name}", _MAY[right]
    if is_managed:
        return Finding(
            check,
            "note",
            f"Your authenticator manages roles, and this file does not say to whom it gives {name}.",
            f"Let it give {name} to those who may {may}.",
        )
    members = _members(role)
    besides = [*_above(right, roles), *_own(right, roles)]
    if members:
        more = f" So may whoever has {' or '.join(besides)}." if besides else ""
        return Finding(check, "ok", f"{members} may {may}.{more}")
    fix = f"configure(c, {right}_groups=[…]) or {right}_users=[…]"
    if besides:
        return Finding(check, "ok", f"Nobody has it; whoever has {' or '.join(besides)} may {may}.")
    return Finding(
        check, "note", f"Nobody has it, so nobody may {may}; the hub's admins may not either.", fix
    )


def _members(role: dict[str, Any]) -> str:
    """Name those who have a role; empty = nobody."""
    kinds = (("user", role.get("users") or []), ("group", role.get("groups") or []))
    return ", ".join(
        f"{kind}{'' if len(names) == 1 else 's'} {', '.join(names)}" for kind, names in kinds if names
    )


def _above(right: str, roles: list[dict[str, Any]]) -> Iterator[str]:
    """Our role of administrators, where somebody has it and it holds this right too."""
    name = PEOPLE_ROLES["admin"][0]
    if right != "admin" and any(role.get("name") == name and _members(role) for role in roles):
        yield name


def _own(right: str, roles: list[dict[str, Any]]) -> Iterator[str]:
    """Roles of the configuration's own with this right."""
    ours = {name for name, _ in PEOPLE_ROLES.values()}
    for role in roles:
        scopes = [str(scope) for scope in role.get("scopes") or []]
        wanted = {f"custom:labkeeper:{right}", "custom:labkeeper:admin"}
        found = [scope for scope in scopes if scope.split("!")[0] in wanted]
        if found and role.get("name") not in ours:
            yield f"your role {role.get('name')} ({', '.join(found)})"


def _service(role: dict[str, Any]) -> Finding:
    check = f"role {SERVICE_ROLE}"
    names = ", ".join(role.get("services") or [])
    if not names:
        return Finding(
            check,
            "broken",
            "No service has it, so that the service cannot see whose servers run.",
            "Take what assigns c.JupyterHub.load_roles after configure(c, …) before it.",
        )
    if set(OFFBOARD_SCOPES) <= set(role.get("scopes") or []):
        return Finding(
            check,
            "ok",
            f"The service {names} sees whose servers run, and may end anybody's servers and tokens (offboard=True).",
        )
    return Finding(
        check,
        "ok",
        f"The service {names} sees whose servers run. It may end none, nor tokens: `labkeeper offboard` sets a hold, and says "
        "what it could not end. configure(c, offboard=True) lets it.",
    )
