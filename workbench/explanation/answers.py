"""What a run's model answers, in the unit that its explanation is asked in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.compiling.boosters import raw_outputs
from workbench.explanation.subject import Subject
from workbench.tables.compiled import CompiledModel
from workbench.tables.links import LINKS
from workbench.tables.nodes import Chain, Curve

Numbers = NDArray[np.float64]
Answer = Callable[[pd.DataFrame], Numbers]
Space = Literal["raw", "probability"]
SAME = 1e-9  # between the probabilities of a pipeline and what its log-odds make of them


@dataclass(frozen=True)
class Own:
    """What the pipeline itself answers.

    Parameters
    ----------
    answer : callable
        From a frame of features to outputs in ``unit``, shape (rows,).
    unit : str
        ``log-odds`` or ``probability``; empty for the target's own.
    """

    answer: Answer
    unit: str


def in_space(compiled: CompiledModel, space: Space, background: pd.DataFrame) -> CompiledModel:
    """The same model with its link as part of it, where probabilities are to be explained."""
    if compiled.task == "regression" or space == "raw" or compiled.link == "identity":
        return compiled
    node = compiled.model
    link = Curve(compiled.link, node.width)
    rows = compiled.encode(background)
    curved = Chain((node,), link, np.zeros(0, np.intp), np.zeros(0)).settled(np.nan_to_num(rows.mean(axis=0)), rows)
    return replace(compiled, model=curved, link="identity")


def own(subject: Subject, table: pd.DataFrame, place: int, space: Space) -> Own:
    """The pipeline's answers for one class: its log-odds where it has any, as its probabilities for ``table`` show."""
    if subject.task == "regression":
        return Own(subject.numbers, "")
    log_odds = None if space == "probability" else _log_odds(subject, table)
    if log_odds is None:
        return Own(lambda rows: subject.predictions(rows, place), "probability")
    return Own(lambda rows: of_class(log_odds(rows), place), "log-odds")


def of_class(outputs: Numbers, place: int) -> Numbers:
    """The log-odds of one class; of two there is one column, the second's."""
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs[:, place]
    return outputs.ravel() if place else -outputs.ravel()


def _log_odds(subject: Subject, table: pd.DataFrame) -> Callable[[pd.DataFrame], Numbers] | None:
    """What gives the pipeline's log-odds, if it makes its probabilities of them."""
    expected = subject.probabilities(table)
    ways: tuple[Callable[[pd.DataFrame], Any], ...] = (
        lambda rows: raw_outputs(subject.pipeline, rows),
        lambda rows: subject.pipeline.decision_function(rows),
    )
    for way in ways:
        try:
            outputs = way(table)
        except AttributeError:
            continue
        if outputs is not None and _makes(np.asarray(outputs, dtype=float), expected):
            return lambda rows, way=way: np.asarray(way(rows), dtype=float)  # type: ignore[misc]
    return None


def _makes(outputs: Numbers, probabilities: Numbers) -> bool:
    """Whether the logistic function, or softmax, of the outputs gives the probabilities."""
    outputs = outputs.reshape(len(probabilities), -1)
    several = outputs.shape[1] > 1
    if outputs.shape[1] != (probabilities.shape[1] if several else 1):
        return False
    made = LINKS["softmax" if several else "logistic"](outputs)
    return float(np.abs(made - (probabilities if several else probabilities[:, 1:])).max(initial=0.0)) <= SAME
