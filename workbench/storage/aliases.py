"""Which version an alias points at is changed here alone: intent, act, record.

The intent is in the audit log before anything takes effect, so a log that is damaged stops the act. Who is killed on
the way leaves an open intent; whoever acts next on that name first settles it (:func:`settle`). What had taken effect
is recorded then, what had not is written down as undone. Whoever only looks writes nothing.
"""

from __future__ import annotations

from typing import Any

from workbench.errors import NotFound
from workbench.settings import Settings
from workbench.storage import anchors, audit
from workbench.storage.registry import version_of
from workbench.storage.tracking import CHALLENGER, CHAMPION, client

ACTS = ("promote", "rollback", "challenge")


def point(name: str, alias: str, version: int, act: str, force: Settings, **details: Any) -> None:
    """Point an alias at a version. The caller holds the lock of the name.

    Parameters
    ----------
    name : str
        Of the bundle.
    alias : {"champion", "challenger"}
        What is moved. Who becomes champion is challenger no more.
    version : int
        A version that is there.
    act : {"promote", "rollback", "challenge"}
        For the audit log.
    force : Settings
        Where log and registry are.
    **details
        For the audit log.

    Raises
    ------
    Damaged
        If the audit log is not what was written; nothing has moved then.
    """
    settle(name, force)
    previous = current(name, alias, force)
    intent = audit.intend(force.audit_log, act, name=name, version=version, alias=alias, previous=previous, **details)
    _act(intent, force)
    anchors.keep(audit.done(force.audit_log, intent), force)


def settle(name: str, force: Settings) -> None:
    """Record what somebody did who was killed before he could, or that he did not. The caller holds the name's lock.

    Raises
    ------
    Damaged
        If the audit log is not what was written, or lines of it are gone.
    """
    anchors.check(name, force)
    for intent in audit.open_intents(force.audit_log):
        if intent["name"] != name or intent["intends"] not in ACTS:
            continue
        if current(name, intent["alias"], force) == intent["version"]:
            _act(intent, force)
            audit.done(force.audit_log, intent)
        else:
            audit.undone(force.audit_log, intent)


def current(name: str, alias: str, force: Settings) -> int | None:
    """The version that an alias points at; None where there is no such alias."""
    try:
        return version_of(name, alias, force)
    except NotFound:
        return None


def _act(intent: dict[str, Any], force: Settings) -> None:
    """Twice is the same as once."""
    name, version, store = intent["name"], intent["version"], client(force)
    store.set_registered_model_alias(name, intent["alias"], str(version))
    if intent["alias"] == CHAMPION and current(name, CHALLENGER, force) == version:
        store.delete_registered_model_alias(name, CHALLENGER)
