"""The verb ``explain``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.arguments import described
from workbench.core.dataset import Dataset
from workbench.core.explanation import Explanation
from workbench.core.finding import Finding
from workbench.core.json_values import columns as plain_columns
from workbench.core.literals import python
from workbench.core.nouns import run_of
from workbench.core.parameters import ExplainStep, take
from workbench.core.run import Run
from workbench.core.wording import how_many
from workbench.errors import BadParameter, BadTable, CannotCompile
from workbench.explanation.answers import Answer, Space, in_space, own, predictions, probabilities
from workbench.explanation.groups import alike, groups
from workbench.explanation.sampling import Sampled, sample
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.storage.tracking import client
from workbench.tables.compiled import CompiledModel

Numbers = NDArray[np.float64]
# Share of the spread of the outputs that the sum may be off before the values are called wrong.
TOLERANCE = 1e-6
BACKGROUND = 100  # rows that stand for a column which is not known
ALL = "all"


def explain(
    run: Run | Any,
    data: Any = None,
    *,
    rows: int | Sequence[int] = 1000,
    label: Any = None,
    space: str = "raw",
    background: str = "paths",
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
        Made by :func:`workbench.train`, or a model of your own, which :func:`workbench.adopt` scores first.
    data : Dataset, or a path, frame, query or other table, optional
        Rows to explain instead of the run's held-out ones, read as the run's contract says; the target may be absent.
        For a model of your own: the rows that it is adopted with.
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
        If a parameter is out of its range, there is no such class or row, or something else than a run, or a pipeline
        with data, came.
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
    ways = {"space": space, "background": background}
    step = take(ExplainStep, {**ways, "rows": rows if _is_count(rows) else 1})
    others = data if isinstance(run, Run) else None
    run = run_of(run, data if others is None else None, "wb.explain", target=target, holdout=holdout)
    kept = run.holdout if others is None else _typed(run, others)
    positions = _positions(step.rows if _is_count(rows) else rows, len(kept))
    table = kept.iloc[positions].reset_index(drop=True)
    model = _model(run, table, cast(Space, space), background)
    first, *further = (_explained(run, model, table, place) for place in _places(run, table, label))
    shown = {**_rows_of(run, table), "positions": tuple(positions)}
    explanation = replace(first, others=tuple(replace(each, **shown) for each in further), **shown)
    explanation = replace(explanation, findings=(*explanation.findings, *alike(explanation)))
    if others is None:
        _record(explanation)
    return explanation


# --- which rows, and which classes --------------------------------------------------------------------------------


def _is_count(rows: Any) -> bool:
    return not isinstance(rows, (list, tuple, range, np.ndarray, pd.Series, pd.Index))


def _positions(rows: Any, there: int) -> list[int]:
    """Positions of the rows to explain: the latest ones, or those that were given."""
    if _is_count(rows):
        return list(range(max(0, there - rows), there))
    wanted = [int(row) for row in rows if isinstance(row, (int, np.integer)) and not isinstance(row, bool)]
    if not wanted or len(wanted) != len(rows) or not all(0 <= row < there for row in wanted):
        raise BadParameter(
            f"rows is how many rows to explain, or their positions from 0 to {there - 1}; got {described(rows)}. "
            "Give for example rows=1000, or rows=[0, 7]."
        )
    return wanted


def _typed(run: Run, data: Any) -> pd.DataFrame:
    """The rows of another table, read as the run's contract says."""
    table = data.frame() if isinstance(data, Dataset) else read_table(data, like=run.contract)
    if table.empty:
        raise BadTable("The table to explain has no row. Give one with at least one row.")
    return read_by(table, run.contract).table


def _places(run: Run, table: pd.DataFrame, label: Any) -> list[int]:
    """Which classes are explained, by their places; 0 for a regression, which has none."""
    if run.task == "regression":
        if label is not None:
            raise BadParameter(f"label names a class, and {run.contract.target} is a number. Leave label out.")
        return [0]
    if label is None:
        several = run.task == "multiclass"
        return [_most_frequent(run, table) if several else 1]
    named = [i for i, one in enumerate(run.classes) if label == one or str(label) == str(one)]
    if not named and label == ALL:
        first = _places(run, table, None)[0]
        return [first, *(i for i in range(len(run.classes)) if i != first)]
    if not named:
        raise BadParameter.unknown(str(label), [*map(str, run.classes), ALL], f"The target {run.contract.target}")
    return named[:1]


def _most_frequent(run: Run, table: pd.DataFrame) -> int:
    answers = probabilities(run, table[list(run.features)]).argmax(axis=1)
    return int(np.bincount(answers, minlength=len(run.classes)).argmax())


# --- values -------------------------------------------------------------------------------------------------------


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
        return self.compiled is None or (self.against_rows and self.compiled.method != "linear")


def _model(run: Run, table: pd.DataFrame, space: Space, background: str) -> Model:
    few, against_rows = run.usual.head(BACKGROUND), background == "rows"
    try:
        compiled = compile_pipeline(run.pipeline, run.features, run.task, background=run.usual)
    except CannotCompile as error:
        return Model(None, str(error), space, few, against_rows)
    return Model(in_space(compiled, space), "", space, few, against_rows)


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


def _explained(run: Run, model: Model, table: pd.DataFrame, place: int) -> Explanation:
    """The values of one class, as a result without its rows."""
    features = table[list(run.features)]
    found = _by_samples(run, model, features, place) if model.sampled else _by_tables(run, model, features, place)
    missed = np.abs(found.base + found.values.sum(axis=1) - found.outputs)
    error = float(missed.max(initial=0.0))
    return Explanation(
        run_id=run.id,
        features=run.features,
        values=found.values,
        base=float(found.base),
        outputs=found.outputs,
        unit=found.unit or run.contract[str(run.contract.target)].unit or f"units of {run.contract.target}",
        label=run.classes[place] if run.classes else None,
        additivity_error=error,
        method=found.method,
        columns={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        findings=(*_sum_findings(error, found.outputs), *found.findings),
        predictions=predictions(run, features, place),
        threshold=run.threshold if run.task == "binary" else None,
        half_width=found.half_width,
        groups=groups(run.profile, run.features),
        fingerprint=_fingerprint(run, features, place),
    )


def _by_tables(run: Run, model: Model, table: pd.DataFrame, place: int) -> Values:
    assert model.compiled is not None
    several = run.task == "multiclass"
    values, base = model.compiled.explain_class(table, place if several else 0)
    itself = own(run, table, place if several else 1, model.space)
    shown = itself.unit == model.compiled.unit  # else its tables stand for it, which have been compared already
    outputs = itself.answer(table) if shown else _of_tables(model.compiled, table, place)
    found = Values(values, base, outputs, model.compiled.unit, model.compiled.method)
    return found if several or run.task == "regression" or place else found.turned()


def _of_tables(compiled: CompiledModel, table: pd.DataFrame, place: int) -> Numbers:
    outputs = compiled.output(table)
    return outputs[:, place] if compiled.task == "multiclass" else outputs


def _by_samples(run: Run, model: Model, table: pd.DataFrame, place: int) -> Values:
    began = process_time()
    answer, unit = _asked(run, model, table, place)
    found = sample(answer, table, model.background, run.seed)
    told = _sampled(model, found, unit or "units of the target", process_time() - began)
    return Values(found.values, found.base, found.outputs, unit, "sampled", found.half_width, (told,))


def _asked(run: Run, model: Model, table: pd.DataFrame, place: int) -> tuple[Answer, str]:
    """What is asked for the samples, and its unit: the tables where there are any, for they are quicker."""
    compiled = model.compiled
    if compiled is None:
        itself = own(run, table, place, model.space)
        return itself.answer, itself.unit
    if run.task == "binary" and not place:
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


def _rows_of(run: Run, table: pd.DataFrame) -> dict[str, Any]:
    """The explained rows and what came of them, as an explanation keeps them."""
    target = str(run.contract.target)
    hidden = {c.name for c in run.contract.columns if c.sensitive}
    further = [name for name in (run.contract.id, run.contract.time) if name in table and name not in run.features]
    truth = plain_columns(table[[target]], hidden)[target] if target in table else None
    return {"columns": plain_columns(table[[*run.features, *further]], hidden), "truth": truth}


def _fingerprint(run: Run, table: pd.DataFrame, place: int) -> str:
    model = run.id if run.claim is None else run.claim.model
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    return sha256(f"{model} {place}".encode() + rows).hexdigest()


def _record(explanation: Explanation) -> None:
    """Keep the explanation with its run."""
    with tempfile.TemporaryDirectory() as folder:
        path = explanation.save(Path(folder) / "explanation.parquet")
        client().log_artifact(explanation.run_id, str(path), "workbench")
