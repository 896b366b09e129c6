"""Which version an alias points at, and which one is tried out, is changed here alone: intent, act, record.

The intent is in the audit log before anything takes effect, so a log that is damaged stops the act. Who is killed on
the way leaves an open intent; whoever acts next on that name first settles it (:func:`settle`). What had taken effect
is recorded then, what had not is written down as undone. Whoever only looks writes nothing.
"""

from __future__ import annotations

from typing import Any

from workbench.errors import NotFound
from workbench.settings import Settings
from workbench.storage import anchors, audit, rollouts
from workbench.storage.registry import version_of
from workbench.storage.tracking import CHALLENGER, CHAMPION, client

ACTS = ("promote", "rollback", "challenge", *rollouts.ACTS)


def point(name: str, alias: str, version: int, act: str, force: Settings, **details: Any) -> None:
    """Point an alias at a version. The caller holds the lock of the name.

    Parameters
    ----------
    name : str
        Of the bundle.
    alias : {"champion", "challenger"}
        What is moved. Who becomes champion is challenger no more, and ends what is tried out.
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
    _through(audit.intend(force.audit_log, act, **_at(name, version, alias, previous, force), **details), force)


def stage(name: str, version: int, stage: str, share: float, force: Settings, **details: Any) -> None:
    """Try a version out beside the champion. The caller holds the lock of the name.

    Parameters
    ----------
    name, version : str, int
        Of the bundle.
    stage : {"shadow", "canary"}
        What it does.
    share : float
        Of the rows that it answers.
    force : Settings
        Where log and registry are.
    **details
        For the audit log; a ``reason`` is among them.

    Raises
    ------
    Damaged
        If the audit log is not what was written; nothing has changed then.
    """
    settle(name, force)
    told = {"stage": stage, "share": share, "previous": rollouts.standing(name, force), **details}
    _through(audit.intend(force.audit_log, rollouts.STAGE, name=name, version=version, **told), force)


def end(name: str, version: int, force: Settings, **details: Any) -> None:
    """End what is tried out. The caller holds the lock of the name.

    Raises
    ------
    Damaged
        If the audit log is not what was written; nothing has changed then.
    """
    settle(name, force)
    told = {"previous": rollouts.standing(name, force), **details}
    _through(audit.intend(force.audit_log, rollouts.END, name=name, version=version, **told), force)


def _through(intent: dict[str, Any], force: Settings) -> None:
    _act(intent, force)
    anchors.keep(audit.done(force.audit_log, intent), force)


def _at(name: str, version: int, alias: str, previous: int | None, force: Settings) -> dict[str, Any]:
    """What an intent to move an alias says; who becomes champion ends what is tried out."""
    ends = rollouts.standing(name, force) if alias == CHAMPION else None
    return {"name": name, "version": version, "alias": alias, "previous": previous, **({"ends": ends} if ends else {})}


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
        if _took_effect(intent, force):
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


def _took_effect(intent: dict[str, Any], force: Settings) -> bool:
    if intent["intends"] in rollouts.ACTS:
        return rollouts.took_effect(intent, force)
    return current(intent["name"], intent["alias"], force) == intent["version"]


def _act(intent: dict[str, Any], force: Settings) -> None:
    """Twice is the same as once."""
    if intent["intends"] in rollouts.ACTS:
        return rollouts.act(intent, force)
    name, version, store = intent["name"], intent["version"], client(force)
    store.set_registered_model_alias(name, intent["alias"], str(version))
    if intent["alias"] != CHAMPION:
        return None
    if current(name, CHALLENGER, force) == version:
        store.delete_registered_model_alias(name, CHALLENGER)
    # Last: whoever is killed before has moved the alias, so whoever comes next does the rest.
    return rollouts.take_away(name, force)
