"""The folds of a run as code: by scikit-learn's splitters where they give the same rows, else from a file beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.literals import Code, one_below_another, python
from workbench.core.run import Run
from workbench.storage.files import in_one_step
from workbench.training.glass_box import plain
from workbench.training.recording import write_folds

Made = list[tuple[np.ndarray, np.ndarray]]
# What a splitter raises whose rows it can't split.
UNSPLIT = (ValueError, TypeError, LookupError)


@dataclass(frozen=True)
class Rule:
    """How the notebook makes its folds.

    Parameters
    ----------
    code : Code
        The statements.
    shown : tuple of str
        Functions of :mod:`workbench.training.glass_box.plain` that it calls.
    files : tuple of str
        Names of the files that it reads.
    """

    code: Code
    shown: tuple[str, ...]
    files: tuple[str, ...] = ()


def rule(run: Run, data: pd.DataFrame, y: pd.Series, beside: Path) -> Rule:
    """The first rule that gives the run's folds; where none does, they are written to a file beside the notebook.

    Parameters
    ----------
    run : Run
        With its folds.
    data : pandas.DataFrame
        What the notebook has as ``data``, shape (n, columns).
    y : pandas.Series, shape (n,)
        The target.
    beside : Path
        Of the file, if it is needed.
    """
    features = data[list(run.features)]
    for code, function, given in _rules(run, data, y):
        folds = _tried(function, *given)
        if folds is None:
            continue
        if _are(folds, run):
            return Rule(code, (function.__name__,))
        if _are(plain.without_copies(folds, features), run):
            both = one_below_another(code, python("folds = without_copies(folds, X)"))
            return Rule(both, (function.__name__, "without_copies"))
    with in_one_step(beside) as file:
        write_folds(run.folds, file)
    return Rule(python("folds = from_file($path)", path=beside.name), ("from_file",), (beside.name,))


def with_thirds(rule: Rule, run: Run, beside: Path) -> Rule:
    """The rule, and the rows on which each fold's calibrator is fitted, from a file beside the notebook."""
    with in_one_step(beside) as file:
        write_folds(run.thirds, file)
    code = one_below_another(rule.code, python("thirds = from_file($path)", path=beside.name))
    return Rule(code, (*rule.shown, "from_file"), (*rule.files, beside.name))


def _rules(run: Run, data: pd.DataFrame, y: pd.Series) -> Iterator[tuple[Code, Callable[..., Any], tuple[Any, ...]]]:
    """Rules of the run's kind of split, each as code, and as the function with what it is given."""
    split, folds = run.split, len(run.folds)
    there = split.column is not None and split.column in data
    if split.kind == "random":
        stratify = run.task != "regression"
        code = python("folds = drawn(y, folds=$folds, seed=seed, stratify=$stratify)", folds=folds, stratify=stratify)
        yield code, plain.drawn, (_coded(y) if stratify else y, folds, run.seed, stratify)
    elif split.kind == "group" and there:
        code = python("folds = by_group(data[$column], folds=$folds, seed=seed)", column=split.column, folds=folds)
        yield code, plain.by_group, (data[split.column], folds, run.seed)
    elif split.kind == "time" and there:
        code = python("folds = in_time(data[$column], folds=$folds)", column=split.column, folds=folds)
        yield code, plain.in_time, (data[split.column], folds)
    elif split.kind == "time":
        code = python("folds = in_time(pd.Series(data.index), folds=$folds)  # the rows as they come", folds=folds)
        yield code, plain.in_time, (pd.Series(data.index), folds)


def _coded(y: pd.Series) -> pd.Series:
    """Classes by their place: scikit-learn, which asks for no more, sorts texts for seconds."""
    return pd.Series(pd.factorize(y, sort=True)[0])


def _tried(function: Callable[..., Made], *given: Any) -> Made | None:
    try:
        return function(*given)
    except UNSPLIT:
        return None


def _are(folds: Made, run: Run) -> bool:
    """Whether they are the run's, row by row."""
    pairs = zip(folds, run.folds, strict=False)
    return len(folds) == len(run.folds) and all(
        np.array_equal(one, other) for found, kept in pairs for one, other in zip(found, kept, strict=True)
    )
