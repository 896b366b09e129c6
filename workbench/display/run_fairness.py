"""On a run's page: how groups of people are answered, or the code that tells it."""

from __future__ import annotations

from typing import Any

from workbench.core.fairness import Fairness
from workbench.core.group_choices import MOST_FIRST, choices
from workbench.core.literals import python
from workbench.core.run import Run
from workbench.display.fairness import gaps_drawn, title

# What is told of each column; the whole is the fairness's own page.
TOLD = ("demographic_parity_difference", "equalized_odds_difference", "accuracy_score_difference", "mae_difference")


def told(run: Run) -> dict[str, Any] | None:
    """What is kept with the run, or code that makes it; nothing where no column makes groups of its rows."""
    if run.fairness is not None:
        return _kept(run.fairness)
    by = _worth_a_look(run)
    code = python("fairness = wb.fairness(run, by=$by)\nfairness", by=by)
    return {"headline": "", "code": code} if by else None


def _kept(found: Fairness) -> dict[str, Any]:
    drawn = [(name, gap, drawing) for name in found.columns for gap, drawing in gaps_drawn(found, name)]
    first = dict.fromkeys(name for name, _, _ in drawn)
    rows = [one for name in first for one in drawn if one[0] == name and one[1].name in TOLD]
    differs = {group.column for group, _ in found.told_apart()}
    return {
        "headline": found.headline(), "rows": rows or drawn[:MOST_FIRST], "differs": differs, "title": title,
        "code": python("run.fairness"),
    }  # fmt: skip


def _worth_a_look(run: Run) -> list[str]:
    """Columns by which people are told apart, else the one of fewest values; of those that the run kept."""
    if run.held is None or run.holdout is None:
        return []
    people, others = ([name for name in names if name in run.holdout.columns] for names in choices(run.contract))
    return people[:MOST_FIRST] or others[:1]
