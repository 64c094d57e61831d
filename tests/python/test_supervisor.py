"""The companion starts with the server, comes back, and never stays behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import time
from pathlib import Path

import pytest
import websocket
from servers import FAKE, Server, is_alive, wait_for


def test_a_killed_companion_is_back_within_3_s_and_nothing_is_lost(make_server) -> None:
    server: Server = make_server()
    kernel_id = server.new_session("lost.ipynb")["kernel"]["id"]
    kernel_pid = server.wait_for_kernel(kernel_id, path="lost.ipynb")["pid"]
    page = server.open()
    first = server.companion_pid()
    killed = time.monotonic()
    os.kill(first, signal.SIGKILL)
    os.kill(kernel_pid, signal.SIGKILL)
    opcode, data = page.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(data[:2], "big") == 1012
    server.wait_for_message("hello", number=2, timeout_s=5)
    assert time.monotonic() - killed < 3
    assert server.companion_pid() != first
    deaths = wait_for("the death", lambda: server.messages("server/kernel-died", kernel_id))
    assert deaths[0]["exit"]["signal"] == 9
    # Told with its own time, not with that of the telling; and after the list, so that the kernel is known.
    hello_at = [i for i, e in enumerate(server.heard()) if e.get("method") == "hello"][1]
    later = [e.get("method") for e in server.heard()[hello_at:]]
    assert later.index("server/kernels") < later.index("server/kernel-died")


def test_away_is_a_503_before_the_upgrade_with_the_reason(make_server, tmp_path: Path) -> None:
    script = tmp_path / "broken.mjs"
    script.write_text("console.error('out of luck'); process.exit(5);\n")
    server: Server = make_server(script=script, wait="")
    wait_for("the failure", lambda: "ended with status 5" in server.log)
    assert "Labkeeper: out of luck" in server.log
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.open()
    assert refused.value.status_code == 503
    assert refused.value.resp_headers["retry-after"] == "2"
    body = json.loads(refused.value.resp_body)
    assert body["code"] == "companion-away"
    assert "the companion ended with status 5: out of luck." in body["message"]
    status, headers, body = server.request("GET", "labkeeper/health")
    assert (status, headers["retry-after"], body["code"]) == (503, "2", "companion-away")


def test_pauses_grow(make_server, tmp_path: Path) -> None:
    script = tmp_path / "broken.mjs"
    script.write_text("process.exit(5);\n")
    server: Server = make_server(script=script, wait="")
    wait_for("three pauses", lambda: "next try in 0.8 s" in server.log)
    assert (
        server.log.index("next try in 0.2 s")
        < server.log.index("next try in 0.4 s")
        < server.log.index("next try in 0.8 s")
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_end_of_the_server_leaves_no_process(make_server, how: signal.Signals) -> None:
    # A terminal: only there jupyter_server asks before it stops.
    terminal, stdin = pty.openpty()
    server: Server = make_server(stdin=stdin)
    kernel_id = server.new_session("end.ipynb")["kernel"]["id"]
    kernel_pid = server.wait_for_kernel(kernel_id)["pid"]
    companion = server.companion_pid()
    socket_path = next(e["env"]["LABKEEPER_SOCKET"] for e in server.heard() if e.get("event") == "started")
    if how == signal.SIGINT:
        server.process.send_signal(how)
        # A second one confirms.
        wait_for("the question", lambda: "Shut down this Jupyter server" in server.log)
    server.process.send_signal(how)
    server.process.wait(20)
    wait_for("the companion's end", lambda: not is_alive(companion), 5)
    wait_for("the kernel's end", lambda: not is_alive(kernel_pid), 15)
    assert any(e.get("event") == "input ended" for e in server.heard())
    said = [e["text"] for e in server.heard() if e.get("event") == "input"]
    assert said == ([] if how == signal.SIGKILL else ["stopping\n"])
    if how != signal.SIGKILL:
        assert server.messages("server/stopping")
        assert not os.path.exists(os.path.dirname(socket_path))
    os.close(terminal)
    os.close(stdin)


def test_a_companion_that_does_not_end_is_killed(make_server, tmp_path: Path) -> None:
    script = FAKE.with_name("stubborn_companion.mjs")
    script.write_text(FAKE.read_text().replace("process.exit(0);", ""))
    try:
        server: Server = make_server(script=script)
        companion = server.companion_pid()
        server.stop()
        assert not is_alive(companion)
        assert "is killed" in server.log
    finally:
        script.unlink()


def test_the_environment_is_chosen(make_server) -> None:
    server: Server = make_server(
        "--Labkeeper.runbook_url=https://wiki.example/kernels",
        env={
            "JUPYTERHUB_API_TOKEN": "secret-token",
            "AWS_SECRET_ACCESS_KEY": "secret-key",
            "JUPYTERHUB_SERVER_NAME": "gpu",
            "MEM_LIMIT": "1073741824",
            "LABKEEPER_DISABLE": "gpu",
        },
    )
    env = next(e["env"] for e in server.heard() if e.get("event") == "started")
    assert "secret" not in json.dumps(env)
    assert env["LABKEEPER_SERVER_NAME"] == "gpu"
    assert env["LABKEEPER_SERVER_PID"] == str(server.process.pid)
    assert env["LABKEEPER_RUNBOOK_URL"] == "https://wiki.example/kernels"
    assert env["LABKEEPER_DISABLE"] == "gpu"
    assert env["HOME"] == str(server.home)
    assert env["MEM_LIMIT"] == "1073741824"
    folder = Path(env["LABKEEPER_SOCKET"]).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.parent == server.runtime
    hello = server.messages("hello")[0]
    assert hello["protocol"] == 1
    assert hello["serverName"] == "gpu"
    assert hello["baseUrl"] == server.base
    assert hello["rootDir"] == str(server.root)


def test_a_runtime_folder_too_deep_for_a_socket_is_left_alone(make_server, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    server: Server = make_server(env={"JUPYTER_RUNTIME_DIR": str(deep)})
    path = next(e["env"]["LABKEEPER_SOCKET"] for e in server.heard() if e.get("event") == "started")
    assert len(path) <= 100
    assert list(deep.glob("labkeeper-*")) == []
    page = server.open()
    page.close()


@pytest.mark.parametrize("word", ["1", "true", "all", "companion"])
def test_switched_off_means_nothing_runs(make_server, word: str) -> None:
    server: Server = make_server(env={"LABKEEPER_DISABLE": word}, wait="")
    status, _, body = server.request("GET", "labkeeper/health")
    assert (status, body["code"]) == (404, "disabled")
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.open()
    assert refused.value.status_code == 404
    kernel_id = server.new_session("off.ipynb")["kernel"]["id"]
    server.request("DELETE", f"api/kernels/{kernel_id}")
    assert server.heard() == []


def test_an_unknown_part_is_one_warning(make_server) -> None:
    server: Server = make_server(env={"LABKEEPER_DISABLE": "metre, gpu"})
    assert server.log.count("which is no part of Labkeeper") == 1
    assert '"metre"' in server.log and "oom-score" in server.log
    env = next(e["env"] for e in server.heard() if e.get("event") == "started")
    assert env["LABKEEPER_DISABLE"] == "gpu"


def test_a_node_that_is_too_old_is_said_to_the_page(make_server, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.1\n")
    old.chmod(0o755)
    server: Server = make_server(env={"LABKEEPER_NODE": str(old)}, wait="")
    wait_for("the sentence", lambda: "is too old" in server.log)
    status, _, body = server.request("GET", "labkeeper/health")
    assert status == 503
    assert "Node 18.20.1" in body["message"] and "22 or newer" in body["message"]
    assert "pip install labkeeper" in body["hint"]
