"""What keeps a hub from starting although its configuration loads: fields and scopes that its version does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from ..doctor.finding import Finding


def check_names(config: Config) -> Iterator[Finding]:
    """Every field of a service and every scope of a role is one that this JupyterHub has."""
    hub = config.JupyterHub
    unknown = [*_unknown_fields(configured(hub, "services", [])), *_unknown_scopes(hub)]
    for what in unknown:
        yield Finding(
            "services and roles",
            "broken",
            f"{what}, which this version of JupyterHub does not know: the hub would not start.",
            "Remove it, or correct it.",
        )
    if not unknown:
        yield Finding("services and roles", "ok", "Every field and scope is one that this JupyterHub knows.")


def _unknown_fields(services: list[Any]) -> Iterator[str]:
    from jupyterhub.services.service import Service

    known = Service.class_trait_names(input=True)
    for spec in services:
        for field in spec if isinstance(spec, dict) else ():
            if field not in known:
                yield f"The service {spec.get('name')} has the field {field}"


def _unknown_scopes(hub: Config) -> Iterator[str]:
    from jupyterhub.scopes import scope_definitions

    known = {*scope_definitions, *configured(hub, "custom_scopes", {})}
    for role in configured(hub, "load_roles", []):
        for scope in role.get("scopes", []) if isinstance(role, dict) else ():
            if str(scope).split("!")[0] not in known:
                yield f"The role {role.get('name')} has the scope {scope}"


def configured(section: Config, key: str, empty: Any) -> Any:
    """A value of a section, also where it is only added to a default."""
    value = section.get(key, empty)
    return value.get_value(empty) if isinstance(value, LazyConfigValue) else value
