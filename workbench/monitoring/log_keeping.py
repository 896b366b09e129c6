"""What a prediction log holds, what may leave it, and who still needs that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.core.wording import how_many
from workbench.errors import BadParameter, NotFound, Refused
from workbench.monitoring.live import LIVE, cut
from workbench.monitoring.log_export import check_there, moment_of
from workbench.monitoring.places import look_up
from workbench.monitoring.rollout import current
from workbench.monitoring.window_order import bare_name
from workbench.scoring.log import PredictionLog, log_of
from workbench.scoring.log_reading import sealed_folder
from workbench.scoring.log_retention import Pruning, oldest_kept
from workbench.settings import Settings


@dataclass(frozen=True)
class LogOverview:
    """A prediction log in numbers.

    Parameters
    ----------
    days : dict of str to int
        Records of each day in UTC.
    pruned : dict of str to int
        Records of each day that have left.
    labels : int
        Ids with a label.
    live, sealed : int
        Bytes of ``log.sqlite`` with its journal, and of the sealed files.
    """

    days: dict[str, int]
    pruned: dict[str, int]
    labels: int
    live: int
    sealed: int


def overview(name: str, force: Settings) -> LogOverview:
    """What the log of a name holds.

    Raises
    ------
    NotFound
        If that name has no log.
    """
    check_there(name, force)
    with log_of(name, force) as log:
        with log.store.turn() as store:
            (labels,) = store.execute("SELECT count(*) FROM labels").fetchone()
        live = sum(path.stat().st_size for path in log.path.parent.glob(f"{log.path.name}*"))
        sealed = sum(path.stat().st_size for path in sealed_folder(log.path).glob("*.parquet"))
        return LogOverview(log.days(), log.pruned(), int(labels), live, sealed)


def prune_log(
    name: str,
    force: Settings,
    *,
    before: str = "",
    days: int | None = None,
    dry_run: bool = False,
    anyway: bool = False,
) -> tuple[Pruning, list[str]]:
    """Remove the records of a log before a moment: sealed files, labels and ids too, whole hours.

    Windows stay: they are files of their own. What still needs records that would leave is told.

    Parameters
    ----------
    name : str
        Of the bundle.
    force : Settings
    before : str
        ISO 8601; its hour and later ones stay.
    days : int, optional
        Instead: so many days stay, and the present one.
    dry_run : bool
        Remove nothing.
    anyway : bool
        Remove what is still needed, too.

    Returns
    -------
    (Pruning, list of str)
        What has left, or would, and who needs it.

    Raises
    ------
    NotFound
        If that name has no log.
    BadParameter
        If not exactly one of ``before`` and ``days`` is given.
    Refused
        If somebody still needs it.
    """
    check_there(name, force)
    hour = _hour(before, days)
    with log_of(name, force) as log:
        told = log.to_prune(hour)
        needs = list(_needs(name, told, log, force)) if told.rows else []
        if dry_run:
            return told, needs
        if needs and not anyway:
            raise Refused(f"{' '.join(needs)} Do that first, or say that it may leave anyway.")
        done = log.prune(hour)
    return done, needs


def _hour(before: str, days: int | None) -> str:
    if bool(before) == (days is not None) or (days is not None and days < 1):
        raise BadParameter("What leaves is said by a moment (before) or by the days that stay (1 or more). Give one.")
    return str(moment_of(before, "before"))[:13] if days is None else oldest_kept(days)


def _needs(name: str, told: Pruning, log: PredictionLog, force: Settings) -> Iterator[str]:
    """A sentence for each who would miss something."""
    if uncut := _uncut(name, told, log, force):
        named = f"{uncut[0]} to {uncut[-1]}" if len(uncut) > 1 else uncut[0]
        yield f"Records of {how_many(len(uncut), 'day')} are in no window of the monitor yet ({named}): run wb.monitor."
    try:
        trial = current(name, force)
    except NotFound:  # its bundles are elsewhere, or gone
        return
    if trial is not None and trial.since[:13] < told.before:
        yield f"Version {trial.version} is tried out since {trial.since[:10]}, and is compared by these records."


def _uncut(name: str, told: Pruning, log: PredictionLog, force: Settings) -> list[str]:
    """Days that would leave, of stretches that windows do not hold whole."""
    windows = look_up(name, force, log, lambda places: places.windows)
    live = [seen for seen in windows if seen.source == "service" and seen.label.startswith(LIVE)]
    held: dict[str, int] = {}
    for seen in live:
        held[bare_name(seen.label)] = held.get(bare_name(seen.label), 0) + seen.rows
    pruned = log.pruned()
    every = {day: rows + pruned.get(day, 0) for day, rows in log.days().items()}
    missing = [s for s, rows in cut(every, [seen.label for seen in live]).items() if held.get(s, 0) < rows]
    return [day for day in told.days if any(day.startswith(stretch) for stretch in missing)]
