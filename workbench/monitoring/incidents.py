"""Windows whose signals belong together: of one kind and one direction, with a start, a peak and an end.

An incident is over when it has not been seen in :data:`COOL_DOWN` judged windows in a row, so what comes and goes is
one incident and not many. What is seen at the same time as something graver is told with that, not besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.incident import KINDS, SCORED, SERVED, kin
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
# Kinds that say themselves what changed in the data.
DATA = KINDS[KINDS.index("schema") :]
LEVELS: tuple[Level, ...] = ("alarm", "warning")

# Where each column has gone, or with an empty name the model as a whole.
Ways = Mapping[str, Direction]


@dataclass(frozen=True)
class _Part:
    """Signals of one kind in one window of which none contradicts another; the gravest stands for them."""

    signal: Signal
    ways: Ways
    columns: tuple[str, ...] = ()

    def joined(self, one: Signal, ways: Ways) -> _Part:
        return replace(self, ways={**self.ways, **_known(ways)}, columns=(*self.columns, *one.columns))


@dataclass(frozen=True)
class _Run:
    """Windows of one kind in which no column goes the other way, by their places among the judged ones.

    Parameters
    ----------
    kind : str
    places : tuple of int
    parts : tuple of _Part
        One a window.
    ways : mapping of str to str
        Of all of them.
    whole : int
        The last place, also where a graver run holds it.
    last : str
        The level there.
    others : tuple of str
    """

    kind: str
    places: tuple[int, ...]
    parts: tuple[_Part, ...]
    ways: Ways
    whole: int
    last: Level
    others: tuple[str, ...] = ()

    @property
    def severity(self) -> Level:
        return min((part.signal.level for part in self.parts), key=LEVELS.index)

    @property
    def direction(self) -> Direction:
        """Where all of it has gone; nothing where that differs, or errors stand beside scores."""
        ways = {(part.signal.direction if part.signal.kind == self.kind else "") for part in self.parts}
        return ways.pop() if len(ways) == 1 else ""

    @property
    def rank(self) -> tuple[int, int, int]:
        order = KINDS.index(self.kind) if self.kind in KINDS else len(KINDS)
        return LEVELS.index(self.severity), order, self.places[0]

    def may_hold(self, other: _Run) -> bool:
        """Whether the other one may be told with it: what the service does and what the model does are two matters."""
        return other.kind != self.kind and (other.kind in SERVED) == (self.kind in SERVED)

    def holds(self, place: int, level: str = "alarm") -> bool:
        """Whether a lesser signal there is told with it; while it may come back a warning is, and no alarm."""
        return self.places[0] <= place <= self.places[-1] + (COOL_DOWN - 1) * (level != "alarm")

    def meets(self, other: _Run) -> list[int]:
        """Places of another one that it holds."""
        pairs = zip(other.places, other.parts, strict=True)
        return [place for place, part in pairs if self.holds(place, part.signal.level)]

    def takes(self, place: int, part: _Part) -> bool:
        """Whether a window's signals go on with it."""
        return 0 < place - self.places[-1] <= COOL_DOWN and not _contradict(self.ways, part.ways)

    def with_part(self, place: int, part: _Part) -> _Run:
        level, ways = part.signal.level, {**self.ways, **_known(part.ways)}
        places, parts = (*self.places, place), (*self.parts, part)
        return replace(self, places=places, parts=parts, ways=ways, whole=place, last=level)

    def only(self, places: Sequence[int]) -> _Run:
        kept = [(place, one) for place, one in zip(self.places, self.parts, strict=True) if place in places]
        return replace(self, places=tuple(p for p, _ in kept), parts=tuple(s for _, s in kept))


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
    runs = _chosen(_runs(judged))
    made = [_incident(judged, run) for run in runs]
    ids = _ids(made, tuple(known))
    within = [_within(run, runs, ids) for run in runs]
    named = [
        replace(one, id=own, within=other, open=one.open and not other)
        for one, own, other in zip(made, ids, within, strict=True)
    ]
    order = {w.label: k for k, w in enumerate(judged)}
    return tuple(sorted(named, key=lambda one: (order[one.start], order[one.end], one.kind, one.direction)))


def _parts(window: Window) -> dict[str, list[_Part]]:
    """The signals that are more than small by their kinds, those that contradict each other apart."""
    found: dict[str, list[_Part]] = {}
    for one in _grave(window):
        loss = one.kind in SCORED  # a score falls where errors rise
        ways: Ways = {} if loss else dict.fromkeys(one.columns or ("",), one.direction)
        parts = found.setdefault(kin(one.kind), [])
        k = next((k for k, part in enumerate(parts) if not _contradict(part.ways, ways)), len(parts))
        parts[k : k + 1] = [(parts[k] if k < len(parts) else _Part(one, {})).joined(one, ways)]
    return found


def _grave(window: Window) -> list[Signal]:
    """The gravest first, and of equal ones that with the largest effect."""
    grave = [one for one in signals_of(window) if one.level in LEVELS]
    return sorted(grave, key=lambda one: (LEVELS.index(one.level), -abs(one.effect or 0.0)))


def _known(ways: Ways) -> Ways:
    """Without those of which no direction is known."""
    return {column: way for column, way in ways.items() if way}


def _contradict(one: Ways, other: Ways) -> bool:
    """Whether a column has gone up here and down there."""
    return any(way and other.get(column, way) not in (way, "") for column, way in one.items())


def _runs(judged: Sequence[Window]) -> list[_Run]:
    runs: list[_Run] = []
    for place, window in enumerate(judged):
        for kind, parts in _parts(window).items():
            for part in parts:
                k = next((k for k in _newest(runs, kind) if runs[k].takes(place, part)), len(runs))
                first = _Run(kind, (place,), (part,), part.ways, place, part.signal.level)
                runs[k : k + 1] = [runs[k].with_part(place, part) if k < len(runs) else first]
    return runs


def _newest(runs: Sequence[_Run], kind: str) -> list[int]:
    return [k for k in range(len(runs) - 1, -1, -1) if runs[k].kind == kind]


def _chosen(runs: Iterable[_Run]) -> list[_Run]:
    """Runs of which each has windows of its own: those that a graver one of another kind holds are told with it."""
    chosen: list[_Run] = []
    for run in sorted(runs, key=lambda run: run.rank):
        held: set[int] = set()
        for k, other in enumerate(chosen):
            if other.may_hold(run) and (met := other.meets(run)):
                held.update(met)
                chosen[k] = replace(other, others=tuple(dict.fromkeys([*other.others, run.kind])))
        if left := [place for place in run.places if place not in held]:
            chosen.append(run.only(left))
    return chosen


def _within(run: _Run, runs: Sequence[_Run], ids: Sequence[str]) -> str:
    """The id of what holds the window in which it goes on."""
    if run.places[-1] == run.whole:
        return ""
    others = zip(runs, ids, strict=True)
    return next(own for one, own in others if one.may_hold(run) and one.holds(run.whole, run.last))


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
        columns=_columns_of(run, within, good),
        open=quiet < COOL_DOWN,
        kind=run.kind,
        direction=run.direction,
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
        before = [k.id for k in _nearest(known, one) if k.id not in taken and _goes_on(k, one)]
        ids.append(before[0] if before else _free(one, taken | {k.id for k in known}))
        taken.add(ids[-1])
    return ids


def _nearest(known: Iterable[Incident], one: Incident) -> list[Incident]:
    """Those of the same direction first."""
    return sorted(known, key=lambda before: before.direction != one.direction)


def _goes_on(before: Incident, now: Incident) -> bool:
    same = kin(before.kind) == now.kind and (
        before.direction == now.direction or "" in (before.direction, now.direction)
    )
    return same and bool(set(before.windows) & set(now.windows))


def _free(one: Incident, taken: set[str]) -> str:
    text = f"{one.kind}/{one.direction}/{one.start}"
    names = (hashlib.sha256(f"{text}{'/' * k}".encode("utf-8", "surrogatepass")).hexdigest()[:8] for k in range(9999))
    return next(name for name in names if name not in taken)


def _peak(within: Sequence[Window], run: _Run) -> int:
    """Where the score lost most, the effect was largest, or predictions and outcomes were furthest apart."""
    gravest = [k for k, part in enumerate(run.parts) if part.signal.level == run.severity]
    return max(gravest, key=lambda k: (_size(within[k], run.parts[k].signal), -k))


def _size(window: Window, signal: Signal) -> float:
    if signal.kind in SCORED and window.performance:
        score = window.performance[0]
        return -score.value if score.larger_is_better else score.value
    if signal.effect is not None:
        return abs(signal.effect)
    if window.prediction_mean is None or window.target_mean is None:
        return -1.0
    return abs(window.prediction_mean - window.target_mean)


def _columns_of(run: _Run, within: Sequence[Window], good: Sequence[Window]) -> tuple[str, ...]:
    """Of what says itself which columns changed those, the gravest first; else those that drifted."""
    if run.kind in SERVED:
        return ()
    told = [column for part in run.parts[::-1] for column in part.columns] if run.kind in DATA else []
    return tuple(dict.fromkeys(column for column in [*told, *_columns(within, good)] if column != "prediction"))[:MOST]


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
    own = [signal for signal in _grave(peak) if kin(signal.kind) == one.kind]
    same = [signal for signal in own if signal.direction == one.direction] or own
    where = f" That was in {one.peak}, the worst of {len(one.windows)}." if len(one.windows) > 1 else ""
    return same[0].text + where


def _cause(one: Incident, worst: Window, good: bool) -> str:
    if one.kind in (*DATA, *SERVED) or not worst.performance:
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
