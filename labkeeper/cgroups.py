"""Where this process's memory limit stands: for `labkeeper doctor` only, the companion reads its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NO_LIMIT_BYTES = 2**62
"""cgroup v1 writes "no limit" as the greatest multiple of the page size below 2^63."""


@dataclass(frozen=True)
class MemoryFiles:
    """The memory files of the cgroup that this process is in."""

    version: int
    folder: Path
    root: Path
    """Where the hierarchy is mounted; a limit may stand in any folder between."""

    @property
    def counters_path(self) -> Path:
        """The file that counts kills."""
        return self.folder / ("memory.events" if self.version == 2 else "memory.oom_control")

    def limit(self) -> tuple[Path, int] | None:
        """Give the lowest limit on the way up, and its file; None = there is none."""
        name = "memory.max" if self.version == 2 else "memory.limit_in_bytes"
        found: tuple[Path, int] | None = None
        for folder in [self.folder, *self.folder.parents]:
            size = read_bytes(folder / name)
            if size is not None and (found is None or size < found[1]):
                found = (folder / name, size)
            if folder == self.root:
                break
        return found


def read_bytes(path: Path) -> int | None:
    """Read a limit; None where there is none or no such file."""
    try:
        text = path.read_text().strip()
        return int(text) if text != "max" and int(text) < NO_LIMIT_BYTES else None
    except (OSError, ValueError):
        # The root of the hierarchy has no such file, and what is no number is no limit.
        return None


def find_memory_files(proc: Path = Path("/proc")) -> MemoryFiles | None:
    """
    Find the folder, by mountinfo and /proc/self/cgroup.

    In a container the path in /proc/self/cgroup may be the host's while the mount already is that cgroup: then the
    mount itself is the folder (mountinfo's root field says so).
    """
    try:
        mounts = [line.split(" - ") for line in (proc / "self/mountinfo").read_text().splitlines()]
        groups = dict(
            line.split(":", 2)[1:]
            for line in (proc / "self/cgroup").read_text().splitlines()
            if line.count(":") >= 2
        )
    except OSError:
        return None
    for version, kind, wanted in ((1, "cgroup", "memory"), (2, "cgroup2", "")):
        own = next((path for names, path in groups.items() if wanted in names.split(",")), None)
        for before, after in mounts:
            fields, (file_system, _source, options) = before.split(" "), after.split(" ", 2)
            if file_system != kind or (version == 1 and "memory" not in options.split(",")):
                continue
            root = Path(fields[4])
            folder = root
            if own is not None:
                inside = own.removeprefix(fields[3].rstrip("/")) if fields[3] != "/" else own
                candidate = root / inside.lstrip("/")
                folder = candidate if candidate.is_dir() else root
            marker = "memory.current" if version == 2 else "memory.limit_in_bytes"
            if (folder / marker).exists():
                return MemoryFiles(version, folder, root)
    return None
