"""Run one program in a cgroup with limits, as its only inhabitant: ``python -m dev.in_group --memory 700M -- COMMAND``.

For tests and benchmarks. Forwards SIGTERM and SIGINT, removes the group at the end, exits with the program's status
(128 + signal when it was killed). Exit status 77: this machine lets us set no limit.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys

from dev.groups import Limits, make_group, systemd_scope
from dev.start import to_bytes


def main() -> int:
    """Make the group, run the program in it, clean up."""
    parser = argparse.ArgumentParser(prog="python -m dev.in_group")
    parser.add_argument("--name", default=f"labkeeper-run-{os.getpid()}")
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--cpu", type=float, default=2.0)
    parser.add_argument("--processes", type=int, default=2000)
    parser.add_argument("--oom-group", action="store_true", help="v2: the whole group is killed at once")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    limits = Limits(to_bytes(arguments.memory), arguments.cpu, arguments.processes, arguments.oom_group)
    group = make_group(arguments.name, limits)
    command = arguments.command
    if group is None:
        scope = systemd_scope(limits)
        if scope is None:
            print("No limit can be set on this machine: neither cgroups nor systemd let us.", file=sys.stderr)
            return 77
        command = [*scope, *command]
    child = subprocess.Popen(command, preexec_fn=group.enter if group else None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _: child.send_signal(n))
    status = child.wait()
    if group:
        group.remove()
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main())
