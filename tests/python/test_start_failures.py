"""A kernel that cannot start is told with the reason, and an end that was not asked for stays one."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from servers import Server, wait_for


def kernelspec(server: Server, name: str, argv: list[str]) -> None:
    folder = server.folder / "data/kernels" / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": name, "language": "python"})
    )


def start_failure(server: Server, path: str, number: int = 1) -> dict:
    def look() -> dict | None:
        found = [m for m in server.messages("server/kernel-start-failed") if m["kernel"]["path"] == path]
        return found[number - 1] if len(found) >= number else None

    return wait_for(f"start failure of {path}", look)


def session(server: Server, path: str, kernel: str) -> tuple[int, dict]:
    status, _, answer = server.request(
        "POST", "api/sessions", {"path": path, "name": path, "type": "notebook", "kernel": {"name": kernel}}
    )
    return status, answer


def test_a_kernelspec_whose_program_is_missing(server: Server) -> None:
    kernelspec(server, "noprogram", ["/nonexistent/python", "-f", "{connection_file}"])
    status, _ = session(server, "noprogram.ipynb", "noprogram")
    assert status == 500
    told = start_failure(server, "noprogram.ipynb")
    assert "/nonexistent/python" in told["startFailure"]["message"]
    assert told["kernel"]["kernelName"] == "noprogram"
    assert told["exit"] == {"how": "unknown"}


def test_a_kernelspec_that_does_not_exist(server: Server) -> None:
    status, _ = session(server, "nospec.ipynb", "nobody")
    assert status >= 400
    assert "nobody" in start_failure(server, "nospec.ipynb")["startFailure"]["message"]


def test_a_missing_module_is_named_and_the_last_attempt_is_told(make_server) -> None:
    server = make_server("--AsyncIOLoopKernelRestarter.time_to_dead=0.3")
    kernelspec(server, "nomodule", [sys.executable, "-m", "a_module_nobody_has", "-f", "{connection_file}"])
    session(server, "nomodule.ipynb", "nomodule")
    told = start_failure(server, "nomodule.ipynb")
    assert "No module named a_module_nobody_has" in told["startFailure"]["message"]
    assert "a_module_nobody_has" in told["startFailure"]["stderrTail"]
    assert told["exit"] == {"how": "code", "code": 1}
    # It comes into the server's log too, where it was before we came.
    wait_for("the line", lambda: "No module named a_module_nobody_has" in server.log, 2)
    kernel_id = told["kernel"]["kernelId"]
    wait_for(
        "the end of the attempts",
        lambda: [f for f in server.messages("server/kernel-fate", kernel_id) if f["fate"] == "gave-up"],
    )
    fates = [f["fate"] for f in server.messages("server/kernel-fate", kernel_id)]
    assert fates == ["restarting", "restarted"] * 5 + ["gave-up"]
    assert len(server.messages("server/kernel-start-failed", kernel_id)) == 6
    assert server.messages("server/kernel-died", kernel_id) == []
    wait_for("its removal", lambda: server.kernel(kernel_id) is None)


def test_a_kernel_that_says_nothing_and_goes(server: Server) -> None:
    kernelspec(server, "mute", ["false"])
    session(server, "mute.ipynb", "mute")
    told = start_failure(server, "mute.ipynb")
    assert told["startFailure"]["message"] == "The kernel's process ended with status 1 before it answered."
    server.request("DELETE", f"api/kernels/{told['kernel']['kernelId']}")


def test_a_kernel_that_worked_and_cannot_start_again(make_server) -> None:
    server = make_server("--AsyncIOLoopKernelRestarter.time_to_dead=0.3")
    module = server.folder / "fickle_kernel.py"
    module.write_text("from ipykernel.kernelapp import launch_new_instance\nlaunch_new_instance()\n")
    kernelspec(
        server,
        "fickle",
        [
            "env",
            f"PYTHONPATH={server.folder}",
            sys.executable,
            "-m",
            "fickle_kernel",
            "-f",
            "{connection_file}",
        ],
    )
    kernel_id = session(server, "fickle.ipynb", "fickle")[1]["kernel"]["id"]
    channels = server.channels(kernel_id)
    channels.wait_until_ready()
    pid = server.wait_for_kernel(kernel_id, state="idle")["pid"]
    module.unlink()
    for cached in Path(server.folder).glob("__pycache__/fickle_kernel*"):
        cached.unlink()
    os.kill(pid, signal.SIGKILL)
    assert server.wait_for_message("server/kernel-died", kernel_id)["exit"]["signal"] == 9
    told = server.wait_for_message("server/kernel-start-failed", kernel_id)
    assert "No module named fickle_kernel" in told["startFailure"]["message"]
    assert told["kernel"]["path"] == "fickle.ipynb"
    channels.close()


def test_a_spec_that_breaks_while_its_kernel_runs_is_the_end(make_server) -> None:
    server = make_server("--AsyncIOLoopKernelRestarter.time_to_dead=0.3")
    program = server.folder / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    kernelspec(server, "movable", [str(program), "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    kernel_id = session(server, "movable.ipynb", "movable")[1]["kernel"]["id"]
    channels = server.channels(kernel_id)
    channels.wait_until_ready()
    pid = server.wait_for_kernel(kernel_id, state="idle")["pid"]
    program.unlink()
    os.kill(pid, signal.SIGKILL)
    told = wait_for(
        "the end",
        lambda: [f for f in server.messages("server/kernel-fate", kernel_id) if f["fate"] == "gave-up"],
    )
    assert str(program) in told[0]["startFailure"]["message"]
    # The user may still try, and hears again why it does not work.
    status, _, _ = server.request("POST", f"api/kernels/{kernel_id}/restart")
    assert status == 500
    again = server.wait_for_message("server/kernel-start-failed", kernel_id)
    assert str(program) in again["startFailure"]["message"]
    channels.close()


def test_os_exit_right_after_an_automatic_restart_is_no_failed_start(make_server) -> None:
    server = make_server("--AsyncIOLoopKernelRestarter.time_to_dead=0.3")
    kernel_id = server.new_session("again.ipynb")["kernel"]["id"]
    for number in (1, 2, 3):
        channels = server.channels(kernel_id)
        channels.wait_until_ready()
        channels.start("import os; os._exit(3)")
        death = server.wait_for_message("server/kernel-died", kernel_id, number)
        assert death["exit"] == {"how": "code", "code": 3}
        channels.close()
        pid = death["pid"]
        wait_for(
            "the next process", lambda pid=pid: (server.kernel(kernel_id) or {}).get("pid") not in (None, pid)
        )
    assert server.messages("server/kernel-start-failed", kernel_id) == []


def test_a_kernel_that_writes_much_to_standard_error_does_not_wait(server: Server) -> None:
    program = server.folder / "noisy.py"
    program.write_text(
        "import sys\nfor _ in range(400): sys.stderr.write('x' * 9999 + '\\n')\nsys.exit('the last word')\n"
    )
    kernelspec(server, "noisy", [sys.executable, str(program)])
    session(server, "noisy.ipynb", "noisy")
    told = start_failure(server, "noisy.ipynb")
    assert told["startFailure"]["message"] == "the last word"
    assert len(told["startFailure"]["stderrTail"]) <= 8192
    server.request("DELETE", f"api/kernels/{told['kernel']['kernelId']}")


def test_standard_error_can_be_left_alone(make_server) -> None:
    server = make_server("--Labkeeper.keep_stderr=False")
    kernelspec(server, "nomodule", [sys.executable, "-m", "a_module_nobody_has"])
    session(server, "nomodule.ipynb", "nomodule")
    told = start_failure(server, "nomodule.ipynb")
    assert told["startFailure"]["stderrTail"] == ""
    assert told["startFailure"]["message"] == "The kernel's process ended with status 1 before it answered."


def test_culling_is_told_as_culling(make_server) -> None:
    server = make_server(
        "--MappingKernelManager.cull_idle_timeout=1",
        "--MappingKernelManager.cull_interval=1",
        "--MappingKernelManager.cull_connected=True",
    )
    kernel_id = server.new_session("culled.ipynb")["kernel"]["id"]
    assert server.wait_for_message("server/kernel-died", kernel_id)["intent"] == "cull"
    wait_for("its removal", lambda: server.kernel(kernel_id) is None)
