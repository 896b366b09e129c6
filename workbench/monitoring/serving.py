"""How the service answered, window by window: failures, requests refused, time, CPU and memory.

Training tells nothing of these, so a window is compared with the ones before it. Of failures that is not needed: one
request in a thousand is what people put up with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.core.load import Load, Served
from workbench.core.metric import short
from workbench.core.normal import above
from workbench.core.report import Signal, Window
from workbench.monitoring.budget import Family, Suspicion, spend
from workbench.monitoring.levels import level_of, with_signals
from workbench.monitoring.window_order import bare_name
from workbench.monitoring.windows import Seen
from workbench.scoring.log import PredictionLog

# What the service has of the false-alarm rate.
PART = 0.1
# Requests below which a window tells nothing, windows that are compared with, and those that there must be.
FEWEST, MOST_BEFORE, FEWEST_BEFORE = 30, 24, 5
# Share of requests that may fail.
TOLERATED = 0.001
# Windows that happen to be alike are taken to differ by so much: a sketch of times is no surer.
LEAST_SPREAD = 0.05


@dataclass(frozen=True)
class Amount:
    """Something that should not grow.

    Parameters
    ----------
    kind : str
        Of its signals.
    field : str
        Of :class:`workbench.core.load.Served`.
    text : str
        A sentence, with places for what it is now, what it was, and how many times as much.
    """

    kind: str
    field: str
    text: str


AMOUNTS = (
    Amount("latency", "p95", "95% of the requests were answered within {now} ms, {before} ms before: {times} times."),
    Amount("cpu", "cpu", "A row took {now} ms of CPU, {before} ms before: {times} times."),
    Amount("memory", "memory", "The service held {now} MB, {before} MB before: {times} times."),
)


def load_of(seen: Seen, log: PredictionLog) -> Load | None:
    """What the service bore while it answered a window; None of batches, and where nothing is known."""
    if seen.source != "service":
        return None
    stretch = bare_name(seen.label)
    return log.borne(stretch, stretch + "~").get(seen.version)


def usual(before: Iterable[Window]) -> list[Served]:
    """How the newest of some windows were served that tell enough to be compared with."""
    known = [one.served for one in before if one.served is not None and one.served.requests >= FEWEST]
    return known[-MOST_BEFORE:]


def with_serving(window: Window, load: Load | None, before: Sequence[Served], rate: float) -> Window:
    """The window with how it was served, and what that says.

    Parameters
    ----------
    window : Window
        As it was judged.
    load : Load, optional
        What the service bore.
    before : sequence of Served
        Of the windows before it, as :func:`usual` has them.
    rate : float
        Share of windows without any change that may still be told of.
    """
    if load is None:
        return window
    window = replace(window, served=Served.of(load))
    if load.requests < FEWEST:
        return window
    found = [*_failed(load), *_refused(load, before), *_grown(load, before)]
    _, told = spend([(1.0, Family(tuple(found), len(found)))], rate)
    signals = [
        Signal(one.kind, level_of(one.kind, one.effect), one.text, (), one.direction, one.effect, one.p_value)
        for one in sorted(told, key=lambda one: one.p_value)
    ]
    return with_signals(window, signals)


def _failed(load: Load) -> Iterator[Suspicion]:
    """More than is tolerated, by the binomial distribution."""
    from scipy.special import bdtrc

    p_value = float(bdtrc(load.failed - 1, load.requests, TOLERATED)) if load.failed else 1.0
    share = load.failed / load.requests
    text = f"{load.failed:,} of {load.requests:,} requests failed: {share:.1%}."
    yield Suspicion("failures", text, p_value, share, (), "up")


def _refused(load: Load, behind: Sequence[Served]) -> Iterator[Suspicion]:
    """More than before, windows differing by more than chance does.

    References
    ----------
    McCullagh, Nelder (1989), Generalized linear models, section 4.5 (the binomial with a dispersion of its own).
    """
    if len(behind) < FEWEST_BEFORE:
        return
    requests, refused = (np.asarray([getattr(one, name) for one in behind], float) for name in ("requests", "refused"))
    before = (refused.sum() + 0.5) / (requests.sum() + 1)
    variance = before * (1 - before)
    off = (refused - before * requests) ** 2 / (requests * variance)
    dispersion = max(float(off.sum()) / (len(behind) - 1), 1.0)
    share = load.refused / load.requests
    error = math.sqrt(dispersion * variance * (1 / load.requests + 1 / requests.sum()))
    text = f"{share:.1%} of the requests were refused, for their rows break the contract; {before:.1%} before."
    yield Suspicion("refused", text, above((share - before) / error), max(share - before, 0.0), (), "up")


def _grown(load: Load, behind: Sequence[Served]) -> Iterator[Suspicion]:
    """What lies further above the windows before than these lie from each other: Student's prediction interval."""
    from scipy.special import stdtr

    now = Served.of(load)
    for one in AMOUNTS:
        known = [value for served in behind if (value := getattr(served, one.field))]
        value = getattr(now, one.field)
        if not value or len(known) < FEWEST_BEFORE:
            continue
        logs = np.log(known)
        spread = max(float(logs.std(ddof=1)), LEAST_SPREAD) * math.sqrt(1 + 1 / len(logs))
        rise = math.log(value) - float(logs.mean())
        error = math.hypot(spread, _own_error(load) if one.kind == "latency" else 0.0)
        p_value = float(stdtr(len(logs) - 1, -rise / error))
        before = math.exp(float(logs.mean()))
        text = one.text.format(now=short(value), before=short(before), times=short(math.exp(rise)))
        yield Suspicion(one.kind, text, p_value, max(rise, 0.0), (), "up")


def _own_error(load: Load) -> float:
    """How far, in logarithms, the 95% point of so few requests is off: by the order of the times, one sigma."""
    at = math.sqrt(0.95 * 0.05 / max(load.requests, 1))
    low, middle = load.milliseconds(0.95 - at), load.milliseconds(0.95)
    return math.log(middle / low) if low and middle else 0.0
