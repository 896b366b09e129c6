"""What if: how many alarms a model's history would have had at another false-alarm rate, and what that would have cost.

The page that stands answers a form; in a kernel a slider does the same at once. Both draw what :func:`told` makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from workbench.apps.choice import Choice
from workbench.apps.query import query
from workbench.apps.sentences import say
from workbench.apps.stored import stored
from workbench.core.report import MonitorReport
from workbench.display import alarm_curve
from workbench.display.rendering import fragment
from workbench.errors import BadParameter
from workbench.monitoring.alarm_curve import RATES

if TYPE_CHECKING:
    from ipywidgets import VBox

NOTEBOOK = "whatif.ipynb"
MOST_COST = 1e12


@dataclass(frozen=True)
class Asked:
    """What is tried.

    Parameters
    ----------
    rate : float, optional
        In (0, 0.5]; by default the report's own.
    alarm_cost, missed_cost : float
        Of an alarm, and of a bad window that no alarm tells of; at least 0.
    """

    rate: float | None = None
    alarm_cost: float = 1.0
    missed_cost: float = 10.0

    @classmethod
    def of(cls, query: str) -> Asked:
        """Read an address; what makes no sense there is left out.

        >>> Asked.of("rate=0.01&alarm=2&missed=much")
        Asked(rate=0.01, alarm_cost=2.0, missed_cost=10.0)
        """
        told = dict(parse_qsl(query, max_num_fields=50))
        usual, rate = cls(), _number(told.get("rate", ""), 0.5)
        alarm, missed = (_number(told.get(name, ""), MOST_COST) for name in ("alarm", "missed"))
        return cls(
            rate or None,
            usual.alarm_cost if alarm is None else alarm,
            usual.missed_cost if missed is None else missed,
        )


def shown(choice: Choice, asked: Asked) -> str:
    """The page as text: the form, and what it asks for; why there is nothing where there is no report."""
    report, problem = _report(choice)
    if report is None:
        return _head(choice, problem=problem)
    return _head(choice, rates=_rates(report, asked), asked=asked, now=asked.rate or report.false_alarm_rate) + told(
        report, asked
    )


def told(report: MonitorReport, asked: Asked) -> str:
    """The numbers at the rate that is tried, and the curves over all rates."""
    curve = report.alarms(
        sorted({*RATES, *([asked.rate] if asked.rate else [])}),
        alarm_cost=asked.alarm_cost,
        missed_cost=asked.missed_cost,
    )
    return alarm_curve.html(curve, asked.rate)


def page(name: str | None = None) -> VBox:
    """A slider of the false-alarm rate, two costs, and what they would have brought; for a page that computes.

    Parameters
    ----------
    name : str, optional
        Of the bundle; by default what the page's address says (``?name=flights``).

    Examples
    --------
    >>> shown = page("churn")
    """
    from ipywidgets import HTML, BoundedFloatText, SelectionSlider, VBox

    asked = Asked.of(query())
    choice = Choice.of(query(), **({"name": name} if name else {}))
    report, lang = _report(choice)[0], choice.lang
    if report is None:
        return VBox([HTML(shown(choice, asked))])
    wide = {"description_width": "initial"}
    rate = SelectionSlider(
        options=[(f"{each:g}", each) for each in _rates(report, asked)],
        value=asked.rate or report.false_alarm_rate,
        description=say("False-alarm rate", lang),
        continuous_update=True,
        style=wide,
        layout={"width": "95%", "max_width": "560px"},
    )
    costs = [
        BoundedFloatText(value=value, min=0, max=MOST_COST, description=say(text, lang), style=wide)
        for value, text in ((asked.alarm_cost, "Cost of an alarm"), (asked.missed_cost, "Cost of a missed window"))
    ]
    drawn = HTML()

    def draw(_: Any = None) -> None:
        drawn.value = told(report, Asked(rate.value, *(cost.value for cost in costs)))

    for control in (rate, *costs):
        control.observe(draw, "value")
    draw()
    return VBox([HTML(_head(choice)), rate, *costs, drawn])


def _report(choice: Choice) -> tuple[MonitorReport | None, str]:
    """The report with windows, or why there is none."""
    try:
        one = stored(choice.name) if choice.name else None
    except BadParameter as error:
        return None, str(error)
    if one is not None and one.report is not None and one.report.windows:
        return one.report, ""
    return None, (one.problem if one else "") or say("There are no windows yet.", choice.lang)


def _rates(report: MonitorReport, asked: Asked) -> list[float]:
    return sorted({*RATES, report.false_alarm_rate, asked.rate or report.false_alarm_rate})


def _head(choice: Choice, **more: Any) -> str:
    """The way back, and the form where there is one."""
    back = choice.link("model.ipynb" if choice.name else "models.ipynb")
    given = {"problem": "", "rates": (), **more}
    return fragment("whatif", choice=choice, back=back, say=lambda text: say(text, choice.lang), **given)


def _number(text: str, most: float) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) and 0 <= found <= most else None
