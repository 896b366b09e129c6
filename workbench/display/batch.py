"""A batch: how far the whole is, and its parts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.batch import Batch, Part, worded
from workbench.core.job import JobState
from workbench.core.metric import metric_name
from workbench.display.job import KINDS, duration
from workbench.display.rendering import clipped, fragment

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 100  # parts that are drawn; .frame() has them all
BAD = (JobState.FAILED, JobState.DAMAGED, JobState.UNKNOWN, JobState.STOPPED)


def html(batch: Batch) -> str:
    """State, progress over the parts, and a row a part: those that went wrong stay where there are too many."""
    parts = batch.parts
    drawn = sorted(sorted(parts, key=lambda part: not _is_bad(part))[:MOST], key=lambda part: part.number)
    ended = sum(part.job is not None and part.job.state.final for part in parts)
    return fragment(
        "batch",
        b=batch,
        kind=KINDS.get(batch.state, "info"),
        state=worded(batch.state),
        ended=ended,
        share=f"{100 * ended / len(parts):.0f}",
        tiles=[(worded(state).capitalize(), f"{count:,}", "") for state, count in batch.told],
        scores=[(name, metric_name(name)) for name in batch.scored],
        rows=[_row(part, batch.varied) for part in drawn],
        left=len(parts) - len(drawn),
        shared=[(name, str(value)) for name, value in batch.parameters.items()],
    )


def figure(batch: Batch, score: str | None = None) -> go.Figure:
    """A score of each part, by default the first that they show; how many stand where, while there is none."""
    from workbench.display.figures import bars

    name = score or next(iter(batch.scored), None)
    if name is None:
        return bars([worded(state) for state, _ in batch.told], [n for _, n in batch.told], batch.name, "parts")
    shown = [part for part in batch.parts if name in part.scores][:2000]
    return bars([_label(part) for part in shown], [part.scores[name] for part in shown], batch.name, metric_name(name))


def _row(part: Part, names: tuple[str, ...]) -> dict[str, Any]:
    state = None if part.job is None else part.job.state
    return {
        "part": part,
        "values": [_text(part, name) for name in names],
        "kind": "unknown" if state is None else KINDS.get(state, "info"),
        "state": worded(state),
        "took": "–" if part.job is None else duration(part.job),
        "told": "" if part.job is None else " ".join([part.job.error or "", *part.job.notes]).strip(),
    }


def _text(part: Part, name: str) -> str:
    return str(part.parameters[name]) if name in part.parameters else "–"


def _label(part: Part) -> str:
    return clipped(", ".join(f"{name}={value}" for name, value in part.parameters.items()) or str(part.number), 40)


def _is_bad(part: Part) -> bool:
    return part.job is None or part.job.state in BAD
