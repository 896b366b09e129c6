"""The status of one window, with its reasons in plain words: what the rules saw, within one budget of false alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.report import ColumnDrift, Signal, Status, Window
from workbench.core.running_sum import watch
from workbench.monitoring.budget import Family, Suspicion, part_of, spend
from workbench.monitoring.evidence import FEWEST, Evidence
from workbench.monitoring.levels import MOVES, level_of
from workbench.monitoring.losses import (
    Held,
    expected,
    held,
)
from workbench.monitoring.reason_windows import changed_reasons, told_reasons
from workbench.monitoring.rules import RULES, Rule
from workbench.monitoring.rules.columns import drifts
from workbench.monitoring.rules.followed import groups_of
from workbench.monitoring.rules.outcomes import errors_seen
from workbench.monitoring.rules.quality import flag_rate, flagged_ones
from workbench.monitoring.windows import Seen
from workbench.settings import Settings, settings

# Of the rules: a window that was judged by others is judged anew. Raise it with every change of what a window's report
# says.
VERSION = 3
# Signals of a window that a report keeps, the gravest first.
KEPT = 40
LEVELS = ("alarm", "warning", "small")
# In which order kinds come within a level: what it costs before what may have done it.
ORDER = (
    "score", "calibration", "concept", "errors", "schema", "swap", "unit", "missing", "unreadable", "group", "flags",
    "category", "range", "stuck", "target", "drift", "prediction", "spread", "joint", "reasons",
)  # fmt: skip
# What changed a column as a whole, and what follows from that.
CAUSES = ("schema", "swap", "unit", "stuck")
FOLLOW = ("drift", "spread", "range", "category", "joint")
# Kinds of which many columns are told in one sentence.
TOGETHER = ("drift", "prediction")
OPEN = "no label says yet whether it costs anything"


@dataclass(frozen=True)
class Looked:
    """What the rules found in a window, before and after the budget.

    Parameters
    ----------
    parts : dict of str to float
        What of the rate each rule had, by its name.
    told : list of Suspicion
        What is beyond chance.
    """

    parts: Mapping[str, float] = field(default_factory=dict)
    told: Sequence[Suspicion] = ()


def judge(
    seen: Seen, bundle: Bundle, labels: dict[str, Any], rate: float, force: Settings | None = None,
    before: Window | None = None,
) -> Window:  # fmt: skip
    """Measure one window against the model that answered it.

    Parameters
    ----------
    seen : Seen
    bundle : Bundle
        That answered it.
    labels : dict of str to object
        True labels by id, as far as they are known.
    rate : float
        Chance that anything is told of a window in which nothing changed, in (0, 1): all rules share it
        (:mod:`workbench.monitoring.budget`).
    force : Settings, optional
    before : Window, optional
        The window before it, if the same version answered: running sums over rows go on from there.
    """
    usable = before if before is not None and before.version == seen.version else None
    e = Evidence(seen, bundle, labels, force or settings(), usable)
    rules = [rule for rule in RULES if seen.rows >= FEWEST and rule.applies(e)]
    looked = _looked(e, rules, rate)
    score = held(e) if e.performance else None
    lost = _lost(looked)
    signals = tuple(sorted(_once([_signal(one, score, lost) for one in looked.told]), key=_gravest))
    drift = _marked(drifts(e, looked.parts.get("drift", rate / 4)), signals) if seen.rows >= FEWEST else ()
    explained = changed_reasons(bundle, e.reasons, looked.parts["reasons"]) if "reasons" in looked.parts else ()
    return Window(
        seen.label,
        seen.rows,
        len(e.truth),
        seen.flagged,
        drift,
        e.performance,
        e.profile["prediction"].mean,
        _target_mean(bundle, e.truth),
        _status(seen, signals),
        _reasons(seen, signals, explained, score, lost),
        expected(bundle),
        seen.version,
        groups_of(e, looked.parts.get("groups", rate / 4)),
        explained,
        signals[:KEPT],
        carried=_carried(e),
    )


def _looked(e: Evidence, rules: Sequence[Rule], rate: float) -> Looked:
    weights = [rule.weight for rule in rules]
    found: list[Family] = [rule.look(e, part_of(rule.weight, weights, rate)) for rule in rules]
    parts, told = spend(list(zip(weights, found, strict=True)), rate)
    # Who decides by itself did so at its own part.
    own = {r.name: part_of(r.weight, weights, rate) for r, f in zip(rules, found, strict=True) if f.decided}
    return Looked({rule.name: part for rule, part in zip(rules, parts, strict=True)} | own, told)


def _lost(looked: Looked) -> Suspicion | None:
    """The loss of the score, if there is one beyond chance."""
    return next((one for one in looked.told if one.kind == "score"), None)


def _signal(one: Suspicion, score: Held | None, lost: Suspicion | None) -> Signal:
    """With its level: what says that inputs moved is small where labels say that it costs nothing that matters."""
    level = level_of(one.scale or one.kind, one.effect)
    if one.kind in MOVES and level != "small" and score is not None and score.no_worse and _little(lost):
        level = "small"
    return Signal(one.kind, level, one.text, one.columns, one.direction, one.effect, one.p_value)


def _little(lost: Suspicion | None) -> bool:
    return lost is None or level_of("score", lost.effect) == "small"


def _once(signals: Sequence[Signal]) -> Iterator[Signal]:
    """Without what follows from another signal: drift of a column that has another unit, flags of its rows."""
    named = {c for one in signals if one.kind in CAUSES for c in one.columns}
    flagged = [one for one in signals if one.kind == "flags"]
    known = [one for one in signals if one.kind in (*CAUSES, "category", "range", "unreadable")]
    strongest = max(flagged, key=lambda one: (-LEVELS.index(one.level), bool(one.columns)), default=None)
    for one in signals:
        follows = one.kind in FOLLOW and bool(set(one.columns) & named)
        told = one.kind == "flags" and (
            one is not strongest or any(LEVELS.index(k.level) <= LEVELS.index(one.level) for k in known)
        )
        if not follows and not told:
            yield one


def _gravest(one: Signal) -> tuple[int, int, float, float]:
    return LEVELS.index(one.level), ORDER.index(one.kind), -(one.effect or 0.0), one.p_value or 0.0


def _marked(drift: Sequence[ColumnDrift], signals: Sequence[Signal]) -> tuple[ColumnDrift, ...]:
    """Drift as the budget and the scales have it: significant where a signal names the column, important likewise."""
    named = {c for one in signals for c in one.columns if one.kind not in ("group", "reasons", "joint", "flags")}
    strong = {c for one in signals if _matters(one) for c in one.columns if c in named}
    marked = [replace(d, drifted=d.column in named, important=d.column in strong) for d in drift]
    return tuple(sorted(marked, key=lambda d: (-d.drifted, -d.effect, d.p_value, d.column)))


def _matters(one: Signal) -> bool:
    """Whether its effect is beyond its scale, whatever labels say of the cost."""
    return one.level != "small" or (one.kind in MOVES and level_of(one.kind, one.effect or 0.0) != "small")


def _status(seen: Seen, signals: Sequence[Signal]) -> Status:
    if seen.rows < FEWEST:
        return "unknown"
    levels = {one.level for one in signals}
    return "alarm" if "alarm" in levels else "warning" if "warning" in levels else "ok"


def _reasons(
    seen: Seen, signals: Sequence[Signal], explained: Sequence[ReasonDifference], score: Held | None,
    lost: Suspicion | None,
) -> tuple[str, ...]:  # fmt: skip
    """The sentences of what matters, the gravest first; then what the score says, where there is one."""
    if seen.rows < FEWEST:
        return (f"{seen.rows} rows are too few to judge; {FEWEST} are needed.",)
    strong = [one for one in signals if _matters(one)]
    and_so = _and_so(score, lost, signals)
    alone = [one for one in strong if one.kind not in (*TOGETHER, "reasons")]
    moved = [one for one in strong if one.kind in TOGETHER]
    told_moved = _moved(moved, and_so)
    told = told_reasons(explained, and_so) if any(one.kind == "reasons" for one in strong) else ()
    alarmed = [one.text for one in alone if one.level == "alarm"]
    rest = [one.text for one in alone if one.level != "alarm" and one.kind not in MOVES]
    inputs = [one.text for one in alone if one.level != "alarm" and one.kind in MOVES]
    verdict = (f"{score.text}.",) if score and lost is None and not (told_moved or told) else ()
    return tuple(dict.fromkeys((*alarmed, *rest, *told_moved, *told, *inputs, *verdict)))


def _and_so(score: Held | None, lost: Suspicion | None, signals: Sequence[Signal]) -> str:
    """What it means for the score, as the end of a sentence."""
    if any(one.level == "alarm" and one.kind in ("score", "calibration", "concept", "errors") for one in signals):
        return "that may have to do with it"
    if score is None:
        return OPEN
    if lost is None:
        return score.text
    return "the score lost too little to matter" if _little(lost) else "the score fell"


def _moved(drift: Sequence[Signal], and_so: str) -> tuple[str, ...]:
    if not drift:
        return ()
    strongest = sorted(drift, key=lambda one: -(one.effect or 0.0))
    named = ", ".join(f"{one.columns[0]} ({one.effect:.2f})" for one in strongest[:3])
    more = f" and {len(drift) - 3} more" if len(drift) > 3 else ""
    return (f"{named}{more} drifted; {and_so}.",)


def _carried(e: Evidence) -> dict[str, float]:
    """Running sums over rows, for the window that comes next."""
    kept = dict(e.before.carried) if e.before else {}
    if not e.in_time and e.seen.rows >= FEWEST:
        kept["flags"] = watch(flagged_ones(e), flag_rate(e), kept.get("flags", 0.0)).last
    if e.answered is not None:
        kept["errors"] = errors_seen(e, kept.get("errors", 0.0)).last
    return kept


def _target_mean(bundle: Bundle, truth: pd.Series) -> float | None:
    if truth.empty or bundle.task == "multiclass":
        return None
    return float((truth == bundle.classes[1]).mean() if bundle.task == "binary" else truth.astype(float).mean())
