"""The verb ``explain``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.arguments import described
from workbench.core.contract import Contract
from workbench.core.dataset import Dataset
from workbench.core.explanation import Explanation
from workbench.core.finding import Finding
from workbench.core.json_values import columns as plain_columns
from workbench.core.labels import place_of_label
from workbench.core.literals import python
from workbench.core.nouns import run_of
from workbench.core.parameters import ExplainStep, take
from workbench.core.run import Run
from workbench.errors import BadParameter, BadTable
from workbench.explanation.alike_columns import alike, groups
from workbench.explanation.interactions import check, interactions_of
from workbench.explanation.outputs import Outputs, Space, outputs_of
from workbench.explanation.subject import Subject, of_model, of_run, unscored
from workbench.explanation.values import Model, model_of, values_of
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.storage.tracking import client

Numbers = NDArray[np.float64]
# Share of the spread of the outputs that the sum may be off before the values are called wrong.
TOLERANCE = 1e-6
ALL = "all"


def explain(
    run: Run | Any,
    data: Any = None,
    *,
    rows: int | Sequence[int] = 1000,
    label: Any = None,
    space: str = "raw",
    background: str = "paths",
    interactions: bool = False,
    target: str | None = None,
    holdout: Any = None,
) -> Explanation:
    """Say which columns drive the predictions, over all held-out rows and for each one.

    Values are SHAP values of the original columns, exact ones from the compiled model. What can't be compiled is
    explained by samples, each value with its interval: the same rows, class and unit, with a finding (WB235) that says
    why and what it took. Either way the sum is checked against the model itself.

    Parameters
    ----------
    run : Run, or fitted pipeline
        Made by :func:`workbench.train`, or a model of your own. Where the data have a target, :func:`workbench.adopt`
        scores it first; without one it is explained as it is: a detector of outliers, a model of survival or clusters,
        a classifier or a regression whose truth is not known.
    data : Dataset, or a path, frame, query or other table, optional
        Rows to explain instead of the run's held-out ones, read as the run's contract says; the target may be absent.
        For a model of your own: the rows that it is adopted with, or explained on.
    rows : int or sequence of int
        How many rows to explain, the latest ones, at least 1; all of them where there are fewer. Or their positions,
        from 0.
    label : object, optional
        The class to explain; ``"all"`` for each of them, see :meth:`Explanation.of`. By default of two classes the
        second, of more the one that is predicted most often.
    space : {"raw", "probability"}
        What is shared out: the model's own output (log-odds for classes, except for forests, which vote by
        probability), or the probability. Log-odds add up by nature; probabilities are easier to tell, and a column
        adds little to one that is near 0 or 1 already. Numbers are explained in the target's unit.
    background : {"paths", "rows"}
        What a column is when it is not known. *paths*: what the training rows were, down each tree's path; columns
        that go together share their effect. *rows*: what it is in 100 training rows, whatever the others are
        (interventional); only columns that the model looks at have an effect, and rows that nobody saw are asked for.
        Trees upon other models' answers (a stack with boosting on top) are told approximately by *paths*, and sampled
        by *rows*, each value with its interval.
    interactions : bool
        Whether to tell of each two columns what they add together, too (``explanation.interactions``): of trees, down
        their paths. A forest of deep trees takes six times as long.
    target, holdout : optional
        For a model of your own, as :func:`workbench.adopt` takes them.

    Returns
    -------
    Explanation
        Values of shape (rows, features). A count is learnt on a log scale, and explained in counts: what the columns
        add there is shared out in proportion. Of held-out rows it is also written to the run in MLflow.

    Raises
    ------
    BadParameter
        If a parameter is out of its range, there is no such class or row, something else than a run, or a pipeline
        with data, came, or interactions were asked of a model that has none to tell.
    BadTable
        If the table has no row.
    ColumnNotFound
        If ``data`` lacks a feature.
    Refused
        If the run's scores are of another pipeline than the one it holds.

    References
    ----------
    Lundberg, S. and Lee, S. (2017), A Unified Approach to Interpreting Model Predictions. Lundberg, S. et al. (2020),
    From local explanations to global understanding with explainable AI for trees; ``shap.TreeExplainer`` agrees.
    Janzing, D., Minorics, L., Bloebaum, P. (2020), Feature relevance quantification in explainable AI: a causal
    problem, for *rows*.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> explanation = wb.explain(run, rows=50)
    >>> list(explanation.importance())
    ['tenure', 'Contract', 'MonthlyCharges']
    >>> explanation.label, wb.explain(run, rows=[0, 3], label="No").label
    ('Yes', 'No')
    """
    ways = {"space": space, "background": background, "interactions": interactions}
    step = take(ExplainStep, {**ways, "rows": rows if _is_count(rows) else 1})
    _check_rows(rows)
    others = data if isinstance(run, Run) else None
    if unscored(run, data, target):
        subject = of_model(run, data, target)
    else:
        subject = of_run(run_of(run, data if others is None else None, "wb.explain", target=target, holdout=holdout))
    kept = subject.rows if others is None else _typed(subject.contract, others)
    positions = _positions(step.rows if _is_count(rows) else rows, len(kept))
    table = kept.iloc[positions].reset_index(drop=True)
    model = model_of(subject, cast(Space, space), background)
    if step.interactions:
        check(model)
    features = table[list(subject.features)]
    itself = outputs_of(subject, features, cast(Space, space))
    places = _places(itself, label)
    first, *further = (_explained(itself, model, features, place, step.interactions) for place in places)
    shown = {**_rows_of(subject, table), "positions": tuple(positions)}
    explanation = replace(first, others=tuple(replace(each, **shown) for each in further), **shown)
    explanation = replace(explanation, findings=(*explanation.findings, *alike(explanation)))
    if others is None and subject.run_id:
        _record(explanation)
    return explanation


# --- which rows, and which classes --------------------------------------------------------------------------------


def _is_count(rows: Any) -> bool:
    return not isinstance(rows, (list, tuple, range, np.ndarray, pd.Series, pd.Index))


def _positions(rows: Any, there: int) -> list[int]:
    """Positions of the rows to explain: the latest ones, or those that were given."""
    if _is_count(rows):
        return list(range(max(0, there - rows), there))
    if not all(row < there for row in rows):
        raise _no_rows(rows, f" to {there - 1}")
    return [int(row) for row in rows]


def _check_rows(rows: Any) -> None:
    """Refuse what is neither a number of rows nor positions, before anything is loaded."""
    whole = (int, np.integer)
    if not _is_count(rows) and not (
        len(rows) and all(isinstance(r, whole) and not isinstance(r, bool) and r >= 0 for r in rows)
    ):
        raise _no_rows(rows, "")


def _no_rows(rows: Any, last: str) -> BadParameter:
    return BadParameter(
        f"rows is how many rows to explain, or their positions from 0{last}; got {described(rows)}. "
        "Give for example rows=1000, or rows=[0, 7]."
    )


def _typed(contract: Contract, data: Any) -> pd.DataFrame:
    """The rows of another table, read as the run's contract says."""
    table = data.frame() if isinstance(data, Dataset) else read_table(data, like=contract)
    if table.empty:
        raise BadTable("The table to explain has no row. Give one with at least one row.")
    return read_by(table, contract).table


def _places(itself: Outputs, label: Any) -> list[int]:
    """Which classes are explained, by their places; 0 for a regression, which has none."""
    subject = itself.subject
    if subject.task == "regression":
        if label is not None:
            raise BadParameter(f"label names a class, and {subject.target} is a number. Leave label out.")
        return [0]
    if label is None:
        return [itself.most_frequent if subject.task == "multiclass" else 1]
    named = place_of_label(label, subject.classes)
    if named is None and label == ALL:
        first = _places(itself, None)[0]
        return [first, *(i for i in range(len(subject.classes)) if i != first)]
    if named is None:
        raise BadParameter.unknown(str(label), [*map(str, subject.classes), ALL], f"The target {subject.target}")
    return [named]


# --- the result --------------------------------------------------------------------------------------------------


def _explained(itself: Outputs, model: Model, features: pd.DataFrame, place: int, pairs: bool) -> Explanation:
    """The values of one class, as a result without its rows."""
    subject = itself.subject
    found = values_of(itself, model, features, place)
    missed = np.abs(found.base + found.values.sum(axis=1) - found.outputs)
    error = float(missed.max(initial=0.0))
    return Explanation(
        run_id=subject.run_id,
        features=subject.features,
        values=found.values,
        base=float(found.base),
        outputs=found.outputs,
        unit=found.unit or subject.unit,
        label=subject.classes[place] if subject.classes else None,
        additivity_error=error,
        method=found.method,
        columns={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        findings=(*_sum_findings(error, found.outputs), *found.findings),
        predictions=itself.predictions(place),
        threshold=_threshold(subject, place),
        half_width=found.half_width,
        interactions=interactions_of(subject, model, features, place, found.values) if pairs else None,
        groups=groups(subject.profile, subject.features),
        model=subject.model,
        fingerprint=_fingerprint(subject, features, place),
        target=subject.contract.target or "",
        units={c.name: c.unit for c in subject.contract.columns if c.unit},
    )


def _threshold(subject: Subject, place: int) -> float | None:
    """The probability of a class from which on it is answered, where there are two."""
    if subject.threshold is None:
        return None
    return subject.threshold if place else 1 - subject.threshold


def _sum_findings(error: float, outputs: Numbers) -> Iterator[Finding]:
    spread = float(outputs.std()) or 1.0
    if error > TOLERANCE * spread:
        yield Finding(
            "WB210",
            "error",
            f"The values miss the model's own output by up to {error:.2g}: don't rely on them.",
            cure=python('run = wb.train(data, candidates=["baseline", "linear"])'),
            evidence={"additivity_error": error, "spread": spread},
        )


# --- the rows -----------------------------------------------------------------------------------------------------


def _rows_of(subject: Subject, table: pd.DataFrame) -> dict[str, Any]:
    """The explained rows and what came of them, as an explanation keeps them."""
    target = subject.contract.target
    hidden = {c.name for c in subject.contract.columns if c.sensitive}
    further = [
        name for name in (subject.contract.id, subject.contract.time) if name in table and name not in subject.features
    ]
    truth = None if target is None or target not in table else plain_columns(table[[target]], hidden)[target]
    return {"columns": plain_columns(table[[*subject.features, *further]], hidden), "truth": truth}


def _fingerprint(subject: Subject, table: pd.DataFrame, place: int) -> str:
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    return sha256(f"{subject.model} {place}".encode() + rows).hexdigest()


def _record(explanation: Explanation) -> None:
    """Keep the explanation with its run."""
    with tempfile.TemporaryDirectory() as folder:
        path = explanation.save(Path(folder) / "explanation.parquet")
        client().log_artifact(explanation.run_id, str(path), "workbench")
