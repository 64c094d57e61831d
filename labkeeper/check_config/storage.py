"""Whether the service can write: its state folder and its database."""

from __future__ import annotations

import re
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from traitlets.config import Config

from ..doctor.finding import Finding
from ..hub import SUMMARY

TIMEOUT_S = 3.0
"""For the database's first answer."""

_KEYS = re.compile(r"signing-key(-[0-9a-f]{16})?\.pem|service-secret|master-key(-[0-9a-f]{16})?")


def check_storage(config: Config) -> Iterator[Finding]:
    """The state folder can be written by who runs this, and the database is there or can be made."""
    done = config.get(SUMMARY) or {}
    if "state" not in done:
        return
    state = Path(done["state"])
    yield _folder("state", state)
    if done.get("master_key_file"):
        yield _master_key(Path(done["master_key_file"]))
    database = str(done["database"])
    if done.get("master_key_file") and not database.startswith("sqlite:"):
        yield from _left_keys(state, Path(done["master_key_file"]))
    if database.startswith("sqlite:"):
        file = Path(database.removeprefix("sqlite:"))
        if file.parent != state:
            yield _folder("database", file.parent)
        yield Finding(
            "database", "ok", f"SQLite, the file {file}{'' if file.exists() else ' (not made yet)'}."
        )
    else:
        yield _postgres(database)


def _folder(what: str, folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return Finding(
            what,
            "broken",
            f"{there} cannot be written by this user ({error.strerror}).",
            "Run this as the user who runs the hub; else change the folder's owner, or name another one.",
        )
    if there == folder and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return Finding(
            what, "note", f"{folder} is open to other users; keys lie in it.", f"chmod 700 {folder}"
        )
    return Finding(what, "ok", f"{folder} can be {'written' if there == folder else 'made'}.")


def _master_key(file: Path) -> Finding:
    try:
        content = file.read_bytes()
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        return Finding(
            "master key",
            "broken",
            f"{file} cannot be read by this user ({error.strerror}).",
            f"Put the key there, or make one: (umask 077; openssl rand -base64 32 > {file})",
        )
    if mode & 0o007:
        return Finding("master key", "broken", f"{file} can be read by everybody.", f"chmod o-rwx {file}")
    if len(content) != 32 and not re.fullmatch(rb"\s*[A-Za-z0-9+/]{43}=\s*", content):
        return Finding(
            "master key",
            "broken",
            f"{file} holds no 32 bytes, nor their base64 in one line.",
            f"If nothing was sealed yet: (umask 077; openssl rand -base64 32 > {file}); else put back the one in use.",
        )
    return Finding(
        "master key", "ok", f"{file} has the form of one; whether it is the one in use is not tried."
    )


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by whatever links and mounts."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _left_keys(state: Path, master_key: Path) -> Iterator[Finding]:
    """
    Name the keys that lie in the state folder where the database keeps them, or will.

    It is the service that takes them over, at its first start with a master key from outside.
    """
    try:
        names = sorted(path.name for path in state.iterdir() if _KEYS.fullmatch(path.name))
    except OSError:
        # What is wrong with the folder is a finding of its own.
        return
    left = [name for name in names if not _same(state / name, master_key)]
    if left:
        yield Finding(
            "keys",
            "note",
            f"{', '.join(left)} in {state}: plain keys, which the database takes over, sealed, at the service's first start"
            " with a master key file.",
            "Before that start: leave them there. Afterwards nothing reads them: the page Status says so; make a backup of the"
            f" database, then rm {' '.join(str(state / name) for name in left)}, and let old backups of the folder go.",
        )


def _postgres(database: str) -> Finding:
    parts = urlsplit(database)
    shown = re.sub(r"//[^@/]*@", "//", database)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        return Finding(
            "database",
            "broken",
            f"{shown} does not answer: {error}.",
            "Start PostgreSQL, or correct the address.",
        )
    return Finding(
        "database", "ok", f"PostgreSQL answers at {shown}; whether the password is right is not tried."
    )
