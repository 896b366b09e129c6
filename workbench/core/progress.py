"""Progress of long work: a bar in a terminal, one updating display in a notebook, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from workbench.settings import in_kernel

Rows = Sequence[Mapping[str, Any]]
# Metadata of an output that is another one each time: two runs of a notebook are compared without it.
PASSING = {"workbench": {"passing": True}}


class Tracker(Protocol):
    """Told of each finished part."""

    def advance(self, note: str = "", rows: Rows = (), best: float | None = None) -> None:
        """One part is finished.

        Parameters
        ----------
        note : str
            What comes or what was done, in a few words.
        rows : sequence of mapping
            A small table to show below, such as a leaderboard. All rows have the same keys.
        best : float, optional
            The best score so far; a notebook draws how it went.
        """


@contextmanager
def progress(title: str, total: int | None, seconds: float | None = None) -> Iterator[Tracker]:
    """Show the progress of ``total`` parts while the block runs.

    Parameters
    ----------
    title : str
        What is going on.
    total : int, optional
        Number of calls of ``advance`` to expect; None where nobody can know.
    seconds : float, optional
        That the work may take, where it is the clock that ends it: a notebook counts them down.

    Examples
    --------
    >>> with progress("Training", total=2) as tracker:
    ...     tracker.advance("baseline")
    ...     tracker.advance("linear", rows=[{"candidate": "linear", "roc_auc": 0.71}])
    """
    if in_kernel():
        notebook = _Notebook(title, total, seconds)
        yield notebook
        notebook.close()
    elif sys.stderr.isatty():
        with _terminal(title, total) as tracker:
            yield tracker
    else:
        yield _Silent()


class _Silent:
    def advance(self, note: str = "", rows: Rows = (), best: float | None = None) -> None:
        pass


class _Notebook:
    """One display that is updated at most four times a second, and once at the end."""

    def __init__(self, title: str, total: int | None, seconds: float | None = None) -> None:
        from IPython.display import HTML, display

        self._title, self._total, self._seconds, self._done, self._note, self._rows = title, total, seconds, 0, "", ()
        self._bests: list[float] = []
        self._started = time.monotonic()
        self._shown = 0.0
        self._html = HTML
        self._handle: Any = display(HTML(self._text()), display_id=True, metadata=PASSING)

    def advance(self, note: str = "", rows: Rows = (), best: float | None = None) -> None:
        self._done += 1
        self._note, self._rows = note, tuple(rows) or self._rows  # type: ignore[assignment]
        self._bests += [] if best is None else [best]
        if time.monotonic() - self._shown > 0.25:
            self._show()

    def close(self) -> None:
        self._total = self._total or max(self._done, 1)  # a bar without an end would go on and on
        self._seconds = None
        self._done, self._note, self._rows, self._bests = self._total, "done", (), []  # the result itself shows them
        self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        self._handle.update(self._html(self._text()), metadata=PASSING)

    def _text(self) -> str:
        from html import escape

        seconds = time.monotonic() - self._started
        if self._seconds is None:
            done, total = float(self._done), float(self._total or 0)
            left = seconds / done * (total - done) if done else 0.0
        else:
            done, total, left = seconds, self._seconds, self._seconds - seconds
        bar = f'max="{total:g}" value="{min(done, total):g}" ' if total else ""
        clock = f"{seconds:.0f} s" + (f", about {left:.0f} s left" if left >= 1 else "")
        return (
            '<div style="font-family:var(--jp-ui-font-family,sans-serif);font-size:13px" role="status">'
            f"<b>{escape(self._title)}</b> {escape(self._note)} "
            f'<progress {bar}style="vertical-align:middle"></progress> '
            f'<span style="opacity:.7">{clock}</span>{_curve(self._bests)}{_table(self._rows)}</div>'
        )


def _curve(bests: Sequence[float]) -> str:
    """The best score after each part, as a line; nothing where it has not changed yet."""
    if len(set(bests)) < 2:
        return ""
    low, high = min(bests), max(bests)
    step = 240 / (len(bests) - 1)
    places = " ".join(f"{k * step:.1f},{36 - (b - low) / (high - low) * 32:.1f}" for k, b in enumerate(bests))
    text = f"best after {len(bests)}: {_cell(bests[-1])}"
    return (
        f'<div><svg width="240" height="40" viewBox="0 0 240 40" role="img" aria-label="{text}">'
        f'<polyline points="{places}" fill="none" stroke="var(--jp-brand-color1,#2563c9)" stroke-width="1.6"/></svg> '
        f'<span style="opacity:.7">{text}</span></div>'
    )


def _table(rows: Rows) -> str:
    if not rows:
        return ""
    from html import escape

    head = "".join(f"<th>{escape(str(k))}</th>" for k in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(_cell(v))}</td>" for v in r.values()) + "</tr>" for r in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


@contextmanager
def _terminal(title: str, total: int | None) -> Iterator[Tracker]:
    from rich import progress as parts
    from rich.console import Console

    bar_and_clock = (
        parts.BarColumn(),
        parts.MofNCompleteColumn(),
        parts.TimeElapsedColumn(),
        parts.TimeRemainingColumn(),
    )
    with parts.Progress(parts.TextColumn("{task.description}"), *bar_and_clock, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)

        class Bar:
            def advance(self, note: str = "", rows: Rows = (), best: float | None = None) -> None:
                told = [*([note] if note else []), *([] if best is None else [f"best {_cell(best)}"])]
                bar.update(task, advance=1, description=f"{title}: {', '.join(told)}" if told else title)

        yield Bar()
