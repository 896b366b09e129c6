"""What somebody should know of a fairness result: groups that differ, groups too small, features that tell them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.core.fairness import Fairness, Gap, GroupMetric
from workbench.core.finding import Finding
from workbench.core.literals import Cure, python
from workbench.core.metric import short
from workbench.core.wording import listed_values
from workbench.explanation.gap_drivers import TOGETHER

# Shares below which rates, and differences above which they, are usually looked into: the four-fifths rule of the US
# Uniform Guidelines on Employee Selection Procedures (1978), and a tenth. Conventions, and no bounds of fairness.
LEAST_RATIO, MOST_APART = 0.8, 0.1
# A column that the features tell so well (2 AUC - 1) is known to the model whether it is a feature or not.
TELLING = 0.5
REWEIGH = "run = wb.train(wb.fairness(run, $by, why=False).reweigh(data))"
BINNED = "run = wb.train(wb.fairness(run, $by, bins=$bins, why=False).reweigh(data))"


def findings(fairness: Fairness, features: Sequence[str]) -> Iterator[Finding]:
    """WB308 to WB310."""
    for column in fairness.columns:
        yield from _different(fairness, column)
        yield from _small(fairness, column)
    for one in fairness.by:
        if one.column not in features:
            yield from _told(fairness, one.column)


def _different(fairness: Fairness, column: str) -> Iterator[Finding]:
    told = [(group, one) for group, one in fairness.told_apart() if group.column == column]
    if not told:
        return
    names = list(dict.fromkeys(one.name for _, one in told))
    large = [group for group in fairness.by_column[column] if not group.small]
    said = [_from_to([(group.value, group[name]) for group in large], name) for name in names]
    gaps = [gap for gap in fairness.gaps if gap.column == column]
    ratio = fairness.gap("demographic_parity_ratio", column)
    beside = f" The ratio of selection rates is {ratio.text}." if ratio and "selection_rate" in names else ""
    message = f"groups differ by more than chance: {'; '.join(said)}.{beside}"
    severity = "warning" if any(map(_is_large, gaps)) else "info"
    evidence = {"measures": names, "gaps": {gap.name: [gap.value, gap.low, gap.high] for gap in gaps}}
    yield Finding("WB308", severity, message, column, _cure(fairness), evidence)  # type: ignore[arg-type]  # one of the severities


def _from_to(values: Sequence[tuple[str, GroupMetric]], name: str) -> str:
    known = [(one.value, group) for group, one in values if one.value is not None]
    (low, least), (high, most) = min(known), max(known)
    return f"{name.replace('_', ' ')} {short(low)} ({least}) to {short(high)} ({most})"


def _is_large(gap: Gap) -> bool:
    """By what people usually look into; numbers have no such convention, and any that is sure counts."""
    if gap.name.endswith("_ratio"):
        return gap.name == "demographic_parity_ratio" and gap.value < LEAST_RATIO
    numbers = gap.name.startswith(("mean_", "mae"))
    return gap.low is not None and gap.low > 0 if numbers else gap.value >= MOST_APART


def _cure(fairness: Fairness) -> Cure:
    if fairness.task == "regression":
        return ""
    names, bins = [one.column for one in fairness.by], {one.column: one.edges for one in fairness.by if one.edges}
    return python(BINNED, by=names, bins=bins) if bins else python(REWEIGH, by=names)


def _small(fairness: Fairness, column: str) -> Iterator[Finding]:
    small = [group for group in fairness.by_column[column] if group.small]
    if small:
        message = (
            f"groups of fewer than {fairness.smallest} rows are shown and not judged: "
            f"{listed_values([group.value for group in small])}."
        )
        evidence = {"groups": {group.value: group.rows for group in small}}
        yield Finding("WB309", "info", message, column, "", evidence)


def _told(fairness: Fairness, column: str) -> Iterator[Finding]:
    proxies = [one for one in fairness.proxies if one.column == column]
    together = next((one for one in proxies if one.feature == TOGETHER), None)
    if together is None or together.strength < TELLING:
        return
    best = [one for one in proxies if one.feature != TOGETHER][:3]
    strongest = ", ".join(f"{one.feature} {one.strength:.2f}" for one in best)
    message = (
        f"is no feature, and the features tell its groups all the same: all together {together.strength:.2f} of 1 (2 "
        f"AUC - 1), by themselves {strongest}. Leaving it out does not keep the model from knowing it."
    )
    evidence = {one.feature: one.strength for one in (together, *best)}
    yield Finding("WB310", "info", message, column, "", evidence)
