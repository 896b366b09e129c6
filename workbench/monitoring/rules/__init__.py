"""The rules of monitoring: each looks at one window and gives suspicions with p-values; all spend one budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.monitoring.budget import Family
from workbench.monitoring.evidence import FEWEST, Evidence
from workbench.monitoring.rules.columns import drift, spread, stuck
from workbench.monitoring.rules.followed import groups, reasons
from workbench.monitoring.rules.joint import joint
from workbench.monitoring.rules.outcomes import calibration, concept, errors, score, target
from workbench.monitoring.rules.quality import flagged_rows, quality


@dataclass(frozen=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name : str
    weight : float
        Its part of the budget, beside those of the other rules that can look at the window.
    applies : callable
        Whether it can look at a window.
    look : callable
        Gives its suspicions; what it may spend at least comes second.
    """

    name: str
    weight: float
    applies: Callable[[Evidence], bool]
    look: Callable[[Evidence, float], Family]


def _always(_: Evidence) -> bool:
    return True


def _scored(e: Evidence) -> bool:
    return bool(e.performance)


def _two_classes(e: Evidence) -> bool:
    return e.bundle.task == "binary" and len(e.truth) >= FEWEST


def _answered(e: Evidence) -> bool:
    return e.answered is not None


RULES = (
    Rule("score", 4.0, _scored, score),
    Rule("calibration", 4.0, _two_classes, calibration),
    Rule("concept", 1.0, _answered, concept),
    Rule("errors", 1.0, _answered, errors),
    Rule("target", 1.0, lambda e: len(e.truth) >= FEWEST and e.target is not None, target),
    Rule("quality", 2.0, _always, quality),
    Rule("flags", 0.5, lambda e: not e.in_time, flagged_rows),
    Rule("drift", 3.0, _always, drift),
    Rule("spread", 1.0, _always, spread),
    Rule("stuck", 0.5, _always, stuck),
    Rule("joint", 1.0, lambda e: e.together is not None, joint),
    Rule("groups", 2.0, lambda e: e.has_groups, groups),
    Rule("reasons", 2.0, lambda e: e.reasons is not None, reasons),
)
