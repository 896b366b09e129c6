"""Results as tables of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group as Together
from rich.table import Table
from rich.text import Text

from workbench.core.batch import Batch, Part, worded
from workbench.core.bundle import Bundle
from workbench.core.fairness import Driver, Fairness, Gap, Group, Remedy
from workbench.core.finding import Finding
from workbench.core.job import Job
from workbench.core.metric import Metric
from workbench.core.report import Estimate, MonitorReport, Window
from workbench.core.run import Run
from workbench.display.fairness import EQUAL, MOST_GROUPS, drawn, title
from workbench.display.job import duration
from workbench.display.rendering import metric_name, moment, number, percent, signed

if TYPE_CHECKING:
    from workbench.core.result import Result

MOST_FEATURES = 3
# The gap that a remedy is to close.
CLOSES = {
    "demographic_parity": "demographic_parity_difference", "true_positive_rate_parity": "equal_opportunity_difference",
    "equalized_odds": "equalized_odds_difference", "independence": "demographic_parity_difference",
}  # fmt: skip
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
    """What a result says, as a table: the leaderboard of a run, the windows of a report, groups, else the findings.

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
    if isinstance(result, Fairness):
        return _groups(result)
    return findings(result.findings, result.headline())


def fairness(found: Fairness) -> Together:
    """Groups, gaps with their intervals, what makes them and closing them costs, and findings, one below another."""
    parts = [_groups(found), _gaps(found), _drivers(found), _remedies(found), _told(found.findings)]
    return Together(*(part for part in parts if part.row_count))


def jobs(records: Iterable[Job]) -> Table:
    """One row a job."""
    rows = [
        (j.id, j.notebook, j.state.value, f"{j.cells_done} of {j.cells}", duration(j), moment(j.started), j.error or "")
        for j in records
    ]
    return _table("Jobs", ("Job", "Notebook", "State", "Cells", "Took", "Started", "Error"), rows)


def parts(batch: Batch) -> Table:
    """One row a part of a batch."""
    heads = ("Part", *batch.varied, "State", "Took", *map(metric_name, batch.scored), "Note")
    return _table(batch.name, heads, [_part(part, batch) for part in batch.parts])


def _part(part: Part, batch: Batch) -> tuple[str, ...]:
    job = part.job
    values = (str(part.parameters.get(name, "–")) for name in batch.varied)
    scores = (number(part.scores.get(name)) for name in batch.scored)
    note = "" if job is None else job.error or " ".join(job.notes)
    took = "–" if job is None else duration(job)
    return (str(part.number), *values, worded(None if job is None else job.state), took, *scores, note)


def findings(shown: Sequence[Finding], title: str = "Findings") -> Table:
    """One row a finding, worst first as they come."""
    return _table(
        title,
        ("Severity", "Code", "Column", "Finding", "Cure"),
        [(f.severity, f.code, f.column or "", f.message, _cure(f)) for f in shown],
    )


def _cure(one: Finding) -> str:
    """Its code; what only looks says so."""
    return f"{one.cure}  # a look" if one.looks and "#" not in one.cure else one.cure


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
            _seen(w),
            _score(w),
            w.status,
        )
        for w in report.windows
    ]
    return _table(report.headline(), ("Window", "Rows", "Flagged", "Drifted", "Seen", "Performance", "Status"), rows)


def _seen(window: Window) -> str:
    """The kinds of what matters, and how much else is real but small."""
    kinds = ", ".join(dict.fromkeys(one.kind for one in window.signals if one.level != "small"))
    small = sum(one.level == "small" for one in window.signals)
    return ", ".join(filter(None, (kinds, f"{small} small" if small else ""))) or "–"


def _score(window: Window) -> str:
    """The score that came, else its estimate."""
    if window.performance:
        return str(window.performance[0])
    return next((_guessed(one) for one in window.estimates), "–")


def _guessed(one: Estimate) -> str:
    text = Metric(one.name, one.value, one.low, one.high, one.level)
    return f"{text}, estimated" if one.trusted else f"{one.name} {number(one.value)}?, estimated: do not trust"


def _groups(found: Fairness) -> Table:
    """One row a group, the largest first of each column; ◆ differs from all other rows by more than chance."""
    names = drawn(found)
    rows = [(g.column, g.value, number(g.rows), *(_marked(g, name) for name in names)) for g in found.groups]
    left = len(rows) - MOST_GROUPS
    more = [("", f"and {left} smaller groups: --save or --html has them", "")] if left > 0 else []
    heads = ("Columns", "Group", "Rows", *map(title, names))
    return _table(f"{found.headline()}\n◆ differs by more than chance", heads, [*rows[:MOST_GROUPS], *more])


def _marked(group: Group, name: str) -> str:
    one = group[name]
    return f"{number(one.value)} ◆" if one.differs else number(one.value)


def _gaps(found: Fairness) -> Table:
    """Differences, and the ratio that the four-fifths rule asks for."""
    told = [g for g in found.gaps if g.name.endswith("_difference") or g.name == "demographic_parity_ratio"]
    rows = [(g.column, title(g.name), _interval(g), f"{g.least} to {g.most}") for g in told]
    return _table("\nGaps", ("Columns", "Gap", "Value", "From"), rows)


def _interval(one: Gap) -> str:
    ends = "" if one.low is None else f" ({number(one.low)} to {number(one.high)})"
    return f"{number(one.value)}{ends}"


def _drivers(found: Fairness) -> Table:
    """Of each group the features that add most to its difference from the rest; crossed columns repeat them."""
    own = [one for one in found.drivers if one.column in found.columns[: len(found.by)]]
    groups = dict.fromkeys((one.column, one.group) for one in own)
    rows = [(*group, ", ".join(_driven(own, *group))) for group in groups]
    return _table(f"\nWhat makes the gap ({found.unit})", ("Columns", "Group", "Beside all others"), rows)


def _driven(drivers: Iterable[Driver], column: str, group: str) -> list[str]:
    features = [one for one in drivers if (one.column, one.group) == (column, group)]
    return [f"{one.feature} {signed(one.value)}" for one in features[:MOST_FEATURES]]


def _remedies(found: Fairness) -> Table:
    """Each with its accuracy, or another score, and the gap that it is to close, before and after."""
    rows = [
        (
            EQUAL.get(one.constraint, one.constraint),
            "\n".join(f"{metric_name(a.name)} {number(a.value)} to {number(b.value)}" for a, b in _scored(one)),
            "\n".join(f"{title(a.name)} {number(a.value)} to {number(b.value)}" for a, b in _closed(one)),
            "yes" if one.ships else "no",
        )
        for one in found.remedies
    ]
    return _table("\nWhat closing it costs", ("For", "Score", "Gap", "Ships"), rows)


def _scored(one: Remedy) -> list[tuple[Metric, Metric]]:
    pairs = list(zip(one.before, one.after, strict=True))
    return [pair for pair in pairs if pair[0].name == "accuracy"] or pairs[:1]


def _closed(one: Remedy) -> list[tuple[Gap, Gap]]:
    meant = [pair for pair in one.gaps if pair[0].name == CLOSES.get(one.constraint)]
    return meant or list(one.gaps[:1])


def _told(shown: Sequence[Finding]) -> Table:
    """Findings whose sentences are long: two columns, the cure below."""
    told = ("\n".join(filter(None, (f"{f.code} {f.column or ''}: {f.message}", _cure(f)))) for f in shown)
    rows = zip((f.severity for f in shown), told, strict=True)
    return _table("\nFindings", ("Severity", "Finding"), rows)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Texts are plain: what looks like markup of the terminal is shown as it is."""
    grid = Table(title=Text(title), title_justify="left", header_style="bold", box=None, padding=(0, 2, 0, 0))
    for head in heads:
        grid.add_column(head)
    for row in rows:
        grid.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
    return grid
