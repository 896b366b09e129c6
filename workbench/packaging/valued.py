"""What a bundle's answers cost: as whoever packages it says, or as the training was asked to decide."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.core.arguments import described, mapping
from workbench.core.run import Run
from workbench.core.thresholds import costs_of
from workbench.core.value import DECISIONS, ERRORS, Value
from workbench.core.wording import worded
from workbench.errors import BadParameter, ColumnNotFound

VERB = "wb.package(costs=…)"


def value_of(run: Run, costs: Mapping[str, float | str] | None = None) -> Value | None:
    """The costs that were given, or those of the rule of the threshold, with what they came to on the hold-out.

    Parameters
    ----------
    run : Run
    costs : mapping of str to float or str, optional
        By outcome a number, or the name of a column of money.

    Returns
    -------
    Value or None
        None where nothing says what an answer costs, or the hold-out can't.

    Raises
    ------
    BadParameter
        If an outcome is none of the task's, or a cost neither a number nor a column of numbers.
    ColumnNotFound
        If there is no such column.
    """
    found = _of_rule(run) if costs is None else _given(run, mapping(costs, "costs", VERB))
    if found is None or run.held is None or run.holdout is None:
        return None
    truth = run.holdout[str(run.contract.target)].to_numpy()
    came = truth == run.classes[1] if run.task == "binary" else truth
    money = {name: run.holdout[name].to_numpy(dtype=float, na_value=np.nan) for name in found.columns.values()}
    on_holdout = found.of(np.asarray(run.held, dtype=float), came, money)
    if on_holdout is None:
        return None
    known = found.known(np.asarray(run.held, dtype=float), came, money)
    return replace(
        found, mean=on_holdout.value, error=on_holdout.error or 0.0, rows=len(known), scale=float(abs(known).mean())
    )


def _of_rule(run: Run) -> Value | None:
    costs = costs_of(str(run.asked.get("threshold", "f1")))
    if costs is None or run.task != "binary" or run.threshold is None:
        return None
    return Value({"false_alarm": costs[0], "missed": costs[1]}, threshold=run.threshold)


def _given(run: Run, costs: Mapping[str, Any]) -> Value:
    outcomes = {"binary": DECISIONS, "regression": ERRORS}.get(run.task)
    if outcomes is None:
        raise BadParameter(f"{VERB} is for two classes and for numbers; this run has several classes. Leave it out.")
    if not costs or (wrong := [name for name in costs if name not in outcomes]):
        got = worded(wrong) if costs else "nothing"
        raise BadParameter(f"{VERB} takes {worded(outcomes)}, got {got}. Give for example {{{outcomes[0]!r}: 1}}.")
    columns = {outcome: cost for outcome, cost in costs.items() if isinstance(cost, str)}
    for name in columns.values():
        _check_column(run, name)
    prices = {outcome: 1.0 if outcome in columns else _number(outcome, cost) for outcome, cost in costs.items()}
    return Value(prices, columns, (run.threshold or 0.5) if run.task == "binary" else None)


def _number(outcome: str, cost: object) -> float:
    if isinstance(cost, bool) or not isinstance(cost, (int, float)) or not math.isfinite(cost):
        raise BadParameter(
            f"The cost of {outcome!r} is a number or the name of a column, got {described(cost)}. Give one of them."
        )
    return float(cost)


def _check_column(run: Run, name: str) -> None:
    known = [one.name for one in run.contract.columns if one.name in run.holdout and one.role != "target"]
    if name not in known:
        raise ColumnNotFound.named(name, known)
    column = run.contract[name]
    if column.kind not in ("number", "integer"):
        raise BadParameter(f"The column {name!r} holds no numbers, so it is no money. Name one that does.")
    if column.sensitive:
        raise BadParameter(
            f"The column {name!r} is sensitive, and windows would keep its values in clear. Name another one."
        )
