"""Groups that the fairness of a bundle told of, followed window by window: which rows are whose, and what changed.

Of a sensitive column keyed hashes of its groups' names are kept, as the log keeps its values; of others the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.bundle import Bundle
from workbench.core.fairness import FEWEST_TOLD, FILE, Fairness, Group, GroupMetric
from workbench.core.finding import Finding
from workbench.core.group_metrics import GroupMeasure, Summed, measures, of_numbers, of_two, summed
from workbench.core.grouping import Grouping
from workbench.core.metric import short
from workbench.core.normal import above
from workbench.core.report import Window
from workbench.core.scores import share_interval
from workbench.monitoring.windows import Seen, prediction_of, truths
from workbench.profiling.drift_tests import holm
from workbench.reading.by_contract import coerce
from workbench.scoring.log import PredictionLog
from workbench.settings import Settings

Numbers = NDArray[np.float64]
Hide = Callable[[Any], str]
# Before the name of a column in a window's predictions.
PREFIX = "group:"
# Rows below which a rate of a group is not followed, and how much its distance to the rest changes where it matters.
FEWEST, RELEVANT = 30, 0.1
# Measures that are followed; those of answers need no label.
WITHOUT_LABELS = ("selection_rate", "mean_prediction")
FOLLOWED = (*WITHOUT_LABELS, "true_positive_rate", "false_positive_rate", "accuracy", "mae")
LEVEL = 0.9
_NOT_SENT = "its groups are not known, for the rows came without it: send it along, or score batches that have it."
_HASHED = (
    "its groups are not known, for a service keeps hashes of its values, which tell nothing of a number's parts: score "
    "batches, or train with a column of the parts."
)
TRUTHS = {"True": True, "False": False, "1": True, "0": False}


def fairness_of(bundle: Bundle) -> Fairness | None:
    """What the bundle was packaged with; None where that is nothing, or an older version made it."""
    return Fairness.load(bundle.path / FILE) if FILE in bundle.files else None


def group_columns(bundle: Bundle, table: pd.DataFrame, force: Settings, hashed: bool = False) -> dict[str, Any]:
    """Columns for a window's predictions: of each row its group's name, or the hash of that.

    Parameters
    ----------
    bundle : Bundle
    table : pandas.DataFrame, shape (rows, columns)
        Raw, with what came beside the features.
    force : Settings
    hashed : bool
        Whether sensitive values are hashes already, as in the log.
    """
    fairness = fairness_of(bundle)
    by = [one for one in fairness.by if one.column in table and one.column in bundle.contract] if fairness else []
    sensitive = [one for one in by if bundle.contract[one.column].sensitive]
    plain = [one for one in by if one not in sensitive]
    found = {PREFIX + one.column: _names(one, _typed(bundle, table, one)) for one in plain}
    if sensitive:
        with _hiding(bundle.name, force) as hide:
            for one in sensitive:
                found |= _known(one, table, hide) if hashed else _hidden(one, _typed(bundle, table, one), hide)
    return found


def followed(seen: Seen, bundle: Bundle, labels: Mapping[str, Any], rate: float, force: Settings) -> tuple[Group, ...]:
    """The groups of a window, with those measures that changed beyond chance, more than those of the rest did.

    A measure's distance to all other rows is compared with that on the hold-out, so what moves all groups is no news
    here. P-values are corrected for all groups and measures of the window (Holm).

    Parameters
    ----------
    seen : Seen
    bundle : Bundle
        That answered it.
    labels : mapping of str to object
        True labels by id, as far as they are known.
    rate : float
        Share of windows without any change that may still be told of.
    force : Settings
    """
    fairness, predictions = fairness_of(bundle), seen.predictions()
    if fairness is None or fairness.task == "multiclass":
        return ()
    truth = truths(predictions, labels)
    found = [
        group
        for one in fairness.by
        if (names := _read_names(one, predictions, bundle, force)) is not None
        for group in _groups(fairness, bundle, one, names, predictions, truth)
    ]
    return tuple(_judged(fairness, found, rate))


def changed_groups(groups: Sequence[Group]) -> Iterator[Group]:
    """Those of which a measure changed; of a column with two groups the first, for the other is the rest."""
    columns = [group.column for group in groups]
    told: set[str] = set()
    for group in [group for group in groups if any(one.differs for one in group.metrics)]:
        if columns.count(group.column) > 2 or group.column not in told:
            yield group
        told.add(group.column)


def told_groups(groups: Sequence[Group]) -> Iterator[str]:
    """A sentence for each group that changed, with its measures."""
    yield from map(told_group, changed_groups(groups))


def told_group(group: Group) -> str:
    """One sentence of a group that changed."""
    names = ", ".join(_now(one) for one in group.metrics if one.differs)
    return f"{group.column} {group.value}: {names}; its distance to the others is not what it was in training."


def _now(one: GroupMetric) -> str:
    return f"{one.name.replace('_', ' ')} {short(one.value or 0.0)}, {short(one.rest or 0.0)} of the others"


def unfollowed(bundle: Bundle, judged: Sequence[Window]) -> Iterator[Finding]:
    """A finding for each column whose groups the bundle tells of, and windows of its answers do not know."""
    fairness, own = fairness_of(bundle), [window for window in judged if window.version == bundle.version]
    for one in fairness.by if fairness and fairness.task != "multiclass" else ():
        labels = [w.label for w in own if one.column not in {group.column for group in w.groups}]
        if labels:
            hashed = bool(one.edges) and one.column in bundle.contract and bundle.contract[one.column].sensitive
            message = f"{labels[-1]}: {_HASHED if hashed else _NOT_SENT}"
            yield Finding("WB315", "info", message, one.column, evidence={"windows": labels})


def _typed(bundle: Bundle, table: pd.DataFrame, one: Grouping) -> pd.Series:
    contract = bundle.contract.only([one.column]).change(one.column, missing_allowed=True)
    return coerce(table, contract)[one.column]


def _names(one: Grouping, column: pd.Series) -> Any:
    return np.asarray(one.names, dtype=object)[one.of(column)]


def _hidden(one: Grouping, column: pd.Series, hide: Hide) -> dict[str, Any]:
    hashes = np.asarray([hide(name) for name in one.names], dtype=object)
    return {PREFIX + one.column: hashes[one.of(column)]}


def _known(one: Grouping, table: pd.DataFrame, hide: Hide) -> dict[str, Any]:
    """Of hashes of values those of the groups' names; of a number's parts they tell nothing."""
    if one.edges:
        return {}
    known = {hide(form): hide(value) for value in one.values for form in _forms(value)}
    column = table[one.column]
    other, missing = hide(one.other), hide(one.missing)
    told = [known.get(value, other) if isinstance(value, str) else missing for value in column]
    return {PREFIX + one.column: told}


def _forms(value: str) -> Iterator[Any]:
    """What a request may hold where a group is called so: the text, or a number or truth value."""
    yield value
    if value in TRUTHS:
        yield TRUTHS[value]
    try:
        yield float(value)
        yield int(value)
    except ValueError:
        return


@contextmanager
def _hiding(name: str, force: Settings) -> Iterator[Hide]:
    """What hashes a sensitive value, by the key of the log."""
    log = PredictionLog(force.predictions / name)
    try:
        yield log.hidden
    finally:
        log.close()


def _read_names(one: Grouping, predictions: pd.DataFrame, bundle: Bundle, force: Settings) -> Any:
    """The name of each row's group; None where the window does not know it."""
    if PREFIX + one.column not in predictions:
        return None
    kept = predictions[PREFIX + one.column]
    if not bundle.contract[one.column].sensitive:
        return kept.replace(one.renamed).to_numpy(dtype=object)
    with _hiding(bundle.name, force) as hide:
        known = {
            hide(name): now for name, now in {**one.renamed, **dict(zip(one.names, one.names, strict=True))}.items()
        }
        return kept.map(known).fillna(one.other).to_numpy(dtype=object)


def _groups(
    fairness: Fairness, bundle: Bundle, one: Grouping, names: Any, predictions: pd.DataFrame, truth: pd.Series
) -> Iterator[Group]:
    """Sums of all rows, and of those whose label is known, by group."""
    place = {name: k for k, name in enumerate(one.names)}
    codes = np.array([place.get(name, len(one.names) - 1) for name in names], dtype=np.intp)
    known = truth.notna().to_numpy()
    every = _summed(fairness, bundle, codes, len(one.names), predictions, truth.where(known, None), labelled=False)
    labelled = _summed(fairness, bundle, codes[known], len(one.names), predictions[known], truth[known])
    told = [m for m in measures("binary" if fairness.label is not None else fairness.task) if m.name in FOLLOWED]
    fewest = FEWEST_TOLD if bundle.contract[one.column].sensitive else 1
    for k in np.flatnonzero(np.bincount(codes, minlength=len(one.names))).tolist():
        rows = int(every.sums["rows"][k])
        metrics = tuple(
            _metric(every if m.name in WITHOUT_LABELS else labelled, m, k)
            if rows >= fewest
            else GroupMetric(m.name, None)
            for m in told
        )
        yield Group(one.column, one.names[k], rows, rows / len(codes), rows < FEWEST, metrics)


def _summed(
    fairness: Fairness, bundle: Bundle, codes: Any, groups: int, predictions: pd.DataFrame, truth: pd.Series,
    labelled: bool = True,
) -> Summed:  # fmt: skip
    predicted = prediction_of(predictions)
    if fairness.label is None:
        parts = of_numbers(truth.astype(float) if labelled else np.zeros(len(predicted)), predicted)
    else:
        second = predictions["answer"] == bundle.classes[1]
        first = str(fairness.label) == str(bundle.classes[0])
        came = (truth.astype(str) == str(fairness.label)).to_numpy()
        parts = of_two(came, ~second if first else second, 1 - predicted if first else predicted)
    return summed(codes, groups, parts, resamples=0)


def _metric(sums: Summed, one: GroupMeasure, k: int) -> GroupMetric:
    rows = float(sums.effective(one.whole)[k])
    if not rows:
        return GroupMetric(one.name, None)
    value, rest = float(sums.values(one)[k]), float(sums.others().values(one)[k])
    low, high = (share_interval(round(value * rows), round(rows), LEVEL) if one.part else None) or (None, None)
    return GroupMetric(one.name, value, low, high, rows, None if np.isnan(rest) else rest)


def _judged(fairness: Fairness, groups: Sequence[Group], rate: float) -> Iterator[Group]:
    """The groups with p-values of what changed; what has no share has none, and is shown."""
    then = fairness.unweighted or fairness.groups
    reference = {(group.column, group.value): group for group in then}
    pairs = [
        (g, m, _changed(group, group.metrics[m], reference.get((group.column, group.value)), then, groups))
        for g, group in enumerate(groups)
        for m in range(len(group.metrics))
    ]
    tested = [(g, m, p, apart) for g, m, found in pairs if found is not None for p, apart in [found]]
    corrected = dict(zip(((g, m) for g, m, *_ in tested), holm([p for _, _, p, _ in tested]), strict=True))
    by_place = {(g, m): apart for g, m, _, apart in tested}
    for g, group in enumerate(groups):
        told = tuple(
            one if (g, m) not in corrected else replace(
                one, p_value=corrected[g, m],
                differs=bool(corrected[g, m] <= rate and abs(by_place[g, m]) >= RELEVANT),
            )
            for m, one in enumerate(group.metrics)
        )  # fmt: skip
        yield replace(group, metrics=told)


def _changed(
    group: Group, now: GroupMetric, reference: Group | None, before: Sequence[Group], groups: Sequence[Group]
) -> tuple[float, float] | None:
    """The p-value that a share's distance to the rest is what it was, and by how much it changed."""
    then = next((one for one in reference.metrics if one.name == now.name), None) if reference else None
    if then is None or now.low is None:
        return None
    rests = [_rows(side, group.column, now.name) for side in (groups, before)]
    sides = [
        (now.value, now.rows),
        (now.rest, rests[0] - now.rows),
        (then.value, then.rows),
        (then.rest, rests[1] - then.rows),
    ]
    known = [(share, rows) for share, rows in sides if share is not None and rows >= FEWEST]
    if len(known) < len(sides):
        return None
    (own, _), (rest, _), (own_then, _), (rest_then, _) = known
    apart = (own - rest) - (own_then - rest_then)
    error = sum(_variance(*side) for side in known) ** 0.5
    return 2 * above(abs(apart) / error), apart


def _rows(groups: Sequence[Group], column: str, name: str) -> float:
    """Rows of all groups of a column that count in a measure."""
    return sum(one.rows for group in groups if group.column == column for one in group.metrics if one.name == name)


def _variance(share: float, rows: float) -> float:
    """Of a share, one row of each kind added: none of few is no certainty (Agresti and Caffo, 2000)."""
    near = (share * rows + 1) / (rows + 2)
    return near * (1 - near) / (rows + 2)
