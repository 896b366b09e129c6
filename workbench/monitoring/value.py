"""What a window's mistakes cost, beside what they cost on the hold-out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from workbench.core.bundle import Bundle
from workbench.core.chunks import FILE as CHUNKS
from workbench.core.metric import short
from workbench.core.report import Signal, Window
from workbench.core.value import FILE, Value
from workbench.monitoring.levels import with_signals
from workbench.monitoring.losses import FEWEST, NOTABLE, RELEVANT, loss_of
from workbench.monitoring.windows import Seen, prediction_of

# What costs have of the false-alarm rate.
PART = 0.1


def value_of(bundle: Bundle) -> Value | None:
    """The costs that the bundle decides by; None where it knows none."""
    return Value.load(bundle.path / FILE) if FILE in bundle.files else None


def part_of_rate(bundle: Bundle) -> float:
    """What share of the false-alarm rate costs have; none where rows are in time, as of segments."""
    return PART if FILE in bundle.files and CHUNKS not in bundle.files else 0.0


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
    truth = frame["id"].map(dict(labels))
    there = truth.notna()
    came = (truth[there] == bundle.classes[1]).to_numpy()
    now = known.of(prediction_of(frame[there]), came)
    window = replace(window, value=now, value_reference=known.reference)
    return with_signals(window, tuple(_told(window, rate)) if rate else ())


def _told(window: Window, rate: float) -> Iterator[Signal]:
    """That a row costs more than on the hold-out, beyond chance."""
    now, before = window.value, window.value_reference
    if now is None or before is None:
        return
    loss = loss_of(before, now, rate)
    if loss.significant:
        level = "alarm" if loss.share >= RELEVANT else "warning" if loss.share >= NOTABLE else "small"
        text = f"A row costs {short(now.value)}, {short(before.value)} in training: {loss.share:.0%} more."
        yield Signal("value", level, text, (), "up", loss.amount)  # type: ignore[arg-type]  # one of the levels
