"""An almost empty image: folders, links and names. Everything else is this machine's, mounted read-only."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

from dev.docker.engine import Engine

IMAGE = "labkeeper-demo:local"
#: The user of Jupyter's own images, jovyan in the group users.
UID, GID = 1000, 100
HOME = "/home/jovyan"

_FOLDERS = ("dev", "etc", "home", "opt", "proc", "root", "run", "sys", "usr", "var", "var/tmp")
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
_FILES = {
    "etc/passwd": f"root:x:0:0:root:/root:/bin/sh\njovyan:x:{UID}:{GID}:jovyan:{HOME}:/bin/sh\n",
    "etc/group": f"root:x:0:\nusers:x:{GID}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def import_image(engine: Engine) -> str:
    """Make the image (58 kB, 0.2 s) and give its name."""
    changes = [f"ENV PATH={Path(sys.prefix) / 'bin'}:/usr/bin:/bin", f"WORKDIR {HOME}", f"USER {UID}:{GID}"]
    tini = shutil.which("tini")
    if tini is not None:
        changes.append(f'ENTRYPOINT ["{tini}", "--"]')
    options = [word for change in changes for word in ("--change", change)]
    engine.docker("import", *options, "-", IMAGE, stdin=_root_file_system())
    return IMAGE


def read_only_mounts(root: Path) -> list[str]:
    """
    The folders of this machine that a container sees, at their own paths: programs, Python, and what of this
    repository an installation would contain. The state folder is not among them.
    """
    wanted = [
        Path("/usr"),
        Path("/etc/ssl/certs"),
        Path(sys.base_prefix),
        Path(sys.prefix),
        root / "labkeeper",
        root / "jupyter-config",
    ]
    mounts: list[str] = []
    for folder in wanted:
        path = str(folder.resolve())
        if folder.is_dir() and not any(path == known or path.startswith(f"{known}/") for known in mounts):
            mounts.append(path)
    return mounts


def _root_file_system() -> bytes:
    """The image as a tar archive, owners included, so that no root is needed to make it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in _FOLDERS:
            _add_folder(archive, name)
        _add_folder(archive, "tmp", mode=0o1777)
        _add_folder(archive, HOME.lstrip("/"), owner=(UID, GID))
        for name, target in _LINKS.items():
            # A machine without a merged /usr has real folders there; then mounting /usr does not help either.
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name, text in _FILES.items():
            _add_file(archive, name, text.encode())
        if Path("/etc/ld.so.cache").exists():
            _add_file(archive, "etc/ld.so.cache", Path("/etc/ld.so.cache").read_bytes())
        if Path("/etc/alternatives").is_dir():
            _add_folder(archive, "etc/alternatives")
            for path in sorted(Path("/etc/alternatives").iterdir()):
                if path.is_symlink():
                    link = tarfile.TarInfo(f"etc/alternatives/{path.name}")
                    link.type, link.linkname = tarfile.SYMTYPE, os.readlink(path)
                    archive.addfile(link)
    return buffer.getvalue()


def _add_folder(
    archive: tarfile.TarFile, name: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0)
) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    entry.uid, entry.gid = owner
    archive.addfile(entry)


def _add_file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))
