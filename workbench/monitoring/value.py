"""What a window's answers cost, beside what they cost on the hold-out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.chunks import FILE as CHUNKS
from workbench.core.metric import Metric, short
from workbench.core.report import Signal, Window
from workbench.core.value import FILE, Value
from workbench.monitoring.levels import with_signals
from workbench.monitoring.losses import FEWEST, NOTABLE, RELEVANT, loss_of
from workbench.monitoring.windows import Seen, prediction_of, truths
from workbench.reading.by_contract import coerce

# What costs have of the false-alarm rate; and before the name of a column of money, in a window's predictions.
PART, PREFIX = 0.1, "money:"


def value_of(bundle: Bundle) -> Value | None:
    """The costs that the bundle decides by; None where it knows none."""
    return Value.load(bundle.path / FILE) if FILE in bundle.files else None


def part_of_rate(bundle: Bundle) -> float:
    """What share of the false-alarm rate costs have; none where rows are in time, as of segments."""
    return PART if FILE in bundle.files and CHUNKS not in bundle.files else 0.0


def money_columns(bundle: Bundle, table: pd.DataFrame) -> dict[str, Any]:
    """Columns for a window's predictions: the money of each row, NaN where it can't be read.

    Parameters
    ----------
    bundle : Bundle
    table : pandas.DataFrame, shape (rows, columns)
        Raw, with what came beside the features.
    """
    known = value_of(bundle)
    names = [name for name in dict.fromkeys(known.columns.values()) if name in table] if known else []
    contract = bundle.contract.only(names)
    for name in names:
        contract = contract.change(name, missing_allowed=True)
    typed = coerce(table[names], contract) if names else table
    return {PREFIX + name: typed[name].to_numpy(dtype=float, na_value=np.nan) for name in names}


def with_value(window: Window, seen: Seen, bundle: Bundle, labels: Mapping[str, Any], rate: float) -> Window:
    """The window with its cost a row, and whether that rose.

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
        Share of windows without any change that may still be told of.
    """
    known = value_of(bundle)
    if known is None or window.labelled < FEWEST:
        return window
    frame = seen.predictions()
    truth = truths(frame, labels)
    there = truth.notna()
    frame, truth = frame[there], truth[there]
    money = {name: frame[PREFIX + name].to_numpy() for name in known.columns.values() if PREFIX + name in frame}
    if len(money) < len(set(known.columns.values())):
        return window  # it was scored without the column
    came = (truth == bundle.classes[1]).to_numpy() if bundle.classes else truth.to_numpy(dtype=float)
    now = known.of(prediction_of(frame), came, money)
    if now is None:
        return window
    window = replace(window, value=now, value_reference=known.reference)
    return with_signals(window, tuple(_told(now, known, rate)) if rate else ())


def _told(now: Metric, known: Value, rate: float) -> Iterator[Signal]:
    """That a row costs more than on the hold-out, beyond chance."""
    before = known.reference
    loss = loss_of(before, now, rate)
    if loss.significant:
        share = loss.amount / max(known.scale, 1e-12)
        level = "alarm" if share >= RELEVANT else "warning" if share >= NOTABLE else "small"
        text = f"A row costs {short(now.value)}, {short(before.value)} in training: {_more(loss.amount, share, known)}."
        yield Signal("value", level, text, (), "up", loss.amount)  # type: ignore[arg-type]  # one of the levels


def _more(amount: float, share: float, known: Value) -> str:
    """How much more; where rows gain too, a share of the mean would say little."""
    gains = known.scale - known.mean > 1e-9 * known.scale
    return f"{short(amount)} more, where a row costs or gains {short(known.scale)}" if gains else f"{share:.0%} more"
