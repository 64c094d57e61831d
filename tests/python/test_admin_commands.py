"""`labkeeper log` and `labkeeper requests` against a service that answers as ours does."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from labkeeper.admin_api import AdminApi, ApiError
from labkeeper.cli import main
from labkeeper.log_command import run_log

ID = "0b6f0c1e-5d0a-4a57-9a3e-2f3f6f1d7a10"


def record(index: int, **more: object) -> dict[str, object]:
    return {
        "index": index,
        "receivedAtMs": 1795770000000 + index,
        "user": "alice",
        "server": "",
        "action": "install",
        "grade": "claimed",
        "packageName": f"p{index}",
        "packageVersion": "1.0",
        **more,
    }


REQUEST = {
    "id": ID,
    "version": 3,
    "state": "requested",
    "user": "alice",
    "want": {"kind": "package", "ecosystem": "pypi", "name": "torch", "version": None},
    "reason": "Week 9\x1b[31m",
    "createdAtMs": 1795770000000,
    "decision": None,
    "evidence": [
        {
            "kind": "command",
            "title": "Blocked",
            "lines": [
                {"label": "pip", "text": "one\r\n\n\ttwo\n  id: forged\x1b[2J\n"},
                {"label": "tool", "text": "pip"},
            ],
        }
    ],
    "thread": [{"atMs": 1795770000000, "by": "lead", "text": "Would the CPU build\ndo?"}],
}


class Service:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str | None, object]] = []
        self.answers: dict[str, tuple[int, object]] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                service.asked.append((self.command, self.path, self.headers["authorization"], body))
                status, answer = service.answers.get(self.path, (404, {"message": "Nothing is there."}))
                text = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    made = Service()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LABKEEPER_STATE", raising=False)
    monkeypatch.setenv("LABKEEPER_URL", made.url)
    monkeypatch.setenv("LABKEEPER_TOKEN", "secret-token")
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_shows_records_the_newest_last(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    evil = record(2, packageName="\x1b[2Jx\u202e", server=None)
    service.answers["/api/v1/log?user=alice"] = (200, {"records": [evil, record(1)], "next": None})
    assert main(["log", "--user", "alice"]) == 0
    heads, first, second = capsys.readouterr().out.splitlines()
    assert heads.startswith("INDEX") and "p1 1.0" in first
    assert "\\u001b[2Jx\\u202e" in second and "(erased)" in second
    assert service.asked[0][2] == "Bearer secret-token"
    assert main(["log", "--user", "alice", "--json"]) == 0
    assert [json.loads(line)["index"] for line in capsys.readouterr().out.splitlines()] == [1, 2]


def test_follows_new_records_once_through_a_restart(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    from labkeeper.log_command import add_log_command

    parser = argparse.ArgumentParser()
    add_log_command(parser.add_subparsers())
    parsed = parser.parse_args(["log", "--follow", "--json"])
    service.answers["/api/v1/log"] = (200, {"records": [record(1)], "next": None})
    turns = 0

    def sleep(_seconds: float) -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            service.answers["/api/v1/log?since=1"] = (503, {"message": "Not now."})
        elif turns == 2:
            service.answers["/api/v1/log?since=1"] = (200, {"records": [record(4), record(3)], "next": "9.3"})
            service.answers["/api/v1/log?since=1&after=9.3"] = (200, {"records": [record(2)], "next": None})
        elif turns == 3:
            service.answers["/api/v1/log?since=4"] = (401, {"message": "The token has ended."})

    assert run_log(parsed, sleep=sleep) == 2
    out, err = capsys.readouterr()
    assert [json.loads(line)["index"] for line in out.splitlines()] == [1, 2, 3, 4]
    assert "Not now." in err and "The token has ended." in err


def test_decides_with_the_version_that_was_seen(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers["/api/v1/requests"] = (200, {"requests": [REQUEST], "next": None})
    service.answers[f"/api/v1/requests/{ID}"] = (200, REQUEST)
    service.answers[f"/api/v1/requests/{ID}/decide"] = (200, {**REQUEST, "state": "denied"})
    service.answers[f"/api/v1/requests/{ID}/messages"] = (200, REQUEST)
    assert main(["requests"]) == 0
    assert ID in capsys.readouterr().out
    assert main(["requests", "show", ID]) == 0
    said = capsys.readouterr().out
    assert "why      Week 9\\u001b[31m" in said
    further_in = " " * 11
    # As a person reads it, and so that no line of it looks like one of ours.
    facts = (
        f"  pip:\n{further_in}one\n\n{further_in}    two\n{further_in}  id: forged\\u001b[2J\n  tool: pip\n"
    )
    assert f"\nBlocked\n{facts}" in said
    assert f" lead:\n{further_in}Would the CPU build\n{further_in}do?\n" in said
    # There is nobody to ask, and nobody decides about what she has not seen.
    assert main(["requests", "deny", ID, "--reason", "No."]) == 2
    assert main(["requests", "deny", ID, "--reason", "No.", "--version", "3"]) == 0
    assert service.asked[-1][3] == {"version": 3, "decision": "deny", "reason": "No."}
    assert main(["requests", "answer", ID, "Soon."]) == 0
    body = service.asked[-1][3]
    assert isinstance(body, dict) and body["text"] == "Soon."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((403, {"message": "You may not.", "hint": "Ask."}), "You may not. Ask."),
        ((200, "<html>a page</html>"), "is not Labkeeper"),
        ((302, ""), "is not Labkeeper"),
    ],
)
def test_says_what_went_wrong(
    service: Service, answer: tuple[int, object], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers["/api/v1/log"] = answer
    assert main(["log"]) == 2
    assert sentence in capsys.readouterr().err
    assert len(service.asked) == 1


@pytest.mark.parametrize("host", ["labkeeper.example.org", "127.example.org", "127.0.0.1.example.org"])
def test_sends_the_token_over_https_alone(host: str) -> None:
    with pytest.raises(ApiError, match="https"):
        AdminApi(f"http://{host}", "secret-token")


@pytest.mark.parametrize(
    "url",
    [
        "https://labkeeper.example.org/services/labkeeper",
        "https://labkeeper.example.org/?a=b",
        "https://admin:hunter2@labkeeper.example.org",
        "https://labkeeper.example.org:hunter2",
        "https://[hunter2",
    ],
)
def test_takes_an_address_alone_and_repeats_no_password(url: str) -> None:
    with pytest.raises(ApiError, match="without a path") as refused:
        AdminApi(url, "secret-token")
    assert "hunter2" not in str(refused.value)


def test_lists_what_goes_out_and_sends_it_again(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    loss = {"what": "rejected", "count": 7, "lastAtMs": 1795770000000, "says": "too long\x1b[31m"}
    target = {
        **{"name": "siem", "kind": "otlp", "waiting": 0, "dead": 2, "lag": 5},
        **{"sentAtMs": None, "trouble": None, "losses": [loss]},
    }
    dead = {"id": 41, "target": "siem", "atMs": 1795770000000, "trouble": "It answered with status 410."}
    service.answers = {
        "/api/v1/outgoing": (200, {"targets": [target], "dead": [dead]}),
        "/api/v1/outgoing/again": (200, {"count": 1}),
    }
    assert main(["outgoing"]) == 0
    said = capsys.readouterr().out
    assert "siem: 7 thrown away by the target" in said
    assert "\x1b" not in said
    assert "It answered with status 410." in said
    assert main(["outgoing", "--again", "41"]) == 0
    assert main(["outgoing", "--again-all", "siem", "--json"]) == 0
    assert capsys.readouterr().out.splitlines() == ["1 message waits again.", '{"count": 1}']
    assert [body for *_, body in service.asked[1:]] == [{"message": 41}, {"target": "siem"}]
    service.answers["/api/v1/outgoing/again"] = (409, {"message": "It was sent or forgotten."})
    assert main(["outgoing", "--again", "41"]) == 2
    assert "It was sent or forgotten." in capsys.readouterr().err


def test_decides_about_the_request_that_was_shown_by_its_first_digits(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers[f"/api/v1/requests/{ID[:8]}"] = (200, REQUEST)
    service.answers[f"/api/v1/requests/{ID}/decide"] = (200, {**REQUEST, "state": "denied"})
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(["requests", "deny", ID[:8], "--reason", "No."]) == 0
    assert service.asked[-1][1] == f"/api/v1/requests/{ID}/decide"


@pytest.mark.parametrize(
    ("words", "number", "said"),
    [
        (["ada"], 3, "A legal hold is on ada (hold 3). Nothing of this person can be erased"),
        (["ada", "--case", "C-7"], 3, "A legal hold is on ada for the case C-7 (hold 3). "),
        (
            ["--case", "C-7\x1b[2J"],
            4,
            "A legal hold is on everybody at this hub for the case C-7\\u001b[2J (hold 4): ",
        ),
        (["ada"], 0, "A legal hold is on ada. "),
    ],
)
def test_says_whose_hold_is_on_and_what_it_means(
    service: Service, words: list[str], number: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers["/api/v1/holds"] = (200, {"hold": number})
    assert main(["hold", *words, "--reason", "letter"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(said) and out.endswith("until it is lifted on the page Holds.\n")


def test_says_of_each_part_of_an_offboarding_what_became_of_it(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(what: str, state: str, ended: int, failed: int, says: str | None) -> dict[str, object]:
        return {"what": what, "state": state, "ended": ended, "failed": failed, "says": says}

    parts = [
        part("hold", "none", 0, 0, "Hold 1 was on already: nothing of this person can be erased."),
        part("sessions", "failed", 0, 1, "JupyterHub does not answer."),
        part("servers", "done", 2, 0, None),
        part("tokens", "failed", 1, 2, "The scope tokens is missing."),
        part("requests", "none", 0, 0, None),
    ]
    answer = {"user": "ada", "complete": False, "before": False, "index": 7, "record": {"key": "k"}}
    service.answers["/api/v1/offboard"] = (200, {**answer, "parts": parts})
    assert main(["offboard", "ada", "--reason", "has left"]) == 1
    assert capsys.readouterr().out.splitlines()[1:-1] == [
        "  hold      Hold 1 was on already: nothing of this person can be erased.",
        "  sessions  Not done. JupyterHub does not answer.",
        "  servers   2 servers stopped.",
        "  tokens    1 token ended, 2 not. The scope tokens is missing.",
        "  requests  There was no request to be closed.",
    ]


COMMANDS = [
    ["log"],
    ["requests"],
    ["outgoing"],
    ["hold", "--reason", "x"],
    ["offboard", "ada", "--reason", "x"],
]
EXPORT = ["export", "--out", "export.jsonl"]


@pytest.mark.parametrize("command", [*COMMANDS, EXPORT])
@pytest.mark.parametrize("token", ["secret\r\nX-Evil: 1", "secret token", "secret\u2013token", "secret\x7f"])
def test_never_prints_a_token_that_no_header_can_carry(
    service: Service,
    command: list[str],
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LABKEEPER_TOKEN", token)
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert out == "" and "LABKEEPER_TOKEN" in err and "secret" not in err and not service.asked


@pytest.mark.parametrize("command", [*COMMANDS, EXPORT])
def test_sends_the_token_to_no_proxy_in_plain_text(
    service: Service, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0)
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("LABKEEPER_TOKEN", "  secret-token\n")
        assert main(command) == 2
        assert [authorization for _, _, authorization, _ in service.asked] == ["Bearer secret-token"]
        with pytest.raises(BlockingIOError):
            proxy.accept()


@pytest.mark.parametrize(
    "answer", [b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_says_in_one_sentence_that_no_web_server_answers(
    command: list[str], answer: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            connection = listener.accept()[0]
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

        threading.Thread(target=speak, daemon=True).start()
        monkeypatch.setenv("LABKEEPER_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("LABKEEPER_TOKEN", "secret-token")
        assert main(command) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "does not answer as a web server does" in err and "secret" not in err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "status"), [("", 1), ("n\n", 1), ("y\n", 0)])
def test_asks_beside_the_answer_and_takes_the_end_of_input_for_no(
    service: Service,
    typed: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service.answers[f"/api/v1/requests/{ID}"] = (200, REQUEST)
    service.answers[f"/api/v1/requests/{ID}/decide"] = (200, {**REQUEST, "state": "denied"})
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert main(["requests", "deny", ID, "--reason", "No.", "--json"]) == status
    out, err = capsys.readouterr()
    assert "deny this? [y/N]" in err and "torch" in err
    assert out == "" if status else json.loads(out)["state"] == "denied"


def test_ends_quietly_where_nobody_reads_on(service: Service) -> None:
    service.answers["/api/v1/log"] = (200, {"records": [record(1)], "next": None})
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "labkeeper.cli", "log"], stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")
