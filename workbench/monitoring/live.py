"""The live service's log becomes windows, by month, or by day while it is young.

A stretch that has become windows is not cut otherwise later: a day stays a day, and records that come late to it fill
its window up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.reasons import Reasons
from workbench.core.rollout import SHADOW
from workbench.errors import NotFound
from workbench.monitoring.estimation import expected_losses
from workbench.monitoring.group_windows import group_columns
from workbench.monitoring.reason_windows import MOST_ROWS, reasons_of
from workbench.monitoring.sealing import seal
from workbench.monitoring.segments import segment_columns
from workbench.monitoring.value import money_columns
from workbench.monitoring.window_order import bare_name
from workbench.monitoring.windows import Part, Seen, framed, keep_parts
from workbench.reading.by_contract import coerce
from workbench.scoring.log import PredictionLog
from workbench.settings import Settings
from workbench.storage.registry import folder_of

# A log that spans fewer days is cut by day: a month would show nothing for weeks.
YOUNG = 45
LIVE = "live-"
# Records in memory at a time.
AT_A_TIME = 4_000


def compact(
    name: str, force: Settings, log: PredictionLog, there: Sequence[Seen], left: Mapping[str, int]
) -> dict[str, int]:
    """Cut the log of a name into windows. Windows that have not changed stay.

    Closed hours of the log are sealed on the way. No more than some thousand records are in memory.

    Parameters
    ----------
    name : str
        Of the bundle.
    force : Settings
    log : PredictionLog
        Of that name.
    there : sequence of Seen
        The windows so far.
    left : mapping of str to int
        What this returned before.

    Returns
    -------
    dict of str to int
        Records of each stretch that has other ones than its windows: of versions that were removed, and of shadows,
        who answer nobody.
    """
    seal(log.path.parent)
    kept = [seen for seen in there if seen.source == "service"]
    others = {}
    for stretch, rows in cut(log.days(), [seen.label for seen in kept]).items():
        own = {seen.version: seen for seen in kept if bare_name(seen.label) == stretch}
        if sum(seen.rows for seen in own.values()) == rows:
            continue
        if left.get(stretch) == rows or _written(name, stretch, own, log, force) != rows:
            others[stretch] = rows
    return others


def cut(days: Mapping[str, int], there: Iterable[str]) -> dict[str, int]:
    """How many records each stretch has, day or month.

    Parameters
    ----------
    days : mapping of str to int
        Records of each day.
    there : iterable of str
        Names of the live windows that there are.

    Examples
    --------
    >>> cut({"2026-01-30": 5, "2026-01-31": 7}, []), cut({"2026-01-30": 5, "2026-03-31": 7}, [])
    ({'2026-01-30': 5, '2026-01-31': 7}, {'2026-01': 5, '2026-03': 7})
    >>> cut({"2026-01-30": 5, "2026-01-31": 2, "2026-03-31": 7}, ["live-2026-01-30"])
    {'2026-01-30': 5, '2026-01-31': 2, '2026-03': 7}
    """
    known = {bare_name(label) for label in there}
    in_days = {stretch[:7] for stretch in known if len(stretch) > 7}
    young = not days or (date.fromisoformat(max(days)) - date.fromisoformat(min(days))).days < YOUNG
    stretches: Counter[str] = Counter()
    for day, rows in days.items():
        month = day[:7]
        stretches[day if month not in known and (young or month in in_days) else month] += rows
    return dict(stretches)


def _written(name: str, stretch: str, own: Mapping[int, Seen], log: PredictionLog, force: Settings) -> int:
    """Write the windows of a stretch anew, one for each version that answered in it; the rows that they hold now."""
    versions = log.versions(stretch, stretch + "~")
    several, held = len(versions) > 1 or any(".v" in seen.label for seen in own.values()), 0
    for version, rows in versions.items():
        bundle, known = _bundle(name, version, force), own.get(version or 0)
        if bundle is None:
            continue
        held += rows
        if known is None or known.rows != rows:
            label = known.label if known else f"{LIVE}{stretch}" + (f".v{version or 0}" if several else "")
            why = _reasons(bundle, _of(version, log, stretch), rows)
            keep_parts(bundle, label, _parts(bundle, _of(version, log, stretch), force), "service", force, why)
    return held


def _reasons(bundle: Bundle, chunks: Iterable[list[dict[str, Any]]], rows: int) -> Reasons | None:
    return reasons_of(bundle, _some(bundle, chunks, _drawn(rows)), "service") if bundle.reasons else None


def _records(log: PredictionLog, stretch: str) -> Iterator[list[dict[str, Any]]]:
    return log.chunks(stretch, stretch + "~", AT_A_TIME)


def _of(version: int | None, log: PredictionLog, stretch: str) -> Iterator[list[dict[str, Any]]]:
    for records in _records(log, stretch):
        if some := [record for record in records if record["version"] == version and record["arm"] != SHADOW]:
            yield some


def _parts(bundle: Bundle, chunks: Iterable[list[dict[str, Any]]], force: Settings) -> Iterator[Part]:
    for records in chunks:
        raw = pd.DataFrame([r["row"] for r in records])
        predictions = framed(
            bundle,
            [r["prediction"] for r in records],
            [r["id"] for r in records],
            ["; ".join(r["flags"]) for r in records],
        )
        beside = group_columns(bundle, raw, force, hashed=True)
        features = _features(bundle, raw)
        beside |= expected_losses(bundle, features, predictions) | segment_columns(bundle, raw)
        beside |= money_columns(bundle, raw)
        answers = {"answer": [r["answer"] for r in records]}
        moments = sorted(r["at"] for r in records)
        yield Part(
            predictions.assign(**answers, **beside),
            features,
            (_seconds(moments[0]), _seconds(moments[-1])),
        )


def _features(bundle: Bundle, raw: pd.DataFrame) -> pd.DataFrame:
    table = raw.reindex(columns=list(bundle.features))
    # A sensitive value is a hash in the log: it has no distribution to compare.
    table[[c for c in bundle.features if bundle.contract[c].sensitive]] = None
    return coerce(table, bundle.contract.only(bundle.features))


def _drawn(rows: int) -> Any:
    """Which rows reasons are computed of, in order."""
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(rows).choice(rows, MOST_ROWS, replace=False))


def _some(bundle: Bundle, chunks: Iterable[list[dict[str, Any]]], drawn: Any) -> pd.DataFrame:
    """The features of the rows at some places."""
    wanted, at, found = set(drawn.tolist()), 0, list[Any]()
    for records in chunks:
        found.extend(record["row"] for i, record in enumerate(records, at) if i in wanted)
        at += len(records)
    return _features(bundle, pd.DataFrame(found))


def _seconds(at: str) -> str:
    return at[:19] + "+00:00"


def _bundle(name: str, version: Any, force: Settings) -> Bundle | None:
    try:
        return Bundle.load_folder(folder_of(name, version, force))
    except NotFound:
        return None  # a version that was removed: there is nothing to compare with
