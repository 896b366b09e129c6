"""What to do about an alarm without being asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.core.incident import SERVED
from workbench.core.job import Job
from workbench.core.report import MonitorReport
from workbench.jobs.submit import submit


def retrain_if_needed(
    report: MonitorReport,
    parameters: dict[str, Any],
    *,
    notebook: str | Path = "retrain.ipynb",
    wait: bool = True,
    home: str | Path | None = None,
) -> Job | None:
    """Submit the retraining notebook if the latest window is in alarm, and not of the service alone.

    :func:`workbench.watch` does that and what follows from it by itself.

    Parameters
    ----------
    report : MonitorReport
        Made by :func:`workbench.monitor`.
    parameters : dict
        Of the notebook; ``name`` is the report's if it is not given.
    notebook : path
        Its path, or the name of one that comes with Workbench.
    wait : bool
        True: return when it has ended.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Job or None
        None where there is no alarm.

    Raises
    ------
    JobFailed
        If the notebook stopped with an error.

    Examples
    --------
    >>> report = MonitorReport("flights", 1, (), (), (), ())
    >>> retrain_if_needed(report, {"source": "new.csv"}) is None
    True
    """
    if not _lost(report):
        return None
    return submit(notebook, {"name": report.name, **parameters}, wait=wait, home=home)


def _lost(report: MonitorReport) -> bool:
    """Whether the latest window is in alarm for what a training may change."""
    last = next((one for one in reversed(report.windows) if one.status != "unknown"), None)
    if last is None or last.status != "alarm":
        return False
    alarms = [one.kind for one in last.signals if one.level == "alarm"]
    return not alarms or any(kind not in SERVED for kind in alarms)
