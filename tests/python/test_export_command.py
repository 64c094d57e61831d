"""`labkeeper export` with a token: what it leaves behind, whatever the service or the disk does."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from servers import ROOT

from labkeeper import cli
from labkeeper.cli import main
from labkeeper.export_arrival import JsonlArrival, NotWholeError
from labkeeper.export_progress import Progress, lasting, size

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
FINGERPRINT = hashlib.sha256(bytes(range(32))).hexdigest()
JSONL, CSV = "application/x-ndjson", "text/csv; charset=utf-8"


def export(records: int) -> bytes:
    """An export in all that is looked at while it comes; it is signed by nobody."""
    head = {
        "labkeeperExport": 1,
        "firstIndex": 0,
        "endIndex": records,
        "keys": [{"id": "k", "publicKey": KEY}],
    }
    lines = [json.dumps(head)]
    lines += [
        json.dumps({"index": index, "entry": {"n": "x" * 200}}, separators=(",", ":"))
        for index in range(records)
    ]
    before = "".join(f"{line}\n" for line in lines).encode()
    body = {"lines": len(lines), "sha256": hashlib.sha256(before).hexdigest(), "count": records}
    return before + json.dumps({"end": {"body": body, "key": "k", "signature": "s"}}).encode() + b"\n"


Speak = Callable[[BaseHTTPRequestHandler], None]


class Service:
    """Answers every question as `speak` does."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.speak: Speak = lambda _handler: None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                service.asked.append((parts.path, dict(parse_qsl(parts.query))))
                with contextlib.suppress(OSError):
                    service.speak(self)
                self.close_connection = True

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answers(
        self, body: bytes, kind: str = JSONL, status: int = 200, ends: bool = True, chunk: int = 65536
    ) -> None:
        """In chunks, as ours does; without the last one unless it `ends`."""

        def speak(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("content-type", kind)
            handler.send_header("transfer-encoding", "chunked")
            handler.end_headers()
            for at in range(0, len(body), chunk):
                piece = body[at : at + chunk]
                handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            if ends:
                handler.wfile.write(b"0\r\n\r\n")

        self.speak = speak


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    made = Service()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LABKEEPER_STATE", raising=False)
    monkeypatch.setenv("LABKEEPER_URL", f"http://127.0.0.1:{made.server.server_port}")
    monkeypatch.setenv("LABKEEPER_TOKEN", "secret-token")
    yield made
    made.server.shutdown()
    made.server.server_close()


def left() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


@pytest.mark.parametrize("chunk", [7, 4096, 65536])
def test_writes_what_came_byte_for_byte(
    service: Service, chunk: int, capsys: pytest.CaptureFixture[str]
) -> None:
    body = export(40)
    service.answers(body, chunk=chunk)
    assert main(["export", "--out", "export.jsonl", "--user", "ada", "--from", "2026-11-01"]) == 0
    out, err = capsys.readouterr()
    assert Path("export.jsonl").read_bytes() == body and left() == ["export.jsonl"]
    assert Path("export.jsonl").stat().st_mode & 0o777 == 0o600
    assert out.startswith("40 records in export.jsonl, ") and f"the key {FINGERPRINT}:" in out and err == ""
    assert service.asked == [("/api/v1/export", {"format": "jsonl", "user": "ada", "from": "2026-11-01"})]


def test_writes_csv_where_its_end_can_be_told(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers(b"index,received\r\n1,2\r\n", CSV)
    assert main(["export", "--out", "log.csv", "--format", "csv"]) == 0
    assert "log.csv is written, 21 bytes in 0 s. It proves nothing" in capsys.readouterr().out

    def speak(handler: BaseHTTPRequestHandler) -> None:
        # As through a proxy that speaks HTTP/1.0.
        handler.wfile.write(b"HTTP/1.0 200 OK\r\ncontent-type: text/csv\r\n\r\nindex\r\n")

    service.speak = speak
    assert main(["export", "--out", "other.csv", "--format", "csv"]) == 2
    assert "nobody could tell whether the file is whole" in capsys.readouterr().err and left() == ["log.csv"]


@pytest.mark.parametrize(
    ("body", "ends", "reason"),
    [
        (export(4000)[:400_000], False, "The answer broke off: the connection ended."),
        (export(40)[:-1], True, "its last line is missing"),
        (export(40)[:3000], True, "its last line is missing"),
        (export(40).replace(b'{"index":7,', b'{"index":8,'), True, "of other lines than those that came"),
        (b"{}\n" + export(40), True, "its first line is not that of an export"),
        (b"x" * 5_000_000, True, "longer than any of an export"),
        (b"", True, "its last line is missing"),
    ],
)
def test_leaves_nothing_of_what_did_not_come_whole(
    service: Service, body: bytes, ends: bool, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers(body, ends=ends)
    assert main(["export", "--out", "export.jsonl"]) == 1
    err = capsys.readouterr().err
    assert reason in err and err.endswith("Nothing of it is left; run it again.\n") and err.count("\n") == 1
    assert left() == []


def test_takes_a_length_by_its_word(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    def speak(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", CSV)
        handler.send_header("content-length", "100")
        handler.end_headers()
        handler.wfile.write(b"index\r\n")

    service.speak = speak
    assert main(["export", "--out", "log.csv", "--format", "csv"]) == 1
    assert "7 of 100 bytes came" in capsys.readouterr().err and left() == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "JupyterHub does not know this token, or it has ended."),
        (403, "This token may not read the install log: custom:labkeeper:audit is missing."),
        (503, "4 exports are being written already."),
    ],
)
def test_says_why_it_was_refused(
    service: Service, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service.answers(json.dumps({"message": message}).encode(), "application/json", status)
    assert main(["export", "--out", "export.jsonl"]) == 2
    assert capsys.readouterr().err == f"labkeeper export: {message}\n" and left() == []


def test_takes_a_page_of_somebody_else_for_none(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers(b"<html>Log in</html>", "text/html")
    assert main(["export", "--out", "export.jsonl"]) == 2
    assert "What answered is not Labkeeper" in capsys.readouterr().err and left() == []


def test_says_that_the_service_is_away(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABKEEPER_URL", "http://127.0.0.1:9")
    assert main(["export", "--out", "export.jsonl"]) == 2
    assert "does not answer" in capsys.readouterr().err and left() == []


def test_asks_nothing_where_the_file_cannot_be(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    service.answers(export(3))
    Path("export.jsonl").write_text("older")
    Path("folder").mkdir()
    Path("busy.jsonl.part").touch()
    for out, sentence in {
        "export.jsonl": "export.jsonl is there already: name another file, or add --replace.",
        "folder": "folder is a folder: name a file in it.",
        ".": ". is a folder: name a file in it.",
        "nowhere/export.jsonl": "nowhere/export.jsonl.part cannot be written: No such file or directory.",
        "x" * 300: "cannot be written: File name too long.",
        "busy.jsonl": "busy.jsonl.part is there: another export writes it, or one was killed.",
    }.items():
        assert main(["export", "--out", out]) == 2
        assert sentence in capsys.readouterr().err
    assert service.asked == [] and Path("export.jsonl").read_text() == "older"
    assert main(["export", "--out", "export.jsonl", "--replace"]) == 0
    assert Path("export.jsonl").read_bytes() == export(3)


def labkeeper(*words: str, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "labkeeper.cli", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def test_a_full_disk_leaves_nothing(service: Service) -> None:
    # The limit of a file's size stands for the disk's.
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    service.answers(export(4000))
    run = labkeeper("export", "--out", "export.jsonl", preexec_fn=limit)
    _, err = run.communicate(timeout=60)
    assert (
        run.returncode == 1 and "could not be written, and nothing of it is left: File too large." in err
    ), err
    assert left() == []


def test_ctrl_c_leaves_nothing(service: Service) -> None:
    stop = threading.Event()

    def speak(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", JSONL)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        while not stop.wait(0.02):
            handler.wfile.write(b"2\r\n{}\r\n")

    service.speak = speak
    # Whoever started the tests may have it ignored.
    run = labkeeper(
        "export", "--out", "export.jsonl", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    try:
        while left() != ["export.jsonl.part"]:
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    finally:
        stop.set()
        run.kill()
    assert run.returncode == 130 and err == "labkeeper export: ended. Nothing of the file is left.\n"
    assert left() == []


def test_beside_the_service_the_log_itself_is_asked(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(cli, "_run_node", lambda _program, words, least_major: ran.append(words) or 0)
    monkeypatch.setenv("LABKEEPER_STATE", "/srv/labkeeper")
    assert (
        main(["export", "--out", "a.jsonl", "--personal", "--first", "7", "--version", "1", "--replace"]) == 0
    )
    assert ran == [["export", "--out", "a.jsonl", "--personal", "--first", "7", "--version", "1"]]
    assert service.asked == []
    with pytest.raises(SystemExit, match="0"):
        main(["export", "--help"])
    assert "LABKEEPER_STATE" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--personal"], ["--first", "3"], ["--end", "9"], ["--usr", "ada"], ["--use", "a"]]
)
def test_takes_no_option_for_another(
    service: Service, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "--out", "export.jsonl", *words])
    assert words[0] in capsys.readouterr().err and service.asked == [] and left() == []


def test_says_what_to_set_for_either_way(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LABKEEPER_URL")
    monkeypatch.delenv("LABKEEPER_TOKEN")
    assert main(["export", "--out", "export.jsonl"]) == 2
    err = capsys.readouterr().err
    for name in ("LABKEEPER_URL", "LABKEEPER_TOKEN", "LABKEEPER_STATE"):
        assert name in err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_in_a_terminal() -> None:
    out, now = Terminal(), [0.0]
    progress = Progress("export.jsonl", out, lambda: now[0])
    for at in (0.1, 0.2, 3.0, 3.1, 100.0):
        now[0] = at
        progress.came(1_500_000, at / 200)
    assert progress.end() == "7.5 MB in 2 min"
    said = out.getvalue().split("\r")[1:]
    assert [text.split("\x1b")[0] for text in said] == [
        "export.jsonl: asking the service (Ctrl-C ends it)",
        "export.jsonl: 2%, 4.5 MB in 3 s (Ctrl-C ends it)",
        "export.jsonl: 50%, 7.5 MB in 2 min, about 2 min more (Ctrl-C ends it)",
        "",
    ]


def test_progress_is_a_line_every_half_minute_elsewhere() -> None:
    out, now = io.StringIO(), [0.0]
    progress = Progress("log.csv", out, lambda: now[0])
    for at in range(70):
        now[0] = float(at)
        progress.came(1000, None)
    assert out.getvalue().splitlines() == ["log.csv: 31.0 kB in 30 s", "log.csv: 61.0 kB in 60 s"]
    assert [size(999), size(1_234_567_890_123)] == ["999 bytes", "1234.6 GB"]
    assert [lasting(89), lasting(5399), lasting(7200)] == ["89 s", "90 min", "2.0 h"]


@pytest.mark.parametrize(
    "last", [b"[]\n", b'{"end":[]}\n', b'{"end":{"body":7,"key":{}}}\n', b"\xff\n", b"[" * 9999 + b"\n"]
)
def test_an_odd_last_line_is_no_end(last: bytes) -> None:
    arrival = JsonlArrival()
    arrival.add(export(2).rsplit(b"\n", 2)[0] + b"\n" + last)
    with pytest.raises(NotWholeError):
        arrival.finish()
    assert arrival.fingerprint is None
