"""SHAP values of a subject's class: from its tables, or by samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import process_time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from workbench.compiling.pipeline import compile_pipeline
from workbench.compiling.refusals import INSTEAD
from workbench.core.finding import Finding
from workbench.core.wording import how_many
from workbench.errors import CannotCompile
from workbench.explanation.outputs import Answer, Outputs, Space, in_space
from workbench.explanation.sampling import Sampled, sample
from workbench.explanation.subject import Subject
from workbench.kernels.quick import against, quick, told_against_rows
from workbench.tables.compiled import CompiledModel

Numbers = NDArray[np.float64]
BACKGROUND = 100  # rows that stand for a column which is not known


@dataclass(frozen=True)
class Model:
    """How a run is explained.

    Parameters
    ----------
    compiled : CompiledModel, optional
        Its tables, with the link in them where probabilities are explained.
    without : str
        Why there are none.
    space : {"raw", "probability"}
        What is shared out.
    background : pandas.DataFrame
        Rows that stand for a column which is not known.
    against_rows : bool
        Whether values are measured against these, and not down the trees' paths.
    """

    compiled: CompiledModel | None
    without: str
    space: Space
    background: pd.DataFrame
    against_rows: bool

    @property
    def sampled(self) -> bool:
        """Whether values have to be sampled: there are no tables, or none that could be asked this way."""
        if self.compiled is None or not self.against_rows:
            return self.compiled is None
        return self.compiled.method != "linear" and not told_against_rows(self.compiled)


def model_of(subject: Subject, space: Space, background: str) -> Model:
    """How a subject is explained: by its tables where it has any."""
    few, against_rows = subject.background.head(BACKGROUND), background == "rows"
    try:
        with threadpool_limits(1):  # the tables are compared with the pipeline
            compiled = compile_pipeline(subject.pipeline, subject.features, subject.task, background=subject.background)
    except CannotCompile as error:
        return Model(None, str(error).removesuffix(f" {INSTEAD}"), space, few, against_rows)
    return Model(quick(in_space(compiled, space, subject.background)), "", space, few, against_rows)


@dataclass(frozen=True)
class Values:
    """SHAP values and what they must add up to."""

    values: Numbers
    base: float
    outputs: Numbers
    unit: str
    method: str
    half_width: Numbers | None = None
    findings: tuple[Finding, ...] = ()

    def turned(self) -> Values:
        """The same of the other of two classes."""
        whole = 1.0 if self.unit == "probability" else 0.0
        return replace(self, values=-self.values, base=whole - self.base, outputs=whole - self.outputs)


def values_of(itself: Outputs, model: Model, table: pd.DataFrame, place: int) -> Values:
    """The values of one class, shape (rows, features), and what they add up to: what the pipeline itself answers."""
    return (_by_samples if model.sampled else _by_tables)(itself, model, table, place)


def _by_tables(itself: Outputs, model: Model, table: pd.DataFrame, place: int) -> Values:
    assert model.compiled is not None
    task = itself.subject.task
    values, base, method = _of_class(model, model.compiled, table, place if task == "multiclass" else 0)
    told = place if task == "multiclass" else 1
    shown = itself.unit == model.compiled.unit  # else its tables stand for it, which have been compared already
    outputs = itself.outputs(told) if shown else _of_tables(model.compiled, table, told)
    found = Values(values, base, outputs, model.compiled.unit, method)
    return found.turned() if task == "binary" and not place else found


def _of_class(model: Model, compiled: CompiledModel, table: pd.DataFrame, place: int) -> tuple[Numbers, float, str]:
    if model.against_rows and compiled.trees:
        return *against(compiled, table, place, model.background), f"{compiled.method} against rows"
    return *compiled.explain_class(table, place), compiled.method


def _of_tables(compiled: CompiledModel, table: pd.DataFrame, place: int) -> Numbers:
    outputs = compiled.output(table)
    return outputs[:, place] if compiled.task == "multiclass" else outputs


def _by_samples(itself: Outputs, model: Model, table: pd.DataFrame, place: int) -> Values:
    began = process_time()
    answer, unit = _asked(itself, model, place)
    found = sample(answer, table, model.background, itself.subject.seed)
    told = _sampled(model, found, unit or itself.subject.unit, process_time() - began)
    return Values(found.values, found.base, found.outputs, unit, "sampled", found.half_width, (told,))


def _asked(itself: Outputs, model: Model, place: int) -> tuple[Answer, str]:
    """What is asked for the samples, and its unit: the tables where there are any, for they are quicker."""
    compiled = model.compiled
    if compiled is None:
        return itself.answer(place), itself.unit
    if itself.subject.task == "binary" and not place:
        whole = 1.0 if compiled.unit == "probability" else 0.0
        return lambda rows: whole - compiled.output(rows), compiled.unit
    return lambda rows: _of_tables(compiled, rows, place), compiled.unit


def _sampled(model: Model, found: Sampled, unit: str, seconds: float) -> Finding:
    within = float(found.half_width.mean())
    why = model.without or "exact values against rows are those of linear models and of single tables of trees."
    return Finding(
        "WB235",
        "info",
        f"The values are sampled, each within ± {within:.2g} {unit} on average (95%): {why} "
        f"{how_many(found.draws, 'draw')} took {seconds:.1f} CPU s.",
        evidence={"half_width": within, "draws": found.draws, "cpu_seconds": round(seconds, 3)},
    )
