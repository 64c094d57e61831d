"""`labkeeper export`: from the log beside the service, or with a token from an administrator's own machine."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .admin_api import AdminApi, ApiError, BrokeOffError
from .export_arrival import JsonlArrival, NotWholeError
from .export_file import ExportFile, ExportFileError
from .export_progress import Progress
from .log_command import FILTERS
from .plain_text import plain

_KINDS = {"jsonl": "application/x-ndjson", "csv": "text/csv", "ocsf": "application/x-ndjson"}
"""Formats, and the content type of each."""
_BESIDE_ALONE = "beside the service alone"
_SECONDS = 120.0
"""Digests are made before the first byte comes."""


def run_export(
    words: Sequence[str],
    beside: Callable[[list[str]], int],
    open_api: Callable[[float], AdminApi] = AdminApi.from_environment,
) -> int:
    """Run it; its status. `beside` runs it on the log itself, which LABKEEPER_STATE names."""
    is_help = any(word in ("-h", "--help") for word in words)
    if os.environ.get("LABKEEPER_STATE", "").strip() and not is_help:
        # Beside the service a file is replaced without a word.
        return beside([word for word in words if word != "--replace"])
    parsed = _parser().parse_args(words)
    try:
        return _download(parsed, open_api)
    except (BrokeOffError, NotWholeError) as error:
        reason = (
            f"what came is not a whole export: {error}." if isinstance(error, NotWholeError) else str(error)
        )
        print(f"labkeeper export: {reason} Nothing of it is left; run it again.", file=sys.stderr)
        return 1
    except ExportFileError as error:
        print(f"labkeeper export: {plain(error)}", file=sys.stderr)
        return 1 if error.has_begun else 2
    except ApiError as error:
        print(f"labkeeper export: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("labkeeper export: ended. Nothing of the file is left.", file=sys.stderr)
        return 130


def _download(parsed: argparse.Namespace, open_api: Callable[[float], AdminApi]) -> int:
    api = _opened(open_api)
    filters = {name: getattr(parsed, f"filter_{name}") for name in FILTERS}
    kind = _KINDS[parsed.format]
    arrival = JsonlArrival() if parsed.format == "jsonl" else None
    # Before the service is asked: where it cannot be written nothing is taken away, and no look is on record.
    with ExportFile(Path(parsed.out), parsed.replace) as file:
        progress = Progress(plain(file.path.name))
        try:
            with api.download("export", kind=kind, format=parsed.format, **filters) as answer:
                if arrival is None and not answer.tells_its_end:
                    raise ApiError(
                        "What lies between here and the service takes the length away from its answer, so that nobody "
                        "could tell whether the file is whole. As jsonl it can be told."
                    )
                for chunk in answer.chunks:
                    file.write(chunk)
                    if arrival is not None:
                        arrival.add(chunk)
                    progress.came(len(chunk), None if arrival is None else arrival.share)
            if arrival is not None:
                arrival.finish()
            file.finish()
        finally:
            took = progress.end()
    _tell(plain(parsed.out), arrival, took)
    return 0


def _opened(open_api: Callable[[float], AdminApi]) -> AdminApi:
    try:
        return open_api(_SECONDS)
    except ApiError as error:
        if any(os.environ.get(name, "").strip() for name in ("LABKEEPER_URL", "LABKEEPER_TOKEN")):
            raise
        raise ApiError(f"{error} Or, beside the service, set LABKEEPER_STATE to its folder.") from None


def _tell(name: str, arrival: JsonlArrival | None, took: str) -> None:
    if arrival is None:
        print(f"{name} is written, {took}. It proves nothing: an export as jsonl does.")
        return
    records = f"{arrival.records} {'record' if arrival.records == 1 else 'records'}"
    print(f"{records} in {name}, {took}.")
    if arrival.fingerprint is not None:
        print(
            f"Signed with the key {arrival.fingerprint}: keep that elsewhere, for labkeeper verify --key. Compare it with "
            "what the service's administrator says."
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="labkeeper export",
        allow_abbrev=False,
        description="Writes the hub's install log, or a part of it, to a file that verify can read. From your own machine: "
        "with LABKEEPER_URL (the address of Labkeeper's pages) and LABKEEPER_TOKEN (a token of JupyterHub with "
        "access:services!service=labkeeper and custom:labkeeper:audit), as the pages export. Beside the service: with its "
        "LABKEEPER_STATE, and its LABKEEPER_DATABASE where it has one. Either is a look on record.",
        epilog="Status 0 = the file is there and whole, 1 = it broke off or could not be written, and there is none, 2 = it "
        "could not be asked for, or was refused, 130 = Ctrl-C ended it, and there is none.",
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="what is written; it is .part until it is whole"
    )
    parser.add_argument(
        "--format",
        choices=sorted(_KINDS),
        default="jsonl",
        help="only jsonl has the proof (default: %(default)s)",
    )
    parser.add_argument("--replace", action="store_true", help="replace FILE where it is there already")
    for name in FILTERS:
        day = " (a day, such as 2026-11-27; beside the service a time)" if name in ("from", "until") else ""
        parser.add_argument(
            f"--{name}", dest=f"filter_{name}", metavar=name.upper(), help=f"only this {name}{day}"
        )
    for name in ("first", "end"):
        parser.add_argument(f"--{name}", action=_BesideAlone, metavar="INDEX", help=_BESIDE_ALONE)
    parser.add_argument("--personal", action=_BesideAlone, nargs=0, help=_BESIDE_ALONE)
    return parser


class _BesideAlone(argparse.Action):
    """An option that no token opens: personal parts in the clear, and ranges, which the pages do not export."""

    def __call__(
        self, parser: argparse.ArgumentParser, _namespace: object, _values: object, option: str | None = None
    ) -> None:
        parser.error(f"{option} goes only beside the service, with its LABKEEPER_STATE.")
