"""`PUT labkeeper/contents/<path>`: a save that finds out by itself whether the file changed elsewhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_server._tz import utcnow
from jupyter_server.utils import url_escape, url_path_join
from tornado.web import authenticated

from .compare_write import ChangedElsewhere, Saved
from .handlers import LabkeeperHandler
from .plain_files import is_plain
from .save_problems import PROBLEMS, SaveProblem
from .save_request import read_condition, read_model

PART = "save-guard"

_BY_STATUS = {403: "not-permitted", 404: "not-permitted", 413: "too-large"}
"""What jupyter_server refuses before we see the request: no login, no XSRF token, a foreign page."""


class ContentsHandler(LabkeeperHandler):
    """
    Saves a model of the contents API (`type`, `format`, `content`), as jupyter_server's own PUT does, on a condition.

    The query says which: `if-hash=<hash>` for a file with that hash (as the server gave it with `hash=1`), or
    `if-absent` for one that does not exist. `keep-other=1` keeps another version beside it and writes ours (alone it
    means `if-absent`). `run=<id>` names who saves, so that a version which the same run wrote is not taken for
    another's.

    Answers 200, or 201 for a new file, with the file's model and its hash, `was_missing`, `kept` ({path, hash} or
    null), `warning` ("after-save-failed" or null) and `exact` (text was written as it came: no hook changes it); 409
    "changed-elsewhere" with the `hash`, `hash_algorithm`, `last_modified` and `size` of what stands there; or another
    code of PROBLEMS. A body above `ServerApp.max_body_size` is refused by tornado itself, with an empty 400.

    Counts as the user's activity as jupyter_server's own PUT does, and as there `no_track_activity=1` says that it
    is none. A save that fails counts never, for it is tried again.
    """

    needs = ("write", "contents")
    refusal = "You may not write files on this server."

    @authenticated
    async def put(self, path: str) -> None:
        """Save a document."""
        await self.allow()
        disabled = self.labkeeper.disabled
        if disabled.companion or PART in disabled.parts:
            # 404, because coming again is of no use.
            self.refuse(404, "disabled", "Saving by Labkeeper is switched off on this server.", "")
            return
        try:
            condition = read_condition(
                {name: self.get_query_argument(name) for name in self.request.query_arguments}
            )
            model = read_model(self.request.body)
            # A large notebook is in memory several times while it is written; this once it need not be.
            self.request.body = b""
            saved = await self.labkeeper.documents.save(path, model, condition)
        except ChangedElsewhere as error:
            found = error.found.model
            known = {key: found.get(key) for key in ("hash", "hash_algorithm", "last_modified", "size")}
            self._refuse_with("changed-elsewhere", known)
        except SaveProblem as error:
            self._refuse_with(error.code, {})
        else:
            self._finish_saved(saved)

    def write_error(self, status_code: int, **details: Any) -> None:
        """Answer in JSON, without the words of an exception, whatever went wrong."""
        other = "bad-request" if status_code < 500 else "failed"
        code = _BY_STATUS.get(status_code, other)
        if status_code == HTTPStatus.FORBIDDEN and self.current_user is None:
            # jupyter_server says the same to whoever is not known and to whoever may not.
            code = "logged-out"
        self._refuse_with(code, {}, status_code)

    def _refuse_with(self, code: str, more: dict[str, Any], status: int | None = None) -> None:
        usual, message, hint = PROBLEMS[code]
        self.set_status(usual if status is None else status)
        self._finish({"code": code, "message": message, **({"hint": hint} if hint else {}), **more})

    def _finish_saved(self, saved: Saved) -> None:
        if self.get_query_argument("no_track_activity", None) is None:
            self.settings["api_last_activity"] = utcnow()
        model = saved.version.model
        self.set_status(HTTPStatus.CREATED if saved.created else HTTPStatus.OK)
        self.set_header(
            "Location", url_path_join(self.base_url, "api", "contents", url_escape(model["path"]))
        )
        self.set_header("Last-Modified", model["last_modified"])
        self._finish(
            {
                **model,
                "was_missing": saved.was_missing,
                "kept": None if saved.kept is None else {"path": saved.kept.path, "hash": saved.kept.hash},
                "warning": saved.warning,
                "exact": is_plain(self.labkeeper.serverapp.contents_manager),
            }
        )

    def _finish(self, value: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(value, default=json_default))
