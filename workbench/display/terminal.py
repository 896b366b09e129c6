"""Results as tables of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from workbench.core.bundle import Bundle
from workbench.core.finding import Finding
from workbench.core.job import Job
from workbench.core.metric import Metric
from workbench.core.report import MonitorReport
from workbench.core.run import Run
from workbench.display.job import duration
from workbench.display.rendering import metric_name, moment, number, percent

if TYPE_CHECKING:
    from workbench.core.result import Result

COLOURS = {
    "ok": "green",
    "warning": "yellow",
    "alarm": "red",
    "error": "red",
    "COMPLETED": "green",
    "FAILED": "red",
    "STOPPED": "yellow",
}


def table(result: Result) -> Table:
    """What a result says, as a table: the leaderboard of a run, the windows of a report, else the findings.

    Examples
    --------
    >>> from workbench.core.job import Job, JobState
    >>> table(Job("20260101T0000-score", "score.ipynb", {}, JobState.COMPLETED)).row_count
    1
    """
    if isinstance(result, Run):
        return _scores(result.headline(), [(c.name, c.metrics, f"{c.seconds:.1f} s") for c in result.candidates])
    if isinstance(result, Bundle):
        return _scores(result.headline(), [(result.model, result.metrics, "")])
    if isinstance(result, MonitorReport):
        return _windows(result)
    if isinstance(result, Job):
        return jobs([result])
    return findings(result.findings, result.headline())


def jobs(records: Iterable[Job]) -> Table:
    """One row a job."""
    rows = [
        (j.id, j.notebook, j.state.value, f"{j.cells_done} of {j.cells}", duration(j), moment(j.started), j.error or "")
        for j in records
    ]
    return _table("Jobs", ("Job", "Notebook", "State", "Cells", "Took", "Started", "Error"), rows)


def findings(shown: Sequence[Finding], title: str = "Findings") -> Table:
    """One row a finding, worst first as they come."""
    return _table(
        title,
        ("Severity", "Code", "Column", "Finding", "Cure"),
        [(f.severity, f.code, f.column or "", f.message, f.cure) for f in shown],
    )


def _scores(title: str, rows: Sequence[tuple[str, tuple[Metric, ...], str]]) -> Table:
    names = list(dict.fromkeys(m.name for _, metrics, _ in rows for m in metrics))
    heads = ("Candidate", *map(metric_name, names), "CPU")
    return _table(title, heads, [(name, *_by_name(metrics, names), seconds) for name, metrics, seconds in rows])


def _by_name(metrics: tuple[Metric, ...], names: Sequence[str]) -> list[str]:
    texts = {
        m.name: number(m.value) if m.low is None else f"{number(m.value)} ({number(m.low)} to {number(m.high)})"
        for m in metrics
    }
    return [texts.get(name, "–") for name in names]


def _windows(report: MonitorReport) -> Table:
    rows = [
        (
            w.label,
            number(w.rows),
            percent(w.flagged),
            str(sum(d.important for d in w.drift)),
            str(w.performance[0]) if w.performance else "–",
            w.status,
        )
        for w in report.windows
    ]
    return _table(report.headline(), ("Window", "Rows", "Flagged", "Drifted", "Performance", "Status"), rows)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Texts are plain: what looks like markup of the terminal is shown as it is."""
    grid = Table(title=Text(title), title_justify="left", header_style="bold", box=None, padding=(0, 2, 0, 0))
    for head in heads:
        grid.add_column(head)
    for row in rows:
        grid.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    return grid
