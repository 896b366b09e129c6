"""The verb ``run``: a training read back from MLflow."""

from __future__ import annotations

from workbench.core.bundle import Bundle
from workbench.core.explanation import Explanation
from workbench.core.nouns import run_id as id_of
from workbench.core.run import Run
from workbench.training.recording import read


def run(run_id: str | Run | Bundle | Explanation) -> Run:
    """Read a training back from MLflow, with its pipeline, reference profile and hold-out.

    Parameters
    ----------
    run_id : str, Run, Bundle or Explanation
        ``Run.id``, as a notebook or MLflow's pages show it; or what came of the run.

    Returns
    -------
    Run
        Predicts as it did when it was trained.

    Raises
    ------
    BadParameter
        If it is none of these.
    NotFound
        If there is no such run, or it was not made by :func:`workbench.train` or :func:`workbench.adopt`.
    Untrusted
        If its pipeline names types that are not on our list.
    Refused
        If the scores are of another pipeline than the one that lies there.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.run("no-such-run")
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: No run 'no-such-run' of Workbench is in MLflow's store. Train one with wb.train(data).
    """
    return read(id_of(run_id, "wb.run"))
