"""What is behind an incident: what changes of columns did to the predictions, who lost most, and what no model sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from workbench.core.bundle import Bundle
from workbench.core.fairness import Group, GroupMetric
from workbench.core.incident import SERVED
from workbench.core.metric import short
from workbench.core.names import YEAR
from workbench.core.profile import Profile
from workbench.core.report import Cause, Incident, Window
from workbench.core.wording import listed
from workbench.monitoring.group_windows import fairness_of
from workbench.monitoring.incidents import DATA, sentence
from workbench.monitoring.reason_windows import signed
from workbench.monitoring.told_signals import signals_of
from workbench.profiling.reason_shifts import shift

# Drivers of one kind that are told.
MOST = 5
# A column moves the predictions where it does so by this share of what the strongest column weighs.
WEIGHTY = 0.1
# Outcomes and predictions lie apart by so many standard errors, in so many of the windows, and by this share: of the
# squared error, of the rarer class, of the mean outcome.
SURELY, MOSTLY, APART = 4.0, 0.75, 0.1
# Kinds of signals whose cause may be that the model does not see what its target follows.
UNSEEN = ("score", "calibration", "concept", "errors", "target", "business")
CLOCK, CONSTANT = "follows the clock", "has one value only"

Look = Callable[[Window], tuple[Bundle, Profile | None]]


def with_causes(
    found: Sequence[Incident], windows: Sequence[Window], look: Look, before: Sequence[Incident] = (), unit: str = ""
) -> tuple[Incident, ...]:
    """Incidents with what is behind them, and told so.

    Parameters
    ----------
    found : sequence of Incident
    windows : sequence of Window
        Of the same report.
    look : callable
        From a window to the bundle that answered it and the profile of its rows. It is asked about the peak of an
        incident alone, and not again while that stays what it was.
    before : sequence of Incident
        Of the report before.
    unit : str
        Of the reasons.
    """
    by_label = {w.label: w for w in windows}
    known = {one.id: one for one in before}
    return tuple(_with_cause(one, by_label, look, known.get(one.id), unit) for one in found)


def _with_cause(
    one: Incident, by_label: Mapping[str, Window], look: Look, before: Incident | None, unit: str
) -> Incident:
    peak = by_label[one.peak]
    same = before is not None and before.windows == one.windows and sentence(one, peak) in before.cause
    if before and same and (before.causes or not one.open):
        return replace(one, cause=before.cause, causes=before.causes)
    causes = tuple(_causes(one, [by_label[label] for label in one.windows], peak, *look(peak), unit))
    told = [text for text in (_told(causes, kind, unit) for kind in ("trend", "segment", "moved")) if text]
    return replace(one, cause=" ".join([sentence(one, peak), *told]) if told else one.cause, causes=causes)


def _causes(
    one: Incident, within: Sequence[Window], peak: Window, bundle: Bundle, profile: Profile | None, unit: str
) -> Iterator[Cause]:
    if one.kind in SERVED:
        return
    if one.kind in UNSEEN:
        yield from trend(within, peak, bundle)
    if one.kind not in DATA:
        yield from segments(one, peak, bundle)
    yield from moved(peak, bundle, profile, unit)


def _told(causes: Sequence[Cause], kind: str, unit: str) -> str:
    own = [cause for cause in causes if cause.kind == kind]
    if not own or kind != "moved":
        return own[0].text if own else ""
    amounts = [f"{cause.name} by {signed(cause.amount)}" for cause in own[:3]]
    return f"What changed in the columns moved the mean prediction: {listed(amounts)}{_unit(unit)}."


def _unit(unit: str) -> str:
    return f" ({unit})" if unit else ""


def moved(peak: Window, bundle: Bundle, profile: Profile | None, unit: str = "") -> Iterator[Cause]:
    """Columns whose change moved the mean prediction, those first that moved it most.

    Where the window's reasons are followed it is what each column added, now less before; else what follows from how
    the column is spread now and what its values added when the model was packaged.

    Parameters
    ----------
    peak : Window
    bundle : Bundle
        That answered it.
    profile : Profile, optional
        Of the window's rows.
    unit : str
        Of the reasons.
    """
    measured = {one.column: one.mean[1] - one.mean[0] for one in peak.explained if one.differs}
    amounts = measured if peak.explained else _followed(peak, bundle, profile)
    largest = max((one.importance for one in bundle.reasons.columns), default=0.0) if bundle.reasons else 0.0
    weighty = [(name, by) for name, by in amounts.items() if abs(by) >= WEIGHTY * largest > 0]
    about = "" if peak.explained else "about "
    for name, by in sorted(weighty, key=lambda pair: (-abs(pair[1]), pair[0]))[:MOST]:
        text = f"What changed in {name} moved the mean prediction by {about}{signed(by)}{_unit(unit)}."
        yield Cause("moved", name, by, text)


def _followed(peak: Window, bundle: Bundle, profile: Profile | None) -> dict[str, float]:
    drifted = {one.column for one in peak.drift if one.drifted}
    if bundle.reasons is None or profile is None:
        return {}
    shifts = {
        one.column: shift(one, profile[one.column])
        for one in bundle.reasons.columns
        if one.column in drifted and one.column in profile
    }
    return {name: by for name, by in shifts.items() if by is not None}


def segments(one: Incident, peak: Window, bundle: Bundle) -> Iterator[Cause]:
    """The rows that lost more than the others: those that a signal names, else of the bundle's groups."""
    named = [
        s for s in signals_of(peak) if s.kind in ("segment", "group") and s.kind != one.kind and s.level != "small"
    ]
    if named:
        yield Cause("segment", ", ".join(named[0].columns), named[0].effect or 0.0, named[0].text)
        return
    fairness = fairness_of(bundle)
    then = {(g.column, g.value): g for g in (fairness.unweighted or fairness.groups)} if fairness else {}
    lost = [found for g in peak.groups if (found := _lost(g, then.get((g.column, g.value)))) is not None]
    if lost:
        yield max(lost, key=lambda cause: cause.amount)


def _lost(now: Group, then: Group | None) -> Cause | None:
    """By how much more than the others a group lost, where that is beyond the interval of its score."""
    pairs = [(a, b) for a in now.metrics for b in (then.metrics if then else ()) if a.name == b.name]
    for name, sign in (("accuracy", 1.0), ("mae", -1.0)):
        for a, b in pairs:
            if a.name == name and (amount := _further(a, b, sign)) is not None:
                text = (
                    f"{now.column} {now.value} lost most: its {name} is {short(a.value or 0.0)}, "
                    f"{short(b.value or 0.0)} in training; that of the others {short(a.rest or 0.0)}, "
                    f"{short(b.rest or 0.0)} in training."
                )
                return Cause("segment", f"{now.column} {now.value}", amount, text)
    return None


def _further(now: GroupMetric, then: GroupMetric, sign: float) -> float | None:
    known = [now.value, now.rest, then.value, then.rest, now.low, now.high]
    if any(value is None for value in known):
        return None
    own, rest, own_then, rest_then, low, high = (float(value) for value in known if value is not None)
    amount = sign * ((own_then - own) - (rest_then - rest))
    return amount if amount > high - low else None


def trend(within: Sequence[Window], peak: Window, bundle: Bundle) -> Iterator[Cause]:
    """Outcomes that lie on one side of the predictions, window after window: the model does not see what moves them.

    It names columns that the training left out because they follow the clock, or had one value only and say the year.
    """
    gaps = [(gap, _error(w)) for w in within if (gap := _gap(w)) is not None]
    own = _gap(peak)
    if own is None or not gaps or bundle.task == "multiclass":
        return
    aside = [gap for gap, error in gaps if gap * own > 0 and abs(gap) > SURELY * error]
    share = _share(peak, own, bundle)
    if len(aside) < MOSTLY * len(gaps) or share < APART:
        return
    where = "above" if own > 0 else "below"
    windows = f"in {len(aside)} of {len(gaps)} windows" if len(gaps) > 1 else f"in {peak.label}"
    about = f", which makes {share:.0%} of the squared error" if _rmse(peak) else ""
    told = (
        f"What came of {bundle.contract.target} lay {where} the predictions {windows}, by {_amount(own, bundle)} on "
        f"average in {peak.label}{about}"
    )
    yield Cause("trend", ", ".join(_clocks(bundle)), own, f"{told}: {_unseen(bundle, own)}.")


def _amount(gap: float, bundle: Bundle) -> str:
    return short(abs(gap)) if bundle.task == "regression" else f"{100 * abs(gap):.1f} percentage points"


def _unseen(bundle: Bundle, gap: float) -> str:
    """What the model can't see of it."""
    out = {name: str(why) for name, why in bundle.lineage.get("left_out", {}).items()}
    moving = [name for name in _clocks(bundle) if out[name].startswith(CLOCK)]
    fixed = [name for name in _clocks(bundle) if name not in moving]
    parts = [
        f"{listed(moving)}, which {'follow' if moving[1:] else 'follows'} the clock" if moving else "",
        f"{listed(fixed)}, which had one value only" if fixed else "",
    ]
    way = "up" if gap > 0 else "down"
    if not any(parts):
        return f"its level has gone {way}, and nothing that the model sees tells so"
    told = ", and ".join(filter(None, parts))
    return f"it goes {way} with time, and the training left out {told}, so the model can't see it"


def _clocks(bundle: Bundle) -> list[str]:
    out = bundle.lineage.get("left_out", {})
    years = [name for name, why in out.items() if str(why).startswith(CONSTANT) and YEAR.fullmatch(name)]
    return [*years, *(name for name, why in out.items() if str(why).startswith(CLOCK))]


def _gap(window: Window) -> float | None:
    """Mean outcome less mean prediction."""
    if window.prediction_mean is None or window.target_mean is None or not window.labelled:
        return None
    return window.target_mean - window.prediction_mean


def _error(window: Window) -> float:
    """The standard error of that, by the spread of single errors."""
    spread = _rmse(window) or next((1.25 * m.value for m in window.performance if m.name == "mae"), None)
    if spread is None:
        share = min(max(window.target_mean or 0.0, 0.0), 1.0)
        spread = (share * (1 - share)) ** 0.5
    return float(spread) / max(window.labelled, 1) ** 0.5


def _rmse(window: Window) -> float | None:
    return next((m.value for m in window.performance if m.name == "rmse"), None)


def _share(peak: Window, gap: float, bundle: Bundle) -> float:
    """How much of what is wrong it is."""
    rmse, came = _rmse(peak), peak.target_mean or 0.0
    if rmse is not None:
        return gap**2 / max(rmse**2, 1e-300)
    whole = min(came, 1 - came) if bundle.task == "binary" else abs(came)
    return abs(gap) / max(whole, 1e-300)
