"""The live service's log becomes windows, by month, or by day while it is young.

A stretch that has become windows is not cut otherwise later: a day stays a day, and records that come late to it fill
its window up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import ceil
from typing import Any, NamedTuple

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
from workbench.monitoring.windows import Part, Seen, framed, keep_parts, window_of
from workbench.reading.by_contract import coerce
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_reading import Reading
from workbench.settings import Settings
from workbench.storage.registry import folder_of

# A log that spans fewer days is cut by day: a month would show nothing for weeks.
YOUNG = 45
LIVE = "live-"
# Records in memory at a time.
AT_A_TIME = 4_000


@dataclass(frozen=True)
class Cut:
    """How far a log is cut into windows.

    Parameters
    ----------
    left : dict of str to int
        Records of each stretch that has other ones than its windows: of versions that were removed, of shadows, who
        answer nobody, and what had left the log before it was cut.
    marks : dict of str to int
        By content of a window the number of the last line of the log that was looked at for it.
    """

    left: dict[str, int]
    marks: dict[str, int]


def compact(name: str, force: Settings, log: PredictionLog, there: Sequence[Seen], before: Cut) -> Cut:
    """Cut the log of a name into windows. Windows that have not changed stay, others take in what is new.

    Closed hours of the log are sealed on the way. No more than some thousand records are in memory, and none is read
    that a window holds already.

    Parameters
    ----------
    name : str
        Of the bundle.
    force : Settings
    log : PredictionLog
        Of that name.
    there : sequence of Seen
        The windows so far.
    before : Cut
        What this returned the last time.
    """
    seal(log.path.parent)
    kept = [seen for seen in there if seen.source == "service"]
    pruned = log.pruned()
    days = Counter(log.days()) + Counter(pruned)
    left, marks = dict[str, int](), {seen.content: before.marks.get(seen.content, 0) for seen in kept}
    for stretch, rows in cut(days, [seen.label for seen in kept]).items():
        own = {seen.version: seen for seen in kept if bare_name(seen.label) == stretch}
        if sum(seen.rows for seen in own.values()) == rows:
            continue
        if before.left.get(stretch) != rows:
            gone = any(day.startswith(stretch) for day in pruned)
            held, new = _Stretch(name, stretch, own, marks, gone, force).written(log)
            marks |= new
        else:
            held = 0
        if held != rows:
            left[stretch] = rows
    return Cut(left, {content: number for content, number in marks.items() if number})


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


@dataclass(frozen=True)
class _Stretch:
    """A day or month of a log, and its windows by version."""

    name: str
    stretch: str
    own: Mapping[int, Seen]
    marks: Mapping[str, int]
    gone: bool
    force: Settings

    def written(self, log: PredictionLog) -> tuple[int, dict[str, int]]:
        """Write its windows, one for each version that answered in it; the rows that they hold now, and their marks."""
        with log.reading() as reading:
            number, versions = reading.number(), reading.versions(self.stretch, self.stretch + "~")
            new = self._new(reading)
            several = len(versions) > 1 or any(".v" in seen.label for seen in self.own.values())
            written: dict[int, str] = {}
            for version, rows in versions.items():
                bundle = _bundle(self.name, version, self.force)
                known = self.own.get(version or 0)
                if bundle is None or (known is not None and (known.rows == rows and not self.gone)):
                    continue
                if known is not None and not new and self.gone:
                    continue  # what it was made of has left the log: it stays as it is
                label = known.label if known else f"{LIVE}{self.stretch}" + (f".v{version or 0}" if several else "")
                written[version or 0] = label
                self._write(reading, bundle, label, version, rows, known, new)
        seen = {v: window_of(self.name, label, self.force) for v, label in written.items()}
        now = {**self.own, **{v: one for v, one in seen.items() if one is not None}}
        return sum(one.rows for one in now.values()), {one.content: number for one in now.values()}

    def _new(self, reading: Reading) -> _New:
        """What came since its windows were written; nothing is known where one of them has no mark."""
        marks = [self.marks.get(seen.content, 0) for seen in self.own.values()]
        after = min(marks, default=0)
        if not after or len(set(marks)) > 1:
            return _New(0, Counter())
        rows: Counter[int] = Counter()
        for columns in reading.columns(self.stretch, self.stretch + "~", ("version", "arm"), after):
            pairs = zip(columns["version"], columns["arm"], strict=True)
            rows.update(version or 0 for version, arm in pairs if arm != SHADOW)
        return _New(after, rows)

    def _write(
        self, reading: Reading, bundle: Bundle, label: str, version: Any, rows: int, known: Seen | None, new: _New
    ) -> None:
        late = new.rows[version or 0]
        if known is not None and new.after and (known.rows + late == rows or self.gone):
            if not late:
                return
            chunks = partial(self._of, reading, version, new.after)
            why = _reasons(bundle, chunks(), late, known)
            keep_parts(bundle, label, _parts(bundle, chunks(), self.force), "service", self.force, why, known)
        else:
            chunks = partial(self._of, reading, version, 0)
            why = _reasons(bundle, chunks(), rows)
            keep_parts(bundle, label, _parts(bundle, chunks(), self.force), "service", self.force, why)

    def _of(self, reading: Reading, version: int | None, after: int) -> Iterator[list[dict[str, Any]]]:
        for records in reading.chunks(self.stretch, self.stretch + "~", AT_A_TIME, after):
            if some := [record for record in records if record["version"] == version and record["arm"] != SHADOW]:
                yield some


class _New(NamedTuple):
    """Records after a line of the log, by version."""

    after: int
    rows: Counter[int]

    def __bool__(self) -> bool:
        return bool(self.after)


def _reasons(
    bundle: Bundle, chunks: Iterable[list[dict[str, Any]]], rows: int, onto: Seen | None = None
) -> Reasons | None:
    if not bundle.reasons:
        return None
    before = None if onto is None else onto.reasons()
    most = MOST_ROWS
    if onto is not None and before is not None:  # as large a share as of the rows before, so that hours count alike
        most = min(MOST_ROWS, ceil(rows * before.rows / onto.rows))
    return reasons_of(bundle, _some(bundle, chunks, _drawn(rows, most)), "service")


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


def _drawn(rows: int, most: int) -> Any:
    """Which rows reasons are computed of, in order."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(rows).choice(rows, most, replace=False))


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
