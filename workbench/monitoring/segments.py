"""Segments of a bundle, window by window: which rows are whose, their scores, and which lost more than all rows did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.chunks import FILE as CHUNKS
from workbench.core.grouping import Grouping
from workbench.core.metric import Metric, metric_name, short
from workbench.core.normal import above
from workbench.core.ranked import ranked
from workbench.core.report import Direction, Level, Signal, Window
from workbench.core.scores import no_surer, scores
from workbench.core.segments import FILE, Segment, Segments
from workbench.monitoring.levels import with_signals
from workbench.monitoring.losses import FEWEST, NOTABLE, RELEVANT, loss_of
from workbench.monitoring.windows import Seen, prediction_of, truths
from workbench.profiling.drift_tests import holm
from workbench.reading.by_contract import coerce

# Before the name of a column, in a window's predictions; and what segments have of the false-alarm rate.
PREFIX, PART = "segment:", 0.25


def segments_of(bundle: Bundle) -> Segments | None:
    """Those that the bundle follows; None in bundles of older versions, and without slices."""
    return Segments.load(bundle.path / FILE) if FILE in bundle.files else None


def part_of_rate(bundle: Bundle) -> float:
    """What share of the false-alarm rate the segments of a bundle have.

    None where neighbouring rows have something in common: what stretches of the training did is known of all rows
    alone, and taken for independent rows three of 45 weeks of electricity prices said that a segment lost. The scores
    of the segments are shown all the same.
    """
    return PART if FILE in bundle.files and CHUNKS not in bundle.files else 0.0


def segment_columns(bundle: Bundle, table: pd.DataFrame) -> dict[str, Any]:
    """Columns for a window's predictions: of each row the name of its segment.

    Parameters
    ----------
    bundle : Bundle
    table : pandas.DataFrame, shape (rows, columns)
        Raw, with what came beside the features.
    """
    known = segments_of(bundle)
    there = [one for one in known.by if one.column in table] if known else []
    return {PREFIX + one.column: _names(one, _typed(bundle, table, one)) for one in there}


def _names(one: Grouping, column: pd.Series) -> Any:
    return np.asarray(one.names, dtype=object)[one.of(column)]


def _typed(bundle: Bundle, table: pd.DataFrame, one: Grouping) -> pd.Series:
    contract = bundle.contract.only([one.column]).change(one.column, missing_allowed=True)
    return coerce(table, contract)[one.column]


def with_segments(window: Window, seen: Seen, bundle: Bundle, labels: Mapping[str, Any], rate: float) -> Window:
    """The window with the scores of its segments, and what these say.

    Parameters
    ----------
    window : Window
        As it was judged.
    seen : Seen
    bundle : Bundle
        That answered it.
    labels : mapping of str to object
        True labels by id, as far as they are known.
    rate : float
        Share of windows without any change that may still be told of; of none where it is 0.
    """
    known = segments_of(bundle)
    if known is None or not window.performance:
        return window
    found = tuple(_judged(list(_scored(known, seen, bundle, labels)), window.performance[0], bundle, rate))
    return replace(with_signals(window, tuple(_told(found))), segments=found)


def _scored(known: Segments, seen: Seen, bundle: Bundle, labels: Mapping[str, Any]) -> Iterator[Segment]:
    frame = seen.predictions()
    truth = truths(frame, labels)
    classes = ranked(bundle.classes, bundle.contract)
    for one in known.told:
        if PREFIX + one.column in frame:
            rows = (frame[PREFIX + one.column] == one.value) & truth.notna()
            if rows.sum() >= FEWEST:
                told = scores(
                    bundle.task, truth[rows].to_numpy(), prediction_of(frame[rows]), classes, one.score.name,
                    one.score.level, others=(),
                )  # fmt: skip
                if told:  # a few rows that all agree are no surer than many others of the segment were
                    score = no_surer(told[0], one.score, rows.sum(), one.rows)
                    yield Segment(one.column, one.value, int(rows.sum()), score, one.score)


def _judged(found: list[Segment], whole: Metric, bundle: Bundle, rate: float) -> Iterator[Segment]:
    """With p-values of having lost more than all rows did, corrected for all segments (Holm)."""
    before = next((one for one in bundle.metrics if one.name == whole.name), None)
    of_all = None if before is None else loss_of(before, whole, 0.5)  # its amount alone is asked for
    tested = []
    for one in found:
        amount, error = _lost(one, None if of_all is None else of_all.amount)
        tested.append(replace(one, p_value=above(amount / error) if error > 0 else 1.0))
    adjusted = holm([1.0 if one.p_value is None else one.p_value for one in tested])
    for one, p_value in zip(tested, adjusted, strict=True):
        yield replace(one, differs=p_value < rate)


def _lost(one: Segment, whole: float | None) -> tuple[float, float]:
    """How much more a segment lost than all rows, and the standard error of its own loss."""
    reference = one.reference or one.score
    sign = 1 if reference.larger_is_better else -1
    errors = [error for error in (reference.error, one.score.error) if error is not None]
    return sign * (reference.value - one.score.value) - max(whole or 0.0, 0.0), float(np.hypot.reduce([0.0, *errors]))


def _told(found: tuple[Segment, ...]) -> Iterator[Signal]:
    for one in sorted((one for one in found if one.differs), key=lambda one: one.p_value or 0.0):
        reference = one.reference or one.score
        loss = loss_of(reference, one.score, 0.5)
        level: Level = "alarm" if loss.share >= RELEVANT else "warning" if loss.share >= NOTABLE else "small"
        text = (
            f"{metric_name(one.score.name)} of {one.name} is {short(one.score.value)}, {short(reference.value)} in "
            f"training: more than all rows lost, {loss.share:.0%} of what the model is worth there."
        )
        way: Direction = "down" if reference.larger_is_better else "up"
        yield Signal("segment", level, text, (one.column,), way, loss.amount, one.p_value)
