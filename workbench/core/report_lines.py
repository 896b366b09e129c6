"""The windows of a monitoring report as lines of a file, each under a key of all that its judgement depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from workbench.errors import Damaged
from workbench.storage import lines
from workbench.storage.files import MISREAD

FILE = "windows.lines"


def read(folder: Path, window: type) -> Iterator[tuple[str, Any, str]]:
    """Key, window and why its reasons are not followed, of each line that is whole; what is damaged is left out.

    Parameters
    ----------
    folder : Path
        Of a name's reports.
    window : type
        What a line holds; it is parsed and checked in one go, 400 in some milliseconds.
    """
    parse = _reader(window)
    for line in lines.lines(folder / FILE):
        with suppress(*MISREAD):
            one = parse(line)
            yield one.key, one.window, one.unfollowed


def with_windows(content: Any, folder: Path, window: type) -> Any:
    """A report's head that was read, with its windows in place of their keys; a whole report as it is.

    Raises
    ------
    Damaged
        If lines are missing.
    """
    keys = content.get("windows") if isinstance(content, Mapping) else None
    if not keys or not all(isinstance(key, str) for key in keys):
        return content
    there = {key: one for key, one, _ in read(folder, window)}
    if missing := [key for key in keys if key not in there]:
        raise Damaged(
            f"{folder / FILE} lacks {len(missing):,} windows of the report. Call wb.monitor again: it judges them anew."
        )
    return {**content, "windows": [there[key] for key in keys]}


@cache
def _reader(window: type) -> Any:
    import msgspec

    line = msgspec.defstruct("Line", [("key", str), ("window", window), ("unfollowed", str, "")])
    return msgspec.json.Decoder(line).decode
