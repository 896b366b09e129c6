"""The verb ``replay``: the same training again, compared bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.compiling.pipeline import compile_pipeline
from workbench.compiling.tabled import Tabled
from workbench.core.run import Run
from workbench.core.verification import Check, Verification
from workbench.errors import BadParameter
from workbench.reading.door import to_learn_from
from workbench.training.runs import run as run_of
from workbench.training.train import train
from workbench.training.trending import OLDER


def replay(run: str | Run, data: Any) -> Verification:
    """Train again as a run was trained, and compare what comes of it with the run, bit for bit.

    Parameters
    ----------
    run : str or Run
        The training, or its id.
    data : Dataset, or a path, frame, query or other table
        What it was trained on: the dataset with the same roles, or the table, if the run was trained on one.

    Returns
    -------
    Verification
        Whether rows, split, leaderboard, scores and predictions of the hold-out are the same. The new training is a run
        of its own in MLflow.

    Raises
    ------
    BadParameter
        If the run does not say what it was asked for, as those with somebody's own estimators or scores, or the data
        has another target.

    Examples
    --------
    >>> import workbench as wb
    >>> data = wb.dataset("churn.csv", target="Churn")
    >>> run = wb.train(data, candidates=["baseline", "linear"])
    >>> wb.replay(run, data).ok
    True
    """
    first = run if isinstance(run, Run) else run_of(run)
    if not first.asked:
        raise BadParameter(
            f"The run {first.id} does not say what it was asked for: it is of an older version, or an estimator or a "
            "score of somebody's own was part of it. Train it again with wb.train(data, …)."
        )
    rows = to_learn_from(data, target=first.contract.target)
    again = train(rows, **_as_asked(first))
    if first.chosen:
        again = again.choose(first.chosen[-1], data=rows)
    return Verification(f"run {first.id}", tuple(_checks(first, again)))


def _as_asked(first: Run) -> dict[str, Any]:
    """What it was asked for; before there were other losses, numbers were fitted by the squared error."""
    older = first.task == "regression" and "loss" not in first.asked
    return {**OLDER, **first.asked, **({"loss": "squared"} if older else {})}


def _checks(first: Run, again: Run) -> Iterator[Check]:
    rows = again.fingerprint == first.fingerprint
    yield Check("the same rows", rows, again.fingerprint if rows else f"{again.fingerprint}, not {first.fingerprint}")
    yield Check("the same split", again.split == first.split, again.split.reason)
    boards = [[(c.name, c.parameters, c.metrics) for c in one.candidates] for one in (first, again)]
    yield Check("the same leaderboard", boards[0] == boards[1], ", ".join(c.name for c in again.candidates))
    yield Check("the same scores", again.metrics == first.metrics, again.headline())
    yield _answers(first, again)


def _answers(first: Run, again: Run) -> Check:
    """Predictions of the rows that were held out."""
    name = "the same predictions"
    if first.features != again.features or not first.holdout.equals(again.holdout):
        return Check(name, False, "other rows were held out, or other columns are features")
    table = first.holdout[list(first.features)]
    answer = "predict" if first.task == "regression" else "predict_proba"
    known = again.pipeline
    if isinstance(first.pipeline, Tabled):  # what could be kept of the first one are its tables
        known = Tabled(compile_pipeline(known, again.features, again.task, background=again.usual))
    one, other = (np.asarray(getattr(pipeline, answer)(table)) for pipeline in (first.pipeline, known))
    same = bool(np.array_equal(one, other))
    detail = f"{len(table):,} rows, bit for bit" if same else f"they differ by up to {np.abs(one - other).max():.3g}"
    return Check(name, same, detail)
