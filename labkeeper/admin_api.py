"""Speaks with the hub service's API from an administrator's own machine, with a token of JupyterHub."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

_PREFIX = "/api/v1"
_TIMEOUT_S = 30
_ANSWER_BYTES = 16 * 1024 * 1024
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class ApiError(Exception):
    """The service did not do it; the message is a sentence for whoever typed the command."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """Of HTTP; None = nobody answered."""


class _NoRedirect(HTTPRedirectHandler):
    """The token must reach nobody but the host that was named."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


class AdminApi:
    """The API at the pages' own host."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiError(
                f"LABKEEPER_URL is {url}: it should be the pages' address, such as https://labkeeper.example.org."
            )
        if parts.scheme == "http" and parts.hostname not in _LOCAL and not parts.hostname.startswith("127."):
            raise ApiError(
                f"LABKEEPER_URL is {url}: over http the token could be read on its way. Use https."
            )
        self._base = f"{parts.scheme}://{parts.netloc}{_PREFIX}"
        self._token = token
        handlers: list[Any] = [_NoRedirect()]
        if parts.hostname in _LOCAL or parts.hostname.startswith("127."):
            handlers.append(ProxyHandler({}))
        self._opener = build_opener(*handlers)

    @classmethod
    def from_environment(cls) -> AdminApi:
        """From LABKEEPER_URL and LABKEEPER_TOKEN: a token on the command line stands in lists of processes."""
        url, token = (
            os.environ.get("LABKEEPER_URL", "").strip(),
            os.environ.get("LABKEEPER_TOKEN", "").strip(),
        )
        if not url or not token:
            raise ApiError(
                "Set LABKEEPER_URL to the address of Labkeeper's pages, and LABKEEPER_TOKEN to a token of yours from "
                "JupyterHub's page “Token”, with the scopes that this needs."
            )
        return cls(url, token)

    def get(self, *path: str, **query: str | None) -> Any:
        """Read something; raises ApiError."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path, asked, None)

    def post(self, *path: str, body: dict[str, Any]) -> Any:
        """Change something; raises ApiError."""
        return self._ask("POST", path, {}, body)

    def _ask(
        self, method: str, path: tuple[str, ...], query: dict[str, str], body: dict[str, Any] | None
    ) -> Any:
        url = self._base + "".join(f"/{quote(part, safe='')}" for part in path)
        if query:
            url += f"?{urlencode(query)}"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            with self._opener.open(Request(url, data, headers, method=method), timeout=_TIMEOUT_S) as answer:
                return _read(answer.read(_ANSWER_BYTES))
        except HTTPError as error:
            raise ApiError(_sentence(error), error.code) from error
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise ApiError(f"{self._base} does not answer: {reason}.") from error


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiError("What answered is not Labkeeper: look at LABKEEPER_URL.") from error


def _sentence(error: HTTPError) -> str:
    try:
        answer = json.loads(error.read(_ANSWER_BYTES))
        said = " ".join(str(answer[key]) for key in ("message", "hint") if key in answer)
    except (ValueError, TypeError, OSError):
        said = ""
    return said or f"What answered, with status {error.code}, is not Labkeeper's API: look at LABKEEPER_URL."
