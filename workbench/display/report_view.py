"""What somebody looks at in a monitoring report: which windows, and what of them more closely."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.core.report import MonitorReport, Window
from workbench.core.report_summary import metric_of
from workbench.core.shape import Shape
from workbench.monitoring.window_order import date_of

WINDOWS = 24  # as many as fit beside each other


@dataclass(frozen=True)
class Form:
    """Where a form is sent to, and what goes with it.

    Parameters
    ----------
    action : str
        Where it is sent to.
    hidden : tuple of (str, str)
        Fields that go with it as they are.
    by : str
        Who sends it, where that is known; the form of an incident asks for it where it is not.
    """

    action: str
    hidden: tuple[tuple[str, str], ...] = ()
    by: str = ""


@dataclass(frozen=True)
class View:
    """What is shown of a report.

    Parameters
    ----------
    language : str
        Two letters.
    since, until : str
        First and last day of the windows that are shown, ISO 8601; empty where there is no end.
    window, column, segment, metric : str
        What is looked at more closely. By default the latest window, and the score that decides.
    shapes : mapping of str to Shape
        By column, its values in the training and in that window.
    link : callable, optional
        The address of the same page with other choices, which are its keywords; None where nothing can be clicked.
    choosing : Form, optional
        The form of the choices above; None where there is none.
    acting : Form, optional
        The form of incidents; None for who may only look.
    share : float
        Of the rows that tables show at most, in (0, 1]: less makes a smaller page.
    """

    language: str = "en"
    since: str = ""
    until: str = ""
    window: str = ""
    column: str = ""
    segment: str = ""
    metric: str = ""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    link: Callable[..., str] | None = None
    choosing: Form | None = None
    acting: Form | None = None
    share: float = 1.0

    def windows(self, report: MonitorReport) -> tuple[Window, ...]:
        """Those between its days, the latest of them, or those around the window that is looked at."""
        within = [w for w in report.windows if self._within(w)]
        place = next((k for k, w in enumerate(within) if w.label == self.window), len(within))
        end = min(max(place + WINDOWS // 2, WINDOWS), len(within)) if place < len(within) - WINDOWS else len(within)
        return tuple(within[max(end - WINDOWS, 0) : end])

    def most(self, rows: int) -> int:
        """As many of so many rows as are shown."""
        return max(round(rows * self.share), 2)

    def shown(self, report: MonitorReport) -> Window | None:
        """The window that is looked at: the one that was asked for, else the latest that is judged."""
        asked = next((w for w in report.windows if w.label == self.window), None)
        within = self.windows(report)
        judged = [w for w in within if w.status != "unknown"]
        return asked or next(iter([*judged[-1:], *within[-1:]]), None)

    def scored_by(self, report: MonitorReport) -> str | None:
        """The score that is drawn: the one that was asked for where windows have it, else the one that decides."""
        return self.metric if self.metric in metrics(report.windows) else metric_of(report)

    def _within(self, window: Window) -> bool:
        first, last = days(window)
        if not first:
            return not self.since and not self.until
        return (not self.since or last >= self.since) and (not self.until or first <= self.until)


def days(window: Window) -> tuple[str, str]:
    """First and last day of a window, ISO 8601; empty where none is known.

    >>> days(Window("2026-07", 9, 0, 0.0, (), (), None, None, "ok"))
    ('2026-07-01', '2026-07-01')
    """
    named = date_of(window.label)
    first = window.begin[:10] or (named.isoformat() if named else "")
    return first, window.end[:10] or first


def metrics(windows: Sequence[Window]) -> tuple[str, ...]:
    """Names of all scores that windows have, the deciding one first."""
    return tuple(dict.fromkeys(one.name for w in reversed(windows) for one in w.performance))


def segments(windows: Sequence[Window]) -> tuple[str, ...]:
    """Names of all parts of the rows whose score windows have."""
    return tuple(dict.fromkeys(one.name for w in reversed(windows) for one in w.segments))


def columns(windows: Sequence[Window]) -> tuple[str, ...]:
    """Names of all columns that windows tell of."""
    found = [*(d.column for w in windows for d in w.drift), *(d.column for w in windows for d in w.explained)]
    return tuple(sorted({*found}))
