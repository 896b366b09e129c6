"""The verb ``run``: a training read back from MLflow."""

from __future__ import annotations

from workbench.core.run import Run
from workbench.training.recording import read


def run(run_id: str) -> Run:
    """Read a training back from MLflow, with its pipeline, reference profile and hold-out.

    Parameters
    ----------
    run_id : str
        ``Run.id``, as a notebook or MLflow's pages show it.

    Returns
    -------
    Run
        Predicts as it did when it was trained.

    Raises
    ------
    NotFound
        If there is no such run, or it was not made by :func:`workbench.train`.
    Untrusted
        If its pipeline names types that are not on our list.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.run("no-such-run")
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: No run 'no-such-run' of Workbench is in MLflow's store. Train one with wb.train(data).
    """
    return read(run_id)
