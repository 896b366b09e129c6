"""Where the head of the audit log is kept besides, so that a log that was cut or written anew is noticed.

A chain of hashes shows a line that was changed, but not that the last lines are gone, that the whole log is, or that
somebody has computed it anew. So the head (how many lines there were, and the hash of the last one) is kept outside of
it: in MLflow's store, on the version that the last act was about, and in each bundle, as it stood when that was
packaged. A log that lacks such a line, or has another in its place, is not what was written.

References
----------
Haber, S. and Stornetta, W. S. (1991), How to time-stamp a digital document. Journal of Cryptology 3:99-111.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.errors import Damaged, StoreError
from workbench.settings import Settings
from workbench.storage import audit
from workbench.storage.files import read
from workbench.storage.manifest import MANIFEST
from workbench.storage.tracking import client

TAG = "workbench.audit"  # of a version in MLflow's store
LINEAGE = "audit"  # in a bundle's lineage
ACCEPT = "accept"


@dataclass(frozen=True, order=True)
class Head:
    """The last line of the audit log at some moment.

    Parameters
    ----------
    number : int
        Of the line, from 1.
    hash : str
        Of the line.

    Examples
    --------
    >>> Head.read(str(Head(2, "ab"))), Head.read("nothing")
    (Head(number=2, hash='ab'), None)
    """

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Head:
        """That of an entry of the log."""
        return cls(entry["number"], entry["hash"])

    @classmethod
    def read(cls, text: Any) -> Head | None:
        """What ``str`` gave; None of anything else."""
        number, _, digest = str(text).partition(":")
        return cls(int(number), digest) if number.isdecimal() and number.isascii() and digest else None


def keep(entry: dict[str, Any], force: Settings) -> None:
    """Keep the head of the log in MLflow's store, on the version that an act was about.

    Parameters
    ----------
    entry : dict
        Of the act; the last line of the log.
    force : Settings
        Where log and registry are.
    """
    client(force).set_model_version_tag(entry["name"], str(entry["version"]), TAG, str(Head.of(entry)))


def check(name: str, force: Settings) -> int:
    """Hold the log against the heads that are kept of it, and return how many there are.

    Parameters
    ----------
    name : str
        Of the bundle whose versions keep them.
    force : Settings
        Where log, bundles and registry are.

    Raises
    ------
    Damaged
        If the log is not what was written.
    """
    chain = audit.entries(force.audit_log)
    kept = sorted(_kept(name, force))
    lost = list(_lost(kept, chain))
    if lost:
        what = f"ends at line {len(chain)}" if lost[-1].number > len(chain) else f"has another line {lost[0].number}"
        accept = shlex.join(["workbench", "audit", name, "--accept", "REASON"])
        raise Damaged(
            f"The audit log {what}, but {name} was packaged or promoted when it had {lost[-1].number} lines: lines are "
            f"gone or were written anew. Restore the log from a copy, or go on with what is there: `{accept}`."
        )
    return len(kept)


def accept(name: str, reason: str, force: Settings) -> dict[str, Any]:
    """Go on with a log that lacks lines: it says so from now on, with the heads that did not fit.

    Parameters
    ----------
    name : str
        Of the bundle.
    reason : str
        Why.
    force : Settings
        Where log, bundles and registry are.

    Returns
    -------
    dict
        The entry of the log.

    Raises
    ------
    Damaged
        If the chain itself is broken: then no line can follow.
    """
    chain = audit.entries(force.audit_log)
    lost = [asdict(head) for head in _lost(sorted(_kept(name, force)), chain)]
    return audit.record(force.audit_log, ACCEPT, name=name, reason=reason, lost=lost)


def _lost(kept: Iterable[Head], chain: list[dict[str, Any]]) -> Iterator[Head]:
    """Heads that the log does not have, but for those that somebody has accepted to be gone."""
    accepted = {Head(**told) for entry in chain if entry["act"] == ACCEPT for told in entry["lost"]}
    there = {Head.of(entry) for entry in chain}
    return (head for head in kept if head not in there | accepted)


def _kept(name: str, force: Settings) -> set[Head]:
    """Those of the versions that lie here: another home of the same store has a log of its own."""
    folders = [p for p in (force.bundles / name).glob("[0-9]*") if (p / MANIFEST).is_file()]
    here = {p.name for p in folders}
    versions = client(force).search_model_versions(f"name = '{name}'")
    tagged = (version.tags.get(TAG, "") for version in versions if str(version.version) in here)
    return {head for text in (*tagged, *map(_packaged, folders)) if (head := Head.read(text)) is not None}


def _packaged(folder: Path) -> str:
    """The head in a bundle; what a damaged one says is told by whoever loads it."""
    try:
        return read(folder / MANIFEST, lambda content: str(content["lineage"].get(LINEAGE, "")), newest=10**9)
    except StoreError:
        return ""
