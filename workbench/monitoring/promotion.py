"""Which version answers, and which is tried out: ``promote`` and ``rollback``, by intent, act and record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.core import nouns
from workbench.core.arguments import described, one_of, text
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion, load
from workbench.core.fitting import check_fits
from workbench.core.literals import python
from workbench.core.rollout import SHARE, STAGES, Stage
from workbench.errors import BadParameter, Refused
from workbench.settings import Settings, settings
from workbench.storage import audit
from workbench.storage.aliases import current, end, point, settle
from workbench.storage.aliases import stage as put_stage
from workbench.storage.files import lock
from workbench.storage.registry import check_name, version_of
from workbench.storage.rollouts import there as tried_out
from workbench.storage.tracking import CHAMPION


def promote(
    name: str | Bundle,
    version: int | str | Bundle,
    *,
    stage: Stage = "champion",
    share: float | None = None,
    reason: str = "",
    home: str | Path | None = None,
) -> int:
    """Make a version the champion, which answers from now on; or try it out beside the champion first.

    A service that answers under the name follows within seconds, without a restart and without a lost request.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    version : int or Bundle
        A version that is there; its files are checked first.
    stage : {"champion", "shadow", "canary"}
        *shadow*: it scores every row after the answer has gone, for the log alone. *canary*: it answers a share of the
        rows, always the same ones by their ids, and the champion scores those too, for the log. *champion*: it answers
        all rows. One version of a name is tried out at a time: the next one takes its place, and a new champion ends
        it.
    share : float, optional
        Of the rows that a canary answers, in (0, 1); by default 0.1.
    reason : str
        For the audit log.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    int
        The version that has the stage now.

    Raises
    ------
    BadParameter
        If something else came, or a share beside another stage than a canary's.
    NotFound
        If there is no such bundle or version, or no champion to be tried out beside.
    Refused
        If what is to be tried out is the champion, or takes other rows or answers another question than it does.
    Damaged
        If a file of it is not what was packaged, or the audit log is not what was written. Nothing has moved then.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.promote("churn", 2, stage="canary", share=0.1)
    2
    >>> wb.promote("churn", 2, reason="better by 0.02 on September")
    2
    """
    force, name = settings(home=home), nouns.bundle_name(name, "wb.promote")
    reason = text(reason, "reason", "wb.promote") or "asked for"
    part = _share(one_of(stage, STAGES, "stage", "wb.promote"), share)
    bundle = load(name, nouns.version(version, "wb.promote"), force)
    with lock(force.bundles / f".{name}.lock"):
        if stage == "champion":
            point(name, CHAMPION, bundle.version, "promote", force, reason=reason)
        else:
            check_fits(bundle, champion(name, force))
            put_stage(name, bundle.version, stage, part, force, reason=reason)
    return bundle.version


def rollback(name: str | Bundle, *, reason: str = "", home: str | Path | None = None) -> int:
    """End what is tried out; where nothing is, go back to the champion before, by the audit log. Twice goes back two.

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
        The version that is champion now, and answers everything.

    Raises
    ------
    BadParameter
        If something else came.
    NotFound
        If there is no such bundle.
    Refused
        If nothing is tried out, and no other version was champion before.
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
    reason = text(reason, "reason", "wb.rollback") or "asked for"
    check_name(name, force)
    with lock(force.bundles / f".{name}.lock"):
        settle(name, force)
        if tried_out(name, force):
            return _ended(name, reason, force)
        earlier = champions(name, force)[:-1]
        if not earlier:
            another = python("wb.promote($name, VERSION)", name=name)
            raise Refused(f"No version of {name} was champion before this one. Promote another: {another}.")
        bundle = load(name, earlier[-1], force)
        point(name, CHAMPION, bundle.version, "rollback", force, reason=reason)
    return bundle.version


def _ended(name: str, reason: str, force: Settings) -> int:
    """End what is tried out; the champion, whose files stay as they are, answers everything."""
    answers = version_of(name, CHAMPION, force)
    end(name, answers, force, reason=reason)
    return answers


def _share(stage: Stage, share: float | None) -> float:
    """Of the rows that a version answers in a stage that is no champion's."""
    if stage != "canary" and share is not None:
        raise BadParameter(f"A share is that of a canary, got {described(share)} beside the stage {stage!r}. Leave it.")
    if stage != "canary":
        return 0.0
    part = SHARE if share is None else share
    if isinstance(part, bool) or not isinstance(part, (int, float)) or not 0 < part < 1:
        raise BadParameter(f"'share' is a share between 0 and 1, got {described(part)}. Give for example 0.1.")
    return float(part)


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
