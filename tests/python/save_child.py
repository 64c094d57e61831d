"""
Programs that the tests of saving run on their own, to kill them or to be another user.

    half ROOT NAME stock|ours         writes half of a new version, says so, and waits
    rounds ROOT NAME COUNT            forks that save two versions in turn and are killed: prints what was found
    save ROOT PATH TEXT HASH UID      one save as another user; prints the hash or the code
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from labkeeper.compare_write import CompareWrite, Condition
from labkeeper.file_stamp import Stamp
from labkeeper.plain_files import Write, crash_safe
from labkeeper.save_problems import SaveProblem

VERSIONS = ("a" * 3_000_000, "b" * 3_000_000)


def half(root: str, name: str, whose: str) -> None:
    manager = FileContentsManager(root_dir=root)
    path = os.path.join(root, name)
    writer = crash_safe(manager, Write(Stamp.of(path))) if whose == "ours" else manager
    with writer.atomic_writing(path, text=False) as file:
        file.write(b"new" * 100_000)
        file.flush()
        print("half", flush=True)
        time.sleep(60)


def rounds(root: str, name: str, count: str) -> None:
    manager = AsyncLargeFileManager(root_dir=root)
    path = Path(root, name)
    found = {"whole": 0, "cut": 0, "saves": 0}
    for _ in range(int(count)):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            asyncio.run(_save_for_ever(manager, name, write_end))
        os.close(write_end)
        # The second save shows how long one takes on this disk.
        os.read(read_end, 1)
        begin = time.monotonic()
        os.read(read_end, 1)
        time.sleep(random.random() * 2 * (time.monotonic() - begin))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found["saves"] += 2 + len(os.read(read_end, 100_000))
        os.close(read_end)
        found["whole" if path.read_text() in VERSIONS else "cut"] += 1
    print(json.dumps(found))


async def _save_for_ever(manager: AsyncLargeFileManager, name: str, done: int) -> None:
    documents = CompareWrite(lambda: manager, logging.getLogger())
    version = await documents.store.version(name)
    known = version.hash if version else None
    while True:
        for text in VERSIONS:
            model = {"type": "file", "format": "text", "content": text}
            saved = await documents.save(name, model, Condition(known))
            known = saved.version.hash
            os.write(done, b".")


def save(root: str, path: str, text: str, known: str, uid: str) -> None:
    # All modules are loaded by a first save, because the user may not be able to read where they are.
    with tempfile.TemporaryDirectory() as other:
        _save_once(other, "warm-up.py", "x", None)
    os.setgroups([])
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))
    print(_save_once(root, path, text, known))


def _save_once(root: str, path: str, text: str, known: str | None) -> str:
    manager = AsyncLargeFileManager(root_dir=root)
    documents = CompareWrite(lambda: manager, logging.getLogger())
    model = {"type": "file", "format": "text", "content": text}
    try:
        return asyncio.run(documents.save(path, model, Condition(known))).version.hash
    except SaveProblem as problem:
        return problem.code


if __name__ == "__main__":
    {"half": half, "rounds": rounds, "save": save}[sys.argv[1]](*sys.argv[2:])
