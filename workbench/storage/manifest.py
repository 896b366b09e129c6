"""``bundle.json`` as somebody hostile could have written it: every field is looked at before one is used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from sys import float_info
from typing import Any

from workbench.errors import Damaged, NotFound
from workbench.storage.files import SAFE_NAME, check_format

MANIFEST = "bundle.json"
FORMAT = 1
MOST_BYTES = 16 * 2**20  # a real one has some 20 kB; many classes make it longer
MOST_FILES = 10_000
MOST_VERSION = 10**9
LONGEST_PATH = 400
TASKS = ("binary", "multiclass", "regression")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)


def read_manifest(folder: Path) -> bytes:
    """The bytes of a bundle's ``bundle.json``.

    Raises
    ------
    NotFound
        If there is none.
    Damaged
        If it is far too long to be one.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise NotFound(f"There is no {MANIFEST} in {folder}. Give the folder NAME/VERSION of a bundle.")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise damaged(f"it is longer than {MOST_BYTES // 2**20} MB")
    return content


def parse_manifest(content: bytes) -> dict[str, Any]:
    """The fields of a ``bundle.json``, each of its right type, without ``noun`` and ``format_version``.

    Raises
    ------
    Damaged
        Naming the first field that is not what could have been written.
    FormatVersion
        If a newer Workbench wrote it.
    """
    try:
        manifest = json.loads(content, parse_constant=_refuse_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise damaged(f"no JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise damaged("no object")
    check_format(manifest, FORMAT, MANIFEST)
    fields = {name: value for name, value in manifest.items() if name not in ("noun", "format_version")}
    for problem in _problems(fields):
        raise damaged(problem)
    return fields


def path_problem(name: object) -> str | None:
    """Why a text can't be the path of a file in a folder, on this system or another; None where it can.

    Examples
    --------
    >>> path_problem("golden/rows.json")
    >>> path_problem("../secret"), path_problem("C:/secret")
    ('leaves the folder', 'is the path of a Windows drive or stream')
    """
    if not isinstance(name, str) or not name or len(name) > LONGEST_PATH:
        return "is no path"
    if any(ord(letter) < 32 for letter in name):
        return "holds a control character"
    if name.startswith("/") or "\\" in name:
        return "is absolute, or has backslashes"
    if ":" in name:
        return "is the path of a Windows drive or stream"
    parts = name.split("/")
    if ".." in parts:
        return "leaves the folder"
    if any(part in ("", ".") or part[-1] in ". " or _DEVICES.match(part) for part in parts):
        return "is not the plain path of a file"
    return None


def damaged(why: str) -> Damaged:
    """The error for a ``bundle.json`` that can't have been written by us."""
    return Damaged(f"{MANIFEST} is not what was written: {why}. Package the model again.")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _problems(fields: dict[str, Any]) -> Iterator[str]:
    for name in sorted(set(_RULES) - _LATER - set(fields)):
        yield f"{name!r} is missing"
    for name, value in fields.items():
        if name not in _RULES:
            yield f"an unknown field {name[:40]!r}"
        elif not _RULES[name][0](value):
            yield f"{name!r} must be {_RULES[name][1]}"
    wanted = {"regression": 0, "binary": 2}.get(fields["task"], max(2, len(fields["classes"])))
    if len(fields["classes"]) != wanted:
        yield f"'classes' does not fit a {fields['task']} model"
    yield from _path_problems(fields["files"])
    for name in ("contract.json", "model.npz" if fields["compiled"] else "model.skops"):
        if name not in fields["files"]:
            yield f"'files' lists no {name}"


def _path_problems(files: dict[str, str]) -> Iterator[str]:
    for name in files:
        problem = path_problem(name)
        if problem:
            yield f"the path {name[:80]!r} {problem}"
    if len({name.casefold() for name in files}) < len(files):
        yield "two paths differ only in upper and lower case"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    """Not a truth value, and not so large that a float can't hold it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= float_info.max


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_classes(value: Any) -> bool:
    if not isinstance(value, list) or not all(_is_text(v) or isinstance(v, bool) or _is_number(v) for v in value):
        return False
    return len(set(value)) == len(value)


def _is_metrics(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_metric, value))


def _is_metric(value: Any) -> bool:
    known = {"name", "value", "low", "high", "level", "error", "larger"}
    if not isinstance(value, dict) or not {"name", "value"} <= set(value) <= known:
        return False
    ends = all(value.get(end) is None or _is_number(value[end]) for end in ("low", "high", "error"))
    direction = value.get("larger") is None or isinstance(value["larger"], bool)
    sound = _is_text(value["name"]) and _is_number(value["value"]) and _is_number(value.get("level", 0.9))
    return sound and ends and direction


def _is_files(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) > MOST_FILES:
        return False
    return all(isinstance(digest, str) and _HASH.match(digest) for digest in value.values())


def _is_lineage(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("environment", {}), dict):
        return False
    return _is_claim(value) and _is_reference(value)


def _is_reference(lineage: dict[str, Any]) -> bool:
    told = lineage.get("reference", {})
    apart = told.get("apart", 0.0) if isinstance(told, dict) else None
    return isinstance(apart, (int, float)) and not isinstance(apart, bool) and 0 <= apart <= 2


def _is_claim(lineage: dict[str, Any]) -> bool:
    claim = lineage.get("claim", {"model": "", "scores": ""})
    return isinstance(claim, dict) and set(claim) == {"model", "scores"} and all(map(_is_text, claim.values()))


def _is_version(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST_VERSION


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and SAFE_NAME.match(value) is not None


_LATER = {"created", "lineage", "threshold"}  # have a default
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_name, "the name of a bundle"),
    "version": (_is_version, "a whole number from 1"),
    "run_id": (_is_name, "the id of a run"),
    "model": (_is_text, "text"),
    "task": (lambda value: isinstance(value, str) and value in TASKS, f"one of {', '.join(TASKS)}"),
    "classes": (_is_classes, "a list of different texts or numbers"),
    "features": (lambda value: _is_texts(value) and bool(value), "a list of different texts"),
    "threshold": (lambda value: value is None or _is_number(value), "a number"),
    "metrics": (_is_metrics, "a list of scores"),
    "fingerprint": (_is_text, "text"),
    "compiled": (lambda value: isinstance(value, bool), "true or false"),
    "files": (_is_files, "paths with their SHA-256"),
    "created": (_is_text, "text"),
    "lineage": (_is_lineage, "an object"),
}
