"""What speaks against an estimated score and for it: the training, the window's rows, and labels that came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.core.bundle import Bundle
from workbench.core.estimation import Backtest, Estimation
from workbench.core.metric import Metric, metric_name, short
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.report import Window
from workbench.core.wording import listed
from workbench.monitoring.losses import NOTABLE, expected, loss_of
from workbench.monitoring.windows import Seen
from workbench.profiling.expected import beyond_chance

# A p-value below which something is no chance; rows of a part of the reference below which it knows little; and the
# share of a window there, or with a flag, from which on its rows are not those that the reference saw.
SURELY, THIN, OUTSIDE = 0.01, 30, 0.05


@dataclass(frozen=True)
class Sides:
    """One sentence each for what speaks against trusting an estimate, and for it."""

    against: tuple[str, ...] = ()
    speaks_for: tuple[str, ...] = ()

    def __add__(self, other: Sides) -> Sides:
        return Sides((*self.against, *other.against), (*self.speaks_for, *other.speaks_for))

    @property
    def why(self) -> tuple[str, ...]:
        """All of them, what speaks against first."""
        return (*self.against, *self.speaks_for)


def compared_with(known: Estimation, bundle: Bundle) -> Metric:
    """The score of the training that an estimate is of."""
    promised = expected(bundle)
    return next((one for one in (promised, *bundle.metrics) if one.name == known.metric), promised)


def share_of(reference: Metric, amount: float) -> float:
    """What an amount of a score is of what the model is worth."""
    worse = reference.value + amount * (-1 if reference.larger_is_better else 1)
    return abs(loss_of(reference, replace(reference, value=worse), 0.5).share)


def without_labels(known: Estimation, bundle: Bundle, seen: Seen, window: Window) -> Sides:
    """What speaks against an estimate and for it, without any label.

    Parameters
    ----------
    known : Estimation
        Of the bundle.
    bundle : Bundle
        That answered.
    seen : Seen
        The window as it was scored.
    window : Window
        As it was judged, with the columns that drifted.
    """
    reference = compared_with(known, bundle)
    moved = tuple(_moved(known, reference, window))[:1]
    return _in_training(known, reference) + _support(bundle, seen) + Sides((*_hidden(known, bundle, seen), *moved))


def _in_training(known: Estimation, reference: Metric) -> Sides:
    """How well estimates held in stretches of the training, each by what was known before it."""
    parts, name = len(known.stretches), metric_name(known.metric)
    what = "stretches of the training, each by those before it" if known.ordered else "parts of the training"
    if parts < 2:
        return Sides((f"Only {known.rows:,} rows were validated: too few to see whether estimates hold.",))
    share = share_of(reference, 2 * known.spread)
    if known.spread_p >= SURELY or share < NOTABLE:
        return Sides((), (f"In {parts} {what}, {name} was as estimated but for chance, or a trifle.",))
    so = (
        f"In {parts} {what}, {name} was off the estimate by {short(known.spread)} beyond chance (standard deviation); "
        f"twice that is {share:.0%} of what the model is worth."
    )
    return Sides((so,))


def _support(bundle: Bundle, seen: Seen) -> Sides:
    """Whether the rows lie within what the training saw."""
    if seen.flagged >= OUTSIDE:
        return Sides((f"{seen.flagged:.0%} of the rows hold values that the training never saw.",))
    column, share = _thinnest(bundle.reference, seen.profile())
    if share >= OUTSIDE:
        return Sides((f"{share:.0%} of the rows hold values of {column} that the training hardly saw.",))
    return Sides((), ("Its rows lie within what the training saw.",))


def _hidden(known: Estimation, bundle: Bundle, seen: Seen) -> Iterator[str]:
    hidden = [column for column in bundle.features if bundle.contract[column].sensitive]
    if known.losses and hidden and seen.source == "service":
        yield f"The service's log keeps no value of {listed(hidden)}, which the estimate needs."


def _moved(known: Estimation, reference: Metric, window: Window) -> Iterator[str]:
    """Columns that drifted, of which estimates of parts were off in training, by as much as they drifted."""
    drifted = {one.column: one.effect for one in window.drift if one.drifted}
    for column, spread in (known.by_column or {}).items():
        if share_of(reference, 2 * spread * drifted.get(column, 0.0)) >= NOTABLE:
            name = metric_name(known.metric)
            yield f"{column} drifted, and in training {name} of its parts was off the estimate by {short(spread)}."


def _thinnest(reference: Profile, now: Profile) -> tuple[str, float]:
    """The column with the largest share of rows where the reference has hardly any, and that share."""
    known = [one for one in now if one.name in reference and one.name != "prediction" and not one.sensitive]
    shares = {one.name: _thin(reference[one.name], one) for one in known if one.count}
    name = max(shares, key=lambda each: shares[each], default="")
    return name, shares.get(name, 0.0)


def _thin(reference: ColumnProfile, now: ColumnProfile) -> float:
    """Share of a column's values at both ends of the reference, where that has hardly any row."""
    if reference.histogram is None or now.histogram is None or reference.count < 10 * THIN:
        return 0.0
    edges, counts = np.asarray(reference.histogram.edges), np.asarray(reference.histogram.counts)
    low = edges[np.argmax(counts.cumsum() >= THIN)]
    high = edges[len(counts) - np.argmax(counts[::-1].cumsum() >= THIN)]
    there, rows = np.asarray(now.histogram.edges), np.asarray(now.histogram.counts, dtype=float)
    outside = (there[1:] <= low) | (there[:-1] >= high)  # a part as a whole, for values lie anywhere in it
    return float(rows[outside].sum() / max(rows.sum(), 1.0))


def by_labels(known: Estimation, reference: Metric, tests: Sequence[Backtest]) -> tuple[Sides, float]:
    """What labels that came say of estimates, and by how much these were off beyond chance.

    Parameters
    ----------
    known : Estimation
        Of the bundle.
    reference : Metric
        The score that training gave.
    tests : sequence of Backtest
        Labelled rows, window by window, estimated without their labels.
    """
    if not tests:
        return Sides(), 0.0
    spread, p = beyond_chance(tests)
    if p >= SURELY or share_of(reference, 2 * spread) < NOTABLE:
        rows = sum(test.rows for test in tests)
        return Sides((), (f"Labels of {rows:,} rows agree with it.",)), spread if p < SURELY else 0.0
    worst = max(tests, key=lambda test: abs(test.off))
    where = "In the labelled rows" if len(tests) == 1 else f"In {len(tests)} windows whose labels came"
    so = (
        f"{where} {metric_name(known.metric)} was estimated otherwise than it came, {short(worst.expected)} where it "
        f"was {short(worst.came)}: what the columns mean for the target has changed."
    )
    return Sides((so,)), spread
