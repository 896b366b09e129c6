"""The live view of a monitoring report: windows, columns and incidents are clicked, and other alarm rates tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

import anywidget
import traitlets

from workbench.core.arguments import described
from workbench.core.report import MonitorReport
from workbench.core.wording import listed_values, worded
from workbench.display.report import html
from workbench.display.report_live import live_script, live_style, rates
from workbench.display.report_view import Form, View, columns, metrics, segments
from workbench.errors import BadParameter, StoreError, WorkbenchError
from workbench.monitoring.acting import incident
from workbench.monitoring.incident_book import acts, handled, known
from workbench.monitoring.shapes import Shapes, shapes
from workbench.settings import settings
from workbench.storage.audit import user

MOST = 20  # names that a message lists
# What can be chosen, each in the address of a link; what of it the report must have.
CHOSEN = ("since", "until", "window", "column", "segment", "metric")
OFFERED: Mapping[str, Callable[[MonitorReport], Any]] = {
    "window": lambda report: [one.label for one in report.windows],
    "column": lambda report: columns(report.windows),
    "segment": lambda report: segments(report.windows),
    "metric": lambda report: metrics(report.windows),
}


class ReportView(anywidget.AnyWidget):
    """A monitoring report with a kernel behind it. Made by :func:`workbench.view`.

    A saved notebook, or one that ran as a job, shows the same page of the latest window without the clicks.
    """

    _esm = f"{live_script()}\nexport default {{ render }};"
    html = traitlets.Unicode().tag(sync=True)
    rules = traitlets.Unicode().tag(sync=True)  # not "style", which widgets have for something else

    def __init__(self, report: MonitorReport) -> None:
        self.report, self.view = _as_it_stands(report), View()
        super().__init__(rules=live_style())
        self._show(self.view)
        self.on_msg(self._asked)

    def choose(self, **choices: str) -> None:
        """Look at something more closely; what is not named stays as it is, and an empty text takes a choice back.

        Parameters
        ----------
        **choices
            ``window``, ``column``, ``segment``, ``metric``, and ``since`` and ``until``, days such as ``2026-07-01``.

        Raises
        ------
        BadParameter
            If there is no such choice, a day is none, or the report has no such window, column, segment or metric.
        """
        for name, value in choices.items():
            self._check(name, value)
        chosen: dict[str, Any] = {**choices}
        self._show(replace(self.view, **chosen))

    def _check(self, name: str, value: str) -> None:
        if name not in CHOSEN:
            raise BadParameter.unknown(name, CHOSEN, "The view")
        if not value:
            return
        if name not in OFFERED:
            if not _is_day(value):
                raise BadParameter(f"{name!r} is a day such as '2026-07-01', got {described(value)}. Change it.")
        elif value not in (offered := list(OFFERED[name](self.report))):
            raise BadParameter(f"The report has no {name} {worded(value)}. It has {listed_values(offered, MOST)}.")

    def act(self, id: str, act: str, **told: str) -> None:  # noqa: A002 - as wb.incident calls it
        """Do something about an incident, as :func:`workbench.incident` does it, and show what became of it.

        Raises
        ------
        BadParameter
            If that can't be done.
        NotFound
            If no report of the bundle has such an incident.
        """
        incident(self.report.name, id, act, **told)
        self.report = _as_it_stands(self.report)
        self._show(self.view)

    def _show(self, view: View) -> None:
        acting = Form("", by=user()) if _is_known(self.report) else None
        there = self._shapes(view)
        self.view = replace(view, shapes=there, link=self._address, choosing=Form(""), acting=acting)
        self.html = html(self.report, self.view)

    def _shapes(self, view: View) -> Shapes:
        """How the columns of the window that is looked at are spread, where their profiles are in this home."""
        seen = view.shown(self.report)
        if seen is None:
            return {}
        return shapes(self.report.name, seen.label, seen.version or self.report.version, settings())

    def _address(self, at: str = "", **changes: str) -> str:
        """What a link asks for: all choices, with some changed; and which part of the page it leads to."""
        now = {name: getattr(self.view, name) for name in CHOSEN} | changes
        asked = urlencode({name: value for name, value in now.items() if name in CHOSEN and value})
        return f"?{asked}#{at}" if at else f"?{asked}"

    def _asked(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Answer the page; what goes wrong is said there, since nobody sees a kernel's traceback of a message."""
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "look": self._look, "act": self._act, "rates": self._rates, "language": self._speak,
        }  # fmt: skip
        try:
            self.send(answers[asked["kind"]](asked))
        except WorkbenchError as error:
            self.send({"kind": "told", "text": str(error)})

    def _look(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = dict(parse_qsl(str(asked["query"])))
        self.choose(**{name: query.get(name, "") for name in CHOSEN})
        return {"kind": "shown"}

    def _act(self, asked: dict[str, Any]) -> dict[str, Any]:
        given = {name: str(value).strip() for name, value in asked["fields"].items()}
        told = {"note": given.get("note", "")} | ({"until": given["until"]} if given["act"] == "snooze" else {})
        self.act(given["incident"], given["act"], **told)
        return {"kind": "shown"}

    def _rates(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "rates", **rates(self.report.alarms())}

    def _speak(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._show(replace(self.view, language=str(asked["language"])))
        return {"kind": "shown"}

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and the same as plain HTML for a reader without a kernel."""
        mimebundle = super()._repr_mimebundle_(**kwargs)
        bundle, *rest = mimebundle if isinstance(mimebundle, tuple) else (mimebundle,)
        whole = {**(bundle or {}), "text/plain": self.report.headline(), "text/html": html(self.report)}
        return (whole, *rest) if rest else whole


def view(report: MonitorReport) -> ReportView:
    """The live view of a monitoring report: see :func:`workbench.widgets.view.view`."""
    return ReportView(report)


def _is_day(value: str) -> bool:
    with suppress(ValueError, TypeError):
        return date.fromisoformat(value).isoformat() == value
    return False


def _as_it_stands(report: MonitorReport) -> MonitorReport:
    """With what people did about its incidents since it was made; where that can't be read, as it was."""
    with suppress(StoreError, BadParameter):
        return replace(report, incidents=handled(report.incidents, acts(report.name, settings())))
    return report


def _is_known(report: MonitorReport) -> bool:
    """Whether its incidents can be acted on: those of a report from elsewhere are not in this home."""
    with suppress(StoreError, BadParameter):
        there = {one.id for one in known(report.name, settings())}
        return any(one.id in there for one in report.incidents)
    return False
