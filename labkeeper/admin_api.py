"""Speaks with the hub service's API from an administrator's own machine, with a token of JupyterHub."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from .plain_text import plain

_PREFIX = "/api/v1"
_TIMEOUT_S = 30
_ANSWER_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_LOCAL = re.compile(r"localhost|::1|127(\.\d{1,3}){3}")
"""Names of this machine; `127.example.org` is none."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header can carry; of anything else http.client would quote the whole token in its error."""
_HUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ApiError(Exception):
    """The service did not do it; the message is a sentence for whoever typed the command."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """Of HTTP; None = nobody answered."""


class BrokeOffError(ApiError):
    """An answer ended before it was whole."""


@dataclass(frozen=True)
class Download:
    """An answer that is read as it comes."""

    chunks: Iterator[bytes]
    """Raises BrokeOffError where the answer ends before its time."""
    tells_its_end: bool
    """Without it an answer that broke off looks like one that has ended."""


class _NoRedirect(HTTPRedirectHandler):
    """The token must reach nobody but the host that was named."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


class AdminApi:
    """The API at the pages' own host; `timeout` is in seconds, for each question; `hub` says whose token it is."""

    def __init__(self, url: str, token: str, timeout: float = _TIMEOUT_S, hub: str = "") -> None:
        # No sentence repeats the address or the token: there may be a password in either.
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_address = False
        if (
            not is_address
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise ApiError(
                "LABKEEPER_URL should be the address of Labkeeper's pages, such as https://labkeeper.example.org, "
                "without a path, a name or a password."
            )
        is_local = _LOCAL.fullmatch(parts.hostname or "") is not None
        if parts.scheme == "http" and not is_local:
            raise ApiError("LABKEEPER_URL begins with http: the token could be read on its way. Use https.")
        token = token.strip()
        if not _TOKEN.fullmatch(token):
            raise ApiError(
                "LABKEEPER_TOKEN has a space, a line's end or a letter that no token of JupyterHub has: copy it again."
            )
        if hub and not _HUB.fullmatch(hub):
            raise ApiError(
                "LABKEEPER_HUB should be what Labkeeper calls the hub of your token: letters, digits and . _ -"
            )
        self._hub = hub
        self._base = f"{parts.scheme}://{parts.netloc}{_PREFIX}"
        self._token = token
        self._timeout = timeout
        handlers: list[Any] = [_NoRedirect()]
        if is_local:
            # A proxy would read it.
            handlers.append(ProxyHandler({}))
        self._opener = build_opener(*handlers)

    @classmethod
    def from_environment(cls, timeout: float = _TIMEOUT_S) -> AdminApi:
        """From LABKEEPER_URL, LABKEEPER_TOKEN and LABKEEPER_HUB: a token on the command line stands in lists of processes."""
        url, token = (
            os.environ.get("LABKEEPER_URL", "").strip(),
            os.environ.get("LABKEEPER_TOKEN", "").strip(),
        )
        if not url or not token:
            raise ApiError(
                "Set LABKEEPER_URL to the address of Labkeeper's pages, and LABKEEPER_TOKEN to a token of yours from "
                "JupyterHub's page “Token”, with the scopes that this needs."
            )
        # Where several hubs share the service, a token is looked up at the one that is named, or at the first.
        return cls(url, token, timeout, os.environ.get("LABKEEPER_HUB", "").strip())

    def get(self, *path: str, **query: str | None) -> Any:
        """Read something; raises ApiError."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path, asked, None)

    def post(self, *path: str, body: dict[str, Any]) -> Any:
        """Change something; raises ApiError."""
        return self._ask("POST", path, {}, body)

    @contextmanager
    def download(self, *path: str, kind: str, **query: str | None) -> Iterator[Download]:
        """Read something long, of this content type; raises ApiError."""
        asked = {name: value for name, value in query.items() if value is not None}
        with self._in_words(lambda: self._open("GET", path, asked, None, accept=kind)) as answer:
            if answer.headers.get_content_type() != kind:
                raise ApiError("What answered is not Labkeeper: look at LABKEEPER_URL.")
            length = answer.headers.get("content-length", "")
            whole = int(length) if length.isascii() and length.isdigit() else None
            is_chunked = answer.headers.get("transfer-encoding", "").lower() == "chunked"
            yield Download(_chunks(answer, whole), is_chunked or whole is not None)

    def _ask(
        self, method: str, path: tuple[str, ...], query: dict[str, str], body: dict[str, Any] | None
    ) -> Any:
        def ask() -> Any:
            with self._open(method, path, query, body) as answer:
                return _read(answer.read(_ANSWER_BYTES))

        return self._in_words(ask)

    def _open(
        self,
        method: str,
        path: tuple[str, ...],
        query: dict[str, str],
        body: dict[str, Any] | None,
        accept: str = "application/json",
    ) -> HTTPResponse:
        url = self._base + "".join(f"/{quote(part, safe='')}" for part in path)
        if query:
            url += f"?{urlencode(query)}"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        if self._hub:
            headers["Labkeeper-Hub"] = self._hub
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        return self._opener.open(Request(url, data, headers, method=method), timeout=self._timeout)

    def _in_words(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except HTTPError as error:
            raise ApiError(_sentence(error), error.code) from error
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise ApiError(f"{self._base} does not answer: {reason}.") from error
        except (HTTPException, ValueError):
            # Without their texts, which quote what was sent or answered.
            raise ApiError(f"{self._base} does not answer as a web server does.") from None


def _chunks(answer: HTTPResponse, whole: int | None) -> Iterator[bytes]:
    came = 0
    while True:
        try:
            chunk = answer.read1(_CHUNK_BYTES)
        except (OSError, HTTPException, ValueError) as error:
            # Of http.client's own errors the texts would quote what was sent.
            reason = str(error) if isinstance(error, OSError) else "the connection ended"
            raise BrokeOffError(f"The answer broke off: {reason}.") from None
        if not chunk:
            break
        came += len(chunk)
        yield chunk
    if whole is not None and came < whole:
        raise BrokeOffError(f"The answer broke off: {came} of {whole} bytes came.")


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiError("What answered is not Labkeeper: look at LABKEEPER_URL.") from error


def _sentence(error: HTTPError) -> str:
    try:
        answer = json.loads(error.read(_ANSWER_BYTES))
        said = " ".join(str(answer[key]) for key in ("message", "hint") if key in answer)
    except (ValueError, TypeError, OSError, HTTPException):
        said = ""
    return (
        plain(said)
        or f"What answered, with status {error.code}, is not Labkeeper's API: look at LABKEEPER_URL."
    )
