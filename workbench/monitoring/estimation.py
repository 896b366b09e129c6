"""Scores of windows without labels: what is to be expected of their predictions, and whether that can be trusted.

Classes are estimated by how often such predictions came true in training (CBPE), numbers by a model of the loss (DLE).
Both take for granted that what the columns mean for the target has not changed. Whether that holds is asked of what can
be seen: how well it held in stretches of the training, whether the rows are like those it saw, and of labels that came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.estimation import FILE, LOSSES, Estimation
from workbench.core.finding import Finding
from workbench.core.literals import Code, python
from workbench.core.metric import Metric, metric_name, short
from workbench.core.report import Estimate, Signal, Window
from workbench.monitoring.estimates import PREFIX, Asked, Learnt, Told, deciding, of_classes, of_numbers
from workbench.monitoring.losses import FEWEST, expected, loss_of
from workbench.monitoring.trust import without_labels
from workbench.monitoring.windows import Seen
from workbench.tables.compiled import CompiledModel

# Share of the false-alarm rate.
PART = 0.1
# Windows before whose labels count.
MOST_BEFORE = 24
WITHOUT = "Scores of windows without labels are not estimated"
AGAIN = "wb.package(wb.train(data), name=$name)"


def part_of_rate(bundle: Bundle) -> float:
    """What share of the false-alarm rate the estimate has."""
    return PART if FILE in bundle.files else 0.0


def estimation_of(bundle: Bundle) -> Estimation | None:
    """What the bundle knows of scores without labels; None in bundles of older versions, and of too few rows."""
    return Estimation.load(bundle.path / FILE) if FILE in bundle.files else None


def expected_losses(bundle: Bundle, features: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, Any]:
    """Columns for a window's predictions: what each row's loss is expected to be; none of classes.

    Parameters
    ----------
    bundle : Bundle
        That answered.
    features : pandas.DataFrame, shape (rows, features)
        Typed as the contract says.
    predictions : pandas.DataFrame
        With a column ``prediction``.
    """
    found = {}
    for name in sorted(name for name in bundle.files if name.startswith(f"{LOSSES}/")):
        model = CompiledModel.load(bundle.path / name)
        said = model.features[-1]
        values = model.predict(features.assign(**{said: predictions["prediction"].to_numpy(dtype=float)}))
        found[PREFIX + name.removeprefix(f"{LOSSES}/").removesuffix(".npz")] = np.maximum(values, 0.0)
    return found


class Estimating:
    """Estimates the windows of a bundle's name, one after the other.

    Parameters
    ----------
    seen : sequence of Seen
        All windows, in order.
    labels_of : callable
        True labels by id, as far as they are known, at least those of a window's rows.
    bundle_of : callable
        The bundle of a version.
    """

    def __init__(
        self, seen: Sequence[Seen], labels_of: Callable[[Seen], Mapping[str, Any]], bundle_of: Callable[[int], Bundle]
    ) -> None:
        self._seen, self._labels_of, self._bundle_of = list(seen), labels_of, bundle_of
        self._known, self._told = cache(self._read_known), lru_cache(2)(self._read)
        self._learnt: dict[str, Learnt] = {}  # after the labels of a window

    def added(self, seen: Seen, window: Window, rate: float) -> Window:
        """The window with its estimates, and where it has no score, with a warning if a trusted one fell.

        Parameters
        ----------
        seen : Seen
            It, as it was scored.
        window : Window
            It, as it was judged.
        rate : float
            Share of windows without any change that may still be warned of.
        """
        bundle = self._bundle_of(seen.version)
        known = self._known(seen.version)
        if known is None or seen.rows < FEWEST:
            return window
        estimates = self._estimates(seen, window, bundle, known)
        signals = () if window.performance else tuple(fallen(estimates, expected(bundle), rate))
        texts = tuple(one.text for one in signals)
        status = "warning" if signals and window.status == "ok" else window.status
        return replace(
            window, estimates=estimates, status=status, signals=(*window.signals, *signals),
            reasons=(*texts, *window.reasons),
        )  # fmt: skip

    def _read_known(self, version: int) -> Estimation | None:
        return estimation_of(self._bundle_of(version))

    def _read(self, place: int) -> Told:
        seen = self._seen[place]
        return Told.of(seen, self._bundle_of(seen.version), self._labels_of(seen))

    def _estimates(self, seen: Seen, window: Window, bundle: Bundle, known: Estimation) -> tuple[Estimate, ...]:
        place = next(k for k, one in enumerate(self._seen) if one.label == seen.label)
        before = self._before(place, bundle, known)
        asked = Asked(known, bundle, self._told(place), before, without_labels(known, bundle, seen, window))
        return tuple(of_classes(asked) if bundle.classes else of_numbers(asked))

    def _before(self, place: int, bundle: Bundle, known: Estimation) -> Learnt:
        """What labels of the windows before told, of those that the same version answered; of the latest ones anew."""
        same = [k for k in range(place) if self._seen[k].version == bundle.version and self._seen[k].rows >= FEWEST]
        found, rest = Learnt.begun(known), same[-MOST_BEFORE:]
        for position in range(len(rest) - 1, -1, -1):
            if self._seen[rest[position]].label in self._learnt:
                found, rest = self._learnt[self._seen[rest[position]].label], rest[position + 1 :]
                break
        for k in rest:
            told, draw = self._told(k), np.random.default_rng(self._seen[k].rows)
            found = found.gone_on().recalibrated(known, told)
            found = found.compared(known, told, deciding(known, bundle), draw)
            self._learnt[self._seen[k].label] = found
        return found


def fallen(estimates: Sequence[Estimate], reference: Metric, rate: float) -> Iterator[Signal]:
    """That the deciding score fell, where its estimate can be trusted: beyond chance, and by enough to matter.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of a window, the deciding one first.
    reference : Metric
        What is compared with.
    rate : float
        Share of windows without any change that may still be told of.
    """
    first = next(iter(estimates), None)
    if first is None or not first.trusted or first.name != reference.name:
        return
    now = Metric(first.name, first.value, first.low, first.high, first.level, larger=reference.larger)
    loss = loss_of(reference, now, rate)
    if loss.notable:
        text = (
            f"{metric_name(now.name)} is estimated at {short(now.value)}, {short(reference.value)} in training, by the "
            f"predictions alone: {loss.share:.0%} of what the model is worth. Labels would tell for sure."
        )
        yield Signal("estimate", "warning", text, (), "down" if reference.larger_is_better else "up", loss.amount)


def estimate_findings(bundle: Bundle, judged: Sequence[Window]) -> Iterator[Finding]:
    """Why windows that have no label have no estimate either.

    Parameters
    ----------
    bundle : Bundle
        The champion.
    judged : sequence of Window
    """
    bare = [one.label for one in judged if not (one.performance or one.estimates) and one.rows >= FEWEST]
    if bare:
        yield Finding("WB247", "info", f"{WITHOUT}: {_why_not(bundle)}", None, _cure(bundle), {"windows": bare})


def _why_not(bundle: Bundle) -> str:
    if estimation_of(bundle) is not None:
        return "their rows were scored by an older Workbench, or by a version that has been removed since."
    return (
        f"version {bundle.version} tells nothing of them. It was packaged by an older Workbench, or too few rows "
        "were validated when it was trained."
    )


def _cure(bundle: Bundle) -> Code | Literal[""]:
    return python(AGAIN, name=bundle.name) if estimation_of(bundle) is None else ""


def told_of(judged: Sequence[Window]) -> str:
    """What can be told of windows without a label, in a sentence.

    >>> told_of([])
    'Only their drift can be told.'
    """
    guessed = [one.estimates[0] for one in judged if not one.labelled and one.estimates]
    if not guessed:
        return "Only their drift can be told."
    sure = [one for one in guessed if one.trusted]
    if not sure:
        return f"Their drift can be told; their score is estimated, and not to be trusted: {guessed[-1].why[0]}"
    last = sure[-1]
    return f"Their score is estimated, {metric_name(last.name)} {short(last.value)} of the latest that can be trusted."
