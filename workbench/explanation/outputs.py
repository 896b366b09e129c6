"""What a run's model answers, in the unit that its explanation is asked in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

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
class Outputs:
    """What a subject's own pipeline says of the rows to explain, asked once for all classes.

    Parameters
    ----------
    subject : Subject
        Who is explained.
    predicted : float array, shape (rows, classes) or (rows,)
        Probabilities, or numbers.
    log_odds : float array, shape (rows, classes) or (rows,), optional
        What the probabilities are made of, where the pipeline shows it and it is to be explained.
    way : callable, optional
        What gives the log-odds of any rows.
    """

    subject: Subject
    predicted: Numbers
    log_odds: Numbers | None = None
    way: Answer | None = None

    @property
    def unit(self) -> str:
        """``log-odds`` or ``probability``; empty for the target's own."""
        return "" if self.subject.task == "regression" else "probability" if self.log_odds is None else "log-odds"

    def predictions(self, place: int) -> Numbers:
        """The probability of a class, or the number; shape (rows,)."""
        return self.predicted if self.subject.task == "regression" else self.predicted[:, place]

    def outputs(self, place: int) -> Numbers:
        """What adds up, in :attr:`unit`; shape (rows,)."""
        return self.predictions(place) if self.log_odds is None else of_class(self.log_odds, place)

    def answer(self, place: int) -> Answer:
        """The same of any rows."""
        way = self.way
        if way is None:
            return lambda rows: self.subject.predictions(rows, place)
        return lambda rows: of_class(way(rows), place)

    @property
    def most_frequent(self) -> int:
        """Place of the class that is predicted most often."""
        return int(np.bincount(self.predicted.argmax(axis=1), minlength=len(self.subject.classes)).argmax())


def outputs_of(subject: Subject, table: pd.DataFrame, space: Space) -> Outputs:
    """Ask a subject's pipeline about the features of some rows, by one thread: on a busy machine more cost far more."""
    with threadpool_limits(1):
        if subject.task == "regression":
            return Outputs(subject, subject.numbers(table))
        predicted = subject.probabilities(table)
        shown = None if space == "probability" else _log_odds(subject, table, predicted)
        return Outputs(subject, predicted, *(shown or ()))


def in_space(compiled: CompiledModel, space: Space, background: pd.DataFrame) -> CompiledModel:
    """The same model with its link as part of it, where probabilities are to be explained."""
    if compiled.task == "regression" or space == "raw" or compiled.link == "identity":
        return compiled
    node = compiled.model
    link = Curve(compiled.link, node.width)
    rows = compiled.encode(background)
    curved = Chain((node,), link, np.zeros(0, np.intp), np.zeros(0)).settled(np.nan_to_num(rows.mean(axis=0)), rows)
    return replace(compiled, model=curved, link="identity")


def of_class(outputs: Numbers, place: int) -> Numbers:
    """The log-odds of one class; of two there is one column, the second's."""
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs[:, place]
    return outputs.ravel() if place else -outputs.ravel()


def _log_odds(subject: Subject, table: pd.DataFrame, expected: Numbers) -> tuple[Numbers, Answer] | None:
    """The log-odds and what gives them, if the pipeline makes its probabilities of them."""
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
            return np.asarray(outputs, dtype=float), lambda rows, way=way: np.asarray(way(rows), dtype=float)
    return None


def _makes(outputs: Numbers, probabilities: Numbers) -> bool:
    """Whether the logistic function, or softmax, of the outputs gives the probabilities."""
    outputs = outputs.reshape(len(probabilities), -1)
    several = outputs.shape[1] > 1
    if outputs.shape[1] != (probabilities.shape[1] if several else 1):
        return False
    made = LINKS["softmax" if several else "logistic"](outputs)
    return float(np.abs(made - (probabilities if several else probabilities[:, 1:])).max(initial=0.0)) <= SAME
