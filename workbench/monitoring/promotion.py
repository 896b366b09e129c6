"""Which version answers: ``promote`` and ``rollback``, by MLflow's alias and the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.core import nouns
from workbench.core.arguments import text
from workbench.core.bundle import Bundle
from workbench.core.bundles import load
from workbench.core.literals import python
from workbench.errors import Refused
from workbench.settings import Settings, settings
from workbench.storage import audit
from workbench.storage.aliases import current, point, settle
from workbench.storage.files import lock
from workbench.storage.registry import check_name
from workbench.storage.tracking import CHAMPION


def promote(
    name: str | Bundle, version: int | str | Bundle, *, reason: str = "", home: str | Path | None = None
) -> int:
    """Make a version the champion: it answers from now on.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    version : int or Bundle
        A version that is there; its files are checked first.
    reason : str
        For the audit log.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    int
        The version that is champion now.

    Raises
    ------
    BadParameter
        If something else came.
    NotFound
        If there is no such bundle or version.
    Damaged
        If a file of it is not what was packaged, or the audit log is not what was written. Nothing has moved then.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.promote("churn", 2, reason="better by 0.02 on September")
    2
    """
    force, name = settings(home=home), nouns.bundle_name(name, "wb.promote")
    reason = text(reason, "reason", "wb.promote")
    bundle = load(name, nouns.version(version, "wb.promote"), force)
    with lock(force.bundles / f".{name}.lock"):
        point(name, CHAMPION, bundle.version, "promote", force, reason=reason or "asked for")
    return bundle.version


def rollback(name: str | Bundle, *, reason: str = "", home: str | Path | None = None) -> int:
    """Go back to the champion before, by the audit log. Twice goes back two.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    reason : str
        For the audit log.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    int
        The version that is champion again.

    Raises
    ------
    BadParameter
        If something else came.
    NotFound
        If there is no such bundle.
    Refused
        If no other version was champion before.
    Damaged
        If the audit log is not what was written. Nothing has moved then.

    Examples
    --------
    >>> import workbench as wb
    >>> _ = wb.promote("churn", 2)
    >>> wb.rollback("churn")
    1
    """
    force, name = settings(home=home), nouns.bundle_name(name, "wb.rollback")
    reason = text(reason, "reason", "wb.rollback")
    check_name(name, force)
    with lock(force.bundles / f".{name}.lock"):
        settle(name, force)
        earlier = champions(name, force)[:-1]
        if not earlier:
            another = python("wb.promote($name, VERSION)", name=name)
            raise Refused(f"No version of {name} was champion before this one. Promote another: {another}.")
        bundle = load(name, earlier[-1], force)
        point(name, CHAMPION, bundle.version, "rollback", force, reason=reason or "asked for")
    return bundle.version


def champions(name: str, force: Settings) -> list[int]:
    """Champions one after the other, oldest first; what was rolled back is taken out. The last one answers now."""
    line: list[int] = []
    for entry in acts(name, force):
        version = int(entry["version"]) if entry["act"] in ("promote", "rollback") else None
        if entry["act"] == "promote" and (not line or line[-1] != version):
            line.append(version)  # type: ignore[arg-type]  # a promotion has a version
        elif entry["act"] == "rollback" and version in line:
            line = line[: len(line) - line[::-1].index(version)]
    now = current(name, CHAMPION, force)
    # Somebody may have moved the alias in MLflow itself: what answers now is what counts.
    return line if now is None or (line and line[-1] == now) else [*line, now]


def acts(name: str, force: Settings) -> list[dict[str, Any]]:
    """What was done to the bundles of a name, oldest first."""
    return [entry for entry in audit.acts(force.audit_log) if entry.get("name") == name]
