"""Windows whose signals belong together: of one kind and one direction, with a start, a peak and an end.

An incident is over when it has not been seen in :data:`COOL_DOWN` judged windows in a row, so what comes and goes is
one incident and not many. What is seen at the same time as something graver is told with that, not besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.metric import short
from workbench.core.report import Direction, Incident, Level, Signal, Window
from workbench.core.wording import listed
from workbench.monitoring.told_signals import signals_of

# Judged windows in a row without it, after which an incident is over.
COOL_DOWN = 3
# A cause is named by few columns.
MOST = 5
# By so much more than in good windows must a column have drifted to be called a cause.
BEYOND = 0.05
# Which of equally grave kinds is what the others are told with: what the model loses, before what may be behind it.
ORDER = ("score", "calibration", "residuals", "concept", "business", "group", "segment", "schema", "missing", "unit",
         "stuck", "swapped", "unreadable", "unseen", "range", "flags", "target", "prediction", "drift", "joint",
         "reasons")  # fmt: skip
# Kinds that say themselves what changed in the data.
DATA = ("missing", "unseen", "range", "unit", "stuck", "swapped", "schema", "unreadable", "flags", "prediction",
        "drift", "joint", "reasons")  # fmt: skip
LEVELS: tuple[Level, ...] = ("alarm", "warning")

Key = tuple[str, Direction]


@dataclass(frozen=True)
class _Run:
    """Windows of one kind and direction, by their places among the judged ones.

    Parameters
    ----------
    key : (str, str)
    places : tuple of int
    signals : tuple of Signal
        The gravest of the kind in each of them.
    whole : int
        The last place, also where a graver run holds it.
    last : str
        The level there.
    others : tuple of str
    """

    key: Key
    places: tuple[int, ...]
    signals: tuple[Signal, ...]
    whole: int
    last: str
    others: tuple[str, ...] = ()

    @property
    def severity(self) -> Level:
        return min((one.level for one in self.signals), key=LEVELS.index)

    @property
    def rank(self) -> tuple[int, int, int]:
        kind = self.key[0]
        return LEVELS.index(self.severity), ORDER.index(kind) if kind in ORDER else len(ORDER), self.places[0]

    def holds(self, place: int, level: str = "alarm") -> bool:
        """Whether a lesser signal there is told with it; while it may come back a warning is, and no alarm."""
        return self.places[0] <= place <= self.places[-1] + (COOL_DOWN - 1) * (level != "alarm")

    def meets(self, other: _Run) -> list[int]:
        """Places of another one that it holds."""
        pairs = zip(other.places, other.signals, strict=True)
        return [place for place, one in pairs if self.holds(place, one.level)]

    def only(self, places: Sequence[int]) -> _Run:
        kept = [(place, one) for place, one in zip(self.places, self.signals, strict=True) if place in places]
        return replace(self, places=tuple(p for p, _ in kept), signals=tuple(s for _, s in kept))


def incidents(windows: Sequence[Window], known: Iterable[Incident] = ()) -> tuple[Incident, ...]:
    """Group the signals of windows that are alarms or warnings, each with its cause.

    Windows without a status neither begin nor end one, and are not counted as quiet.

    Parameters
    ----------
    windows : sequence of Window
        In order of time.
    known : iterable of Incident
        Of the report before: what shares a window with one of the same kind and direction goes on under its id.

    Returns
    -------
    tuple of Incident
        In order of their starts.
    """
    judged = [w for w in windows if w.status != "unknown"]
    runs = _chosen(_runs([_grave(w) for w in judged]))
    made = [_incident(judged, run) for run in runs]
    ids = _ids(made, tuple(known))
    within = [_within(run, runs, ids) for run in runs]
    named = [
        replace(one, id=own, within=other, open=one.open and not other)
        for one, own, other in zip(made, ids, within, strict=True)
    ]
    order = {w.label: k for k, w in enumerate(judged)}
    return tuple(sorted(named, key=lambda one: (order[one.start], order[one.end], one.kind, one.direction)))


def _grave(window: Window) -> dict[Key, Signal]:
    """The gravest signal of each kind and direction that is more than small."""
    found: dict[Key, Signal] = {}
    for one in signals_of(window):
        if one.level in LEVELS:
            key = one.kind, one.direction
            found[key] = min(found.get(key, one), one, key=_level)
    return found


def _level(one: Signal) -> int:
    return LEVELS.index(one.level)


def _runs(seen: Sequence[Mapping[Key, Signal]]) -> Iterator[_Run]:
    for key in dict.fromkeys(key for found in seen for key in found):
        places = [k for k, found in enumerate(seen) if key in found]
        starts = [k for k in range(len(places)) if k == 0 or places[k] - places[k - 1] > COOL_DOWN]
        for start, end in zip(starts, [*starts[1:], len(places)], strict=True):
            part = tuple(places[start:end])
            yield _Run(key, part, tuple(seen[place][key] for place in part), part[-1], seen[part[-1]][key].level)


def _chosen(runs: Iterable[_Run]) -> list[_Run]:
    """Runs of which each has windows of its own: those that a graver one of another kind holds are told with it."""
    chosen: list[_Run] = []
    for run in sorted(runs, key=lambda run: run.rank):
        held: set[int] = set()
        for k, other in enumerate(chosen):
            if other.key[0] != run.key[0] and (met := other.meets(run)):
                held.update(met)
                chosen[k] = replace(other, others=tuple(dict.fromkeys([*other.others, run.key[0]])))
        if left := [place for place in run.places if place not in held]:
            chosen.append(run.only(left))
    return chosen


def _within(run: _Run, runs: Sequence[_Run], ids: Sequence[str]) -> str:
    """The id of what holds the window in which it goes on."""
    if run.places[-1] == run.whole:
        return ""
    others = zip(runs, ids, strict=True)
    return next(own for one, own in others if one.key[0] != run.key[0] and one.holds(run.whole, run.last))


def _incident(judged: Sequence[Window], run: _Run) -> Incident:
    within = [judged[place] for place in run.places]
    peak = within[_peak(within, run)]
    good = [
        w
        for k, w in enumerate(judged)
        if w.performance and w.status != "alarm" and not run.places[0] <= k <= run.places[-1]
    ]
    quiet = len(judged) - 1 - run.places[-1]
    one = Incident(
        start=within[0].label,
        end=within[-1].label,
        cause="",
        columns=_columns(within, good),
        open=quiet < COOL_DOWN,
        kind=run.key[0],
        direction=run.key[1],
        peak=peak.label,
        severity=run.severity,
        windows=tuple(w.label for w in within),
        quiet=quiet,
        others=run.others,
    )
    return replace(one, cause=_cause(one, peak, bool(good)))


def _ids(made: Sequence[Incident], known: tuple[Incident, ...]) -> list[str]:
    """Those that go on keep their id; a new one has it of kind, direction and first window."""
    taken: set[str] = set()
    ids = []
    for one in made:
        before = [k.id for k in known if k.id not in taken and _goes_on(k, one)]
        ids.append(before[0] if before else _free(one, taken | {k.id for k in known}))
        taken.add(ids[-1])
    return ids


def _goes_on(before: Incident, now: Incident) -> bool:
    return (before.kind, before.direction) == (now.kind, now.direction) and bool(set(before.windows) & set(now.windows))


def _free(one: Incident, taken: set[str]) -> str:
    text = f"{one.kind}/{one.direction}/{one.start}"
    names = (hashlib.sha256(f"{text}{'/' * k}".encode("utf-8", "surrogatepass")).hexdigest()[:8] for k in range(9999))
    return next(name for name in names if name not in taken)


def _peak(within: Sequence[Window], run: _Run) -> int:
    """Where the score lost most, the effect was largest, or predictions and outcomes were furthest apart."""
    gravest = [k for k, one in enumerate(run.signals) if one.level == run.severity]
    return max(gravest, key=lambda k: (_size(within[k], run.signals[k]), -k))


def _size(window: Window, signal: Signal) -> float:
    if signal.kind == "score" and window.performance:
        score = window.performance[0]
        return -score.value if score.larger_is_better else score.value
    if signal.effect is not None:
        return abs(signal.effect)
    if window.prediction_mean is None or window.target_mean is None:
        return -1.0
    return abs(window.prediction_mean - window.target_mean)


def _columns(bad: Sequence[Window], good: Sequence[Window]) -> tuple[str, ...]:
    """Columns that drifted, strongest first by how much more than in the good windows, where nothing was lost."""
    usual: dict[str, list[float]] = {}
    for window in good:
        for drift in window.drift:
            usual.setdefault(drift.column, []).append(drift.effect)
    worst: dict[str, float] = {}
    for window in bad:
        for drift in window.drift:
            if drift.important and drift.column != "prediction":
                beyond = drift.effect - (median(usual[drift.column]) if drift.column in usual else 0.0)
                worst[drift.column] = max(worst.get(drift.column, 0.0), beyond)
    named = sorted((c for c, beyond in worst.items() if beyond >= BEYOND), key=lambda c: (-worst[c], c))
    return tuple(named[:MOST])


def sentence(one: Incident, peak: Window) -> str:
    """What was seen where it was worst."""
    where = f" That was in {one.peak}, the worst of {len(one.windows)}." if len(one.windows) > 1 else ""
    return _grave(peak)[one.kind, one.direction].text + where


def _cause(one: Incident, worst: Window, good: bool) -> str:
    if one.kind in DATA or not worst.performance:
        return sentence(one, worst)
    if one.columns:
        named = ", ".join(one.columns[:3])
        return f"{sentence(one, worst)} {named} drifted {'further than in good windows' if good else 'most'}."
    otherwise = (
        _otherwise(worst) or " No column drifted beyond the usual: what the columns mean for the target changed."
    )
    return sentence(one, worst) + otherwise


def _otherwise(window: Window) -> str:
    """What only the reasons see: columns that did not drift, and yet add otherwise."""
    changed = [one for one in window.explained if one.important][:3]
    if not changed:
        return ""
    return f" No column drifted beyond the usual, but they go together otherwise: {_weigh(changed)}."


def _weigh(changed: Sequence[ReasonDifference]) -> str:
    return listed(
        [f"{one.column} weighs {short(one.importance[1])}, {short(one.importance[0])} before" for one in changed]
    )
