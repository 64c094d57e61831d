"""An engine with the image, for programs: `python -m dev.docker`.

Prints one line of JSON (`host`, `image`, `own`, `state`, `mounts`, `uid`, `gid`, `home`, `prefix`), then waits for
the end of its standard input, stops the engine if it is ours, and removes the folder `state`. Exit status 77: no
engine can be had, standard output says why.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from pathlib import Path

from dev.docker.engine import NoEngineError, open_engine
from dev.docker.image import GID, HOME, UID, import_image, read_only_mounts

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Open, tell, wait, stop."""
    # The end of standard input is the one way to end this; Ctrl-C reaches our caller too, who closes it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    (ROOT / ".state").mkdir(exist_ok=True)
    # A folder of its own: two at a time must not meet.
    with tempfile.TemporaryDirectory(prefix="docker-", dir=ROOT / ".state") as state:
        return _serve(Path(state))


def _serve(state: Path) -> int:
    try:
        engine = open_engine(state)
    except NoEngineError as error:
        print(error)
        return 77
    try:
        about = {
            "host": engine.host,
            "image": import_image(engine),
            "own": engine.own,
            "state": str(state),
            "mounts": read_only_mounts(ROOT),
            "uid": UID,
            "gid": GID,
            "home": HOME,
            "prefix": sys.prefix,
        }
        print(json.dumps(about), flush=True)
        sys.stdin.read()
    finally:
        engine.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
