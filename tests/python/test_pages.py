"""What a page gets from `labkeeper/…`, and what nobody else gets."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import time

import pytest
import websocket
from servers import TOKEN, Server, rss_kib, wait_for


def test_frames_go_both_ways_as_they_are(server: Server) -> None:
    page = server.open()
    for text in ("hello", "ünïcødé ✓", "x" * 1_000_000):
        page.send(text)
        assert page.recv() == text
    page.send_binary(b"\x00\xff")
    assert page.recv() == b"\x00\xff"
    page.close()


def test_the_companions_close_code_reaches_the_page(server: Server) -> None:
    page = server.open()
    page.send("close 4321")
    opcode, data = page.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert struct.unpack("!H", data[:2])[0] == 4321
    assert data[2:] == b"as told"


def test_the_pages_close_code_reaches_the_companion(server: Server) -> None:
    page = server.open()
    page.close(status=4777, reason=b"bye")
    wait_for(
        "the code",
        lambda: [
            e
            for e in server.heard()
            if e.get("event") == "closed" and (e["code"], e["reason"]) == (4777, "bye")
        ],
    )


def test_no_token_cookie_or_other_header_goes_through(server: Server) -> None:
    page = server.open(header=["X-Secret: 1"], cookie="session=secret")
    page.close()
    connected = [e for e in server.heard() if e.get("event") == "connected" and e["link"] == "/lab"][-1]
    assert set(connected["headers"]) == {
        "host",
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "user-agent",
        "accept-encoding",
    } & set(connected["headers"])
    assert "secret" not in json.dumps(connected)


def test_without_a_token_there_is_nothing(server: Server) -> None:
    for token in (None, "of-another-user"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            server.open(token=token)
        assert refused.value.status_code == 403
    status, headers, _ = server.request("GET", "labkeeper/health", token=None)
    assert status == 302 and "login" in headers["location"]
    assert server.request("GET", "labkeeper/health", token="of-another-user")[0] in (302, 403)


def test_a_foreign_origin_is_refused(server: Server) -> None:
    cookie = server.log_in()
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.open(origin="https://evil.example", token=None, cookie=cookie)
    assert refused.value.status_code == 403
    own = server.open(token=None, cookie=cookie)
    own.close()
    for path in ("labkeeper/health", "labkeeper/ws"):
        headers = {"Origin": "https://evil.example", "Cookie": cookie}
        assert server.request("GET", path, headers=headers, token=None)[0] == 403


def test_a_post_without_xsrf_is_refused(server: Server) -> None:
    """Logged in by cookie, as a browser is: the header of an API client needs no XSRF token."""
    cookie = server.log_in()
    status, _, _ = server.request("POST", "labkeeper/health", {}, {"Cookie": cookie}, token=None)
    assert status == 403
    status, _, _ = server.request("POST", "labkeeper/ws", {}, {"Cookie": cookie}, token=None)
    assert status == 403
    # With the token of the cookie it is let in, and there is only no such method.
    status, headers, _ = server.request("GET", "login", token=None)
    xsrf = headers["set-cookie"].split("_xsrf=")[1].split(";")[0]
    status, _, _ = server.request(
        "POST", "labkeeper/health", {}, {"Cookie": f"{cookie}; _xsrf={xsrf}", "X-XSRFToken": xsrf}, token=None
    )
    assert status == 405


def test_a_post_from_a_foreign_origin_is_refused(server: Server) -> None:
    """Even with the cookies and the XSRF token of the user's own browser."""
    cookie = server.log_in()
    _, headers, _ = server.request("GET", "login", token=None)
    xsrf = headers["set-cookie"].split("_xsrf=")[1].split(";")[0]
    own = {"Cookie": f"{cookie}; _xsrf={xsrf}", "X-XSRFToken": xsrf}
    for path in ("labkeeper/health", "labkeeper/ws"):
        foreign = {**own, "Origin": "https://evil.example"}
        # jupyter_server's own answer to a foreign origin is 404.
        assert server.request("POST", path, {}, foreign, token=None)[0] in (403, 404)
        # From its own page it is let in, and there is only no such method.
        own_page = {**own, "Origin": f"http://127.0.0.1:{server.port}"}
        assert server.request("POST", path, {}, own_page, token=None)[0] == 405


def test_a_frame_of_100_mb_is_refused_unread(server: Server) -> None:
    page = server.open()
    before = rss_kib(server.process.pid)
    raw = page.sock
    size = 100 * 1024 * 1024
    raw.sendall(struct.pack("!BBQ", 0x81, 0x80 | 127, size) + b"\0\0\0\0")
    sent = 0
    try:
        while sent < size:
            sent += raw.send(b"x" * 65536)
    except OSError:
        pass
    assert sent < size
    assert rss_kib(server.process.pid) - before < 4096
    # And the server is well.
    again = server.open()
    again.send("still there")
    assert again.recv() == "still there"
    again.close()


def test_a_frame_above_the_limit_closes_with_1009(server: Server) -> None:
    page = server.open()
    page.send("x" * 1_100_000)
    frame = page.recv_frame()
    assert frame.opcode == websocket.ABNF.OPCODE_CLOSE
    assert struct.unpack("!H", frame.data[:2])[0] == 1009


def test_half_a_gigabyte_for_a_page_that_does_not_read_fills_no_memory(
    server: Server, record_property
) -> None:
    page = server.open(sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)])
    page.send("hello")
    page.recv()
    before = rss_kib(server.process.pid)
    page.send(f"flood {500 * 1024 * 1024}")
    # The companion's own writes stop: nobody takes them.
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1.5:
        sent = next((e["sent"] for e in reversed(server.heard()) if e.get("event") == "flood"), 0)
        if sent != last:
            last, since = sent, time.monotonic()
        time.sleep(0.1)
    growth = (rss_kib(server.process.pid) - before) / 1024
    record_property("pipe_slowtab_growth_mb", growth)
    print(f"server grew {growth:.2f} MB; the companion could send {last / 1e6:.1f} MB")
    assert last < 32 * 1024 * 1024
    assert growth <= 8
    page.sock.close()
    again = server.open()
    again.send("still there")
    assert again.recv() == "still there"
    again.close()


def test_a_companion_that_does_not_read_stops_the_page_and_fills_no_memory(server: Server) -> None:
    page = server.open()
    page.send("deaf")
    page.sock.settimeout(1.5)
    before = rss_kib(server.process.pid)
    sent = 0
    with pytest.raises((websocket.WebSocketTimeoutException, BlockingIOError, TimeoutError)):
        while sent < 300 * 1024 * 1024:
            page.send("x" * 60_000)
            sent += 60_000
    assert sent < 32 * 1024 * 1024
    assert (rss_kib(server.process.pid) - before) / 1024 <= 8
    page.sock.close()


def test_no_pings_even_where_the_server_pings(make_server) -> None:
    server = make_server(
        "--ServerApp.websocket_ping_interval=1", "--ZMQChannelsWebsocketConnection.websocket_ping_interval=1"
    )
    page = server.open()
    page.settimeout(3.5)
    seen = []
    with pytest.raises(websocket.WebSocketTimeoutException):
        while True:
            seen.append(page.recv_data(control_frame=True)[0])
    assert websocket.ABNF.OPCODE_PING not in seen
    assert not [e for e in server.heard() if e.get("event") == "ping"]
    page.close()


def test_nothing_here_is_activity(server: Server) -> None:
    def last_activity() -> str:
        return server.request("GET", "api/status?no_track_activity=1")[2]["last_activity"]

    page = server.open()
    before = last_activity()
    for _ in range(5):
        page.send("hello")
        page.recv()
        server.request("GET", "labkeeper/health")
    page.close()
    assert last_activity() == before


def test_health_says_what_runs(server: Server) -> None:
    status, _, health = server.request("GET", "labkeeper/health")
    assert status == 200
    assert health["ok"] is True
    assert health["companionPid"] == server.companion_pid()


def test_a_plain_get_of_the_socket_is_no_upgrade(server: Server) -> None:
    assert server.request("GET", "labkeeper/ws")[0] in (400, 426)


def test_a_page_that_leaves_while_the_companion_is_being_reached_leaves_nothing_open(make_server) -> None:
    server: Server = make_server()

    def events(name: str) -> list[dict]:
        return [e for e in server.heard() if e.get("event") == name and e.get("link") == "/lab"]

    companion = server.companion_pid()
    os.kill(companion, signal.SIGSTOP)
    try:
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(
                f"GET {server.base}labkeeper/ws?token={TOKEN} HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            time.sleep(0.3)
        # The server sees the page go while the companion does not answer yet.
        assert server.request("GET", "api/status")[0] == 200
        time.sleep(0.2)
    finally:
        os.kill(companion, signal.SIGCONT)
    wait_for("the companion's answer", lambda: len(events("connected")) == 1, 5)
    wait_for("its end", lambda: len(events("closed")) == 1, 5)
