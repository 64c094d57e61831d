"""Every way in which a kernel can end is told to the companion as it was."""

from __future__ import annotations

import os
import signal
import time

import pytest
from servers import Channels, Server, wait_for


def ready_kernel(server: Server, path: str) -> tuple[str, int, Channels]:
    kernel_id = server.new_session(path)["kernel"]["id"]
    channels = server.channels(kernel_id)
    channels.wait_until_ready()
    return kernel_id, server.wait_for_kernel(kernel_id, path=path, state="idle")["pid"], channels


SIGNALS = ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT", "SIGFPE", "SIGHUP", "SIGXCPU"]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_is_told_exactly_and_at_once(server: Server, name: str) -> None:
    kernel_id, pid, channels = ready_kernel(server, f"{name}.ipynb")
    number = getattr(signal, name)
    if name != "SIGKILL":
        # The kernel may catch it; what is tested is its default action.
        channels.run(
            f"import signal, faulthandler; faulthandler.disable(); signal.signal({number}, signal.SIG_DFL)"
        )
    sent = time.time()
    os.kill(pid, number)
    death = server.wait_for_message("server/kernel-died", kernel_id)
    assert death["exit"]["how"] == "signal"
    assert death["exit"]["signal"] == number
    assert death["intent"] == "none"
    assert death["pid"] == pid
    assert death["kernel"]["path"] == f"{name}.ipynb"
    assert death["kernel"]["owner"] == "notebook"
    assert death["kernel"]["pid"] == pid
    # Writing a core file takes its time; the others are told at once (the clock of the message is whole ms).
    assert -0.001 <= death["atMs"] / 1000 - sent < (5 if death["exit"]["coreDumped"] else 0.5)
    assert server.wait_for_message("server/kernel-fate", kernel_id, 1)["fate"] == "restarting"
    assert server.wait_for_message("server/kernel-fate", kernel_id, 2)["fate"] == "restarted"
    new_pid = server.wait_for_kernel(kernel_id)["pid"]
    assert new_pid != pid
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("code", [0, 1, 3, 137, 255])
def test_an_exit_status_is_told_exactly(server: Server, code: int) -> None:
    kernel_id, pid, channels = ready_kernel(server, f"exit{code}.ipynb")
    channels.start(f"import os; os._exit({code})")
    death = server.wait_for_message("server/kernel-died", kernel_id)
    assert death["exit"] == {"how": "code", "code": code}
    assert death["intent"] == "none"
    assert death["pid"] == pid
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


def test_the_state_of_a_kernel_is_followed(server: Server) -> None:
    kernel_id, _, channels = ready_kernel(server, "busy.ipynb")
    message = channels.start("import time; time.sleep(1)")
    busy = server.wait_for_kernel(kernel_id, state="busy")
    assert abs(busy["stateSinceMs"] / 1000 - time.time()) < 1.5
    channels.wait_for_reply(message)
    server.wait_for_kernel(kernel_id, state="idle")
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


def test_a_death_while_busy_says_busy_and_the_new_process_starts_anew(server: Server) -> None:
    kernel_id, pid, channels = ready_kernel(server, "busydeath.ipynb")
    channels.start("import time; time.sleep(60)")
    server.wait_for_kernel(kernel_id, state="busy")
    os.kill(pid, signal.SIGKILL)
    death = server.wait_for_message("server/kernel-died", kernel_id)
    assert death["kernel"]["state"] == "busy"
    wait_for(
        "restarted",
        lambda: [f for f in server.messages("server/kernel-fate", kernel_id) if f["fate"] == "restarted"],
    )
    server.wait_for_kernel(kernel_id, state="starting")
    channels.close()
    again = server.channels(kernel_id)
    again.wait_until_ready()

    def is_heard() -> bool:
        # jupyter_server's own ear is connected a while after the process answers: what runs before, it misses.
        again.run("1")
        time.sleep(0.2)
        return (server.kernel(kernel_id) or {}).get("state") == "idle"

    wait_for("idle", is_heard)
    again.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


def test_a_restart_by_the_user_is_no_death_of_its_own(server: Server) -> None:
    kernel_id, pid, channels = ready_kernel(server, "restart.ipynb")
    status, _, _ = server.request("POST", f"api/kernels/{kernel_id}/restart")
    assert status == 200
    death = server.wait_for_message("server/kernel-died", kernel_id)
    assert death["intent"] == "restart"
    assert death["pid"] == pid
    fate = server.wait_for_message("server/kernel-fate", kernel_id)
    assert fate == {"kernelId": kernel_id, "fate": "restarted", "startFailure": None}
    new_pid = wait_for(
        "the new process", lambda: (server.kernel(kernel_id) or {}).get("pid") not in (None, pid)
    )
    assert new_pid
    # And the next death is again one that nobody asked for.
    os.kill(server.kernel(kernel_id)["pid"], signal.SIGKILL)
    assert server.wait_for_message("server/kernel-died", kernel_id, 2)["intent"] == "none"
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


def test_a_shutdown_by_the_user_is_told_as_one(server: Server) -> None:
    session = server.new_session("shutdown.ipynb")
    kernel_id = session["kernel"]["id"]
    server.wait_for_kernel(kernel_id, path="shutdown.ipynb")
    status, _, _ = server.request("DELETE", f"api/sessions/{session['id']}")
    assert status == 204
    assert server.wait_for_message("server/kernel-died", kernel_id)["intent"] == "shutdown"
    wait_for("its removal", lambda: server.kernel(kernel_id) is None)


def test_a_kernel_that_is_killed_while_the_user_restarts_it_was_asked_for(server: Server) -> None:
    kernel_id, pid, channels = ready_kernel(server, "race.ipynb")
    channels.start("import time, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(30)")
    server.wait_for_kernel(kernel_id, state="busy")
    status, _, _ = server.request("POST", f"api/kernels/{kernel_id}/restart")
    assert status == 200
    death = server.wait_for_message("server/kernel-died", kernel_id)
    assert death["intent"] == "restart"
    assert death["pid"] == pid
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


def test_an_interrupt_is_no_wish_to_end(server: Server) -> None:
    kernel_id, _, channels = ready_kernel(server, "interrupt.ipynb")
    mark = server.root / "handler.set"
    channels.start(
        "import signal, os, time, pathlib; signal.signal(signal.SIGINT, lambda *_: os._exit(9));"
        f"pathlib.Path({str(mark)!r}).touch(); time.sleep(30)"
    )
    wait_for("the handler", mark.exists)
    server.request("POST", f"api/kernels/{kernel_id}/interrupt")
    death = server.wait_for_message("server/kernel-died", kernel_id)
    assert death["exit"] == {"how": "code", "code": 9}
    assert death["intent"] == "none"
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")


def test_rename_and_console_are_known(server: Server) -> None:
    session = server.new_session("before.ipynb")
    kernel_id = session["kernel"]["id"]
    server.wait_for_kernel(kernel_id, path="before.ipynb", title="before.ipynb")
    server.request(
        "PATCH", f"api/sessions/{session['id']}", {"path": "sub/after.ipynb", "name": "after.ipynb"}
    )
    server.wait_for_kernel(kernel_id, path="sub/after.ipynb", title="after.ipynb", owner="notebook")
    status, _, console = server.request(
        "POST",
        "api/sessions",
        {"path": "console-1-xyz", "name": "Console 1", "type": "console", "kernel": {"name": "python3"}},
    )
    assert status == 201
    server.wait_for_kernel(console["kernel"]["id"], owner="console", title="Console 1", path="console-1-xyz")
    for kernel in (kernel_id, console["kernel"]["id"]):
        server.request("DELETE", f"api/kernels/{kernel}")


def test_jupyter_server_still_gets_the_status(server: Server) -> None:
    """The restarter rests on Popen.poll: had we taken the status, it would never restart."""
    kernel_id, pid, channels = ready_kernel(server, "poll.ipynb")
    os.kill(pid, signal.SIGKILL)
    wait_for(
        "restarted",
        lambda: [f for f in server.messages("server/kernel-fate", kernel_id) if f["fate"] == "restarted"],
    )
    wait_for("the old process is reaped", lambda: not os.path.exists(f"/proc/{pid}"))
    channels.close()
    server.request("DELETE", f"api/kernels/{kernel_id}")
