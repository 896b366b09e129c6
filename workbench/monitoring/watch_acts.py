"""What a watch does to the versions of a bundle: it tries one, promotes one, goes back. Each at most once.

A decision is there before; what it asks for is found done by the audit log, where the reason of each act of a watch
begins with the decision's key. So whoever is killed between decision and record finds out what really is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.core.policy import TrialStage
from workbench.core.watch import Decision
from workbench.errors import NotFound
from workbench.monitoring.promotion import acts, promote, rollback
from workbench.monitoring.rollout import current
from workbench.monitoring.watch_book import Book
from workbench.settings import Settings
from workbench.storage.aliases import settle
from workbench.storage.files import lock
from workbench.storage.registry import version_of
from workbench.storage.tracking import CHAMPION

# Decisions after which a version that is tried out is no longer.
WITHDRAWN = ("rejected", "refused", "given up", "failed")


def take_effect(one: Decision, stage: TrialStage | None, book: Book) -> None:
    """See to it that a decision has taken effect; nothing happens where it has already.

    Parameters
    ----------
    one : Decision
        As it is written down.
    stage : TrialStage, optional
        Of *stage*: the one that it begins.
    book : Book

    Raises
    ------
    NotFound, Refused, Damaged
        As :func:`workbench.promote` and :func:`workbench.rollback`; nothing has moved then.
    """
    name, version = book.name, one.version
    told: dict[str, Any] = {"reason": f"{_mark(one)} {one.why}", "home": book.force.home}
    if one.what == "stage" and stage is not None and version is not None:
        trial: dict[str, Any] = {"stage": stage.name, **({"share": stage.share} if stage.name == "canary" else {})}
        _once(one, book, lambda: promote(name, version, **trial, **told))
    elif one.what == "promote" and version is not None:
        _once(one, book, lambda: promote(name, version, **told))
    elif one.what == "rollback":
        end_trial(book, f"The watch goes back: {one.why}")
        _once(one, book, lambda: rollback(name, **told))
    elif one.what in WITHDRAWN:
        end_trial(book, told["reason"], version)


def end_trial(book: Book, reason: str, version: int | None = None) -> None:
    """End what is tried out; of another version than the one named nothing is ended."""
    _settle(book)
    found = current(book.name, book.force)
    if found is not None and version in (None, found.version):
        rollback(book.name, reason=reason, home=book.force.home)


def _once(one: Decision, book: Book, act: Callable[[], Any]) -> None:
    _settle(book)
    if not done(one, book):
        act()


def done(one: Decision, book: Book) -> bool:
    """Whether the audit log has what a decision asks for."""
    return any(str(entry.get("reason", "")).startswith(_mark(one)) for entry in acts(book.name, book.force))


def _mark(one: Decision) -> str:
    return f"watch {one.key}:"


def _settle(book: Book) -> None:
    """Somebody may have been killed between an act and its record."""
    with lock(book.force.bundles / f".{book.name}.lock"):
        settle(book.name, book.force)


def answers(name: str, force: Settings) -> int | None:
    """The version that answers now; None where none does."""
    try:
        return version_of(name, CHAMPION, force)
    except NotFound:
        return None
