"""Which version is tried out beside the champion: one file a name, changed here alone, by intent, act and record.

What the file holds follows from its intent in the audit log, to the letter. So whoever comes after somebody that was
killed can tell whether the act had taken effect: :func:`took_effect`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.storage.files import inside, read, safe_name, sync_folder, write_json

STAGE, END = "stage", "end"
ACTS = (STAGE, END)
_TOLD = ("name", "version", "stage", "share", "reason")


def path_of(name: str, force: Settings) -> Path:
    """Where the rollout of a bundle name lies.

    Raises
    ------
    BadParameter
        If it can't be a bundle's name.
    """
    return inside(force.rollouts, f"{safe_name(name, 'bundle')}.json")


def there(name: str, force: Settings) -> bool:
    """Whether there is a file, whatever it holds."""
    return os.path.lexists(path_of(name, force))


def standing(name: str, force: Settings) -> dict[str, Any] | None:
    """What the file says, for the audit log; None where there is none, or it is damaged."""
    with suppress(StoreError):
        return read(path_of(name, force), _of)
    return None


def told(intent: dict[str, Any]) -> dict[str, Any]:
    """What the file holds once an intent of the audit log has taken effect."""
    fields = {field: intent[field] for field in _TOLD}
    return {"noun": "rollout", "format_version": 1, **fields, "since": intent["at"], "by": intent["by"]}


def act(intent: dict[str, Any], force: Settings) -> None:
    """Put the file there, or take it away. Twice is the same as once."""
    if intent["intends"] == STAGE:
        write_json(path_of(intent["name"], force), told(intent))
    else:
        take_away(intent["name"], force)


def take_away(name: str, force: Settings) -> None:
    """No version is tried out any more. Twice is the same as once."""
    path = path_of(name, force)
    if there(name, force):
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def took_effect(intent: dict[str, Any], force: Settings) -> bool:
    """Whether an intent of the audit log was acted upon."""
    if intent["intends"] == END:
        return not there(intent["name"], force)
    return standing(intent["name"], force) == _of(told(intent))


def _of(content: dict[str, Any]) -> dict[str, Any]:
    return {field: content[field] for field in (*_TOLD, "since", "by")}
