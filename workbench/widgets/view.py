"""The verb ``view``."""

from __future__ import annotations

from typing import Any, overload

from workbench.core.explanation import Explanation
from workbench.core.fairness import Fairness
from workbench.core.nouns import expect
from workbench.core.profile import Profile
from workbench.core.report import MonitorReport
from workbench.core.run import Run
from workbench.errors import BadParameter
from workbench.widgets import explanation as explanations
from workbench.widgets import fairness as fairnesses
from workbench.widgets import profile as profiles
from workbench.widgets import report as reports
from workbench.widgets.explanation import ExplanationView
from workbench.widgets.fairness import FairnessView
from workbench.widgets.profile import ProfileView
from workbench.widgets.report import ReportView


@overload
def view(result: Profile, data: Any = None) -> ProfileView: ...
@overload
def view(
    result: Explanation, data: Run | None = None, *, other: Run | Explanation | None = None
) -> ExplanationView: ...
@overload
def view(result: Fairness, data: Run | None = None) -> FairnessView: ...
@overload
def view(result: MonitorReport) -> ReportView: ...


def view(
    result: Profile | Explanation | Fairness | MonitorReport,
    data: Any = None,
    *,
    other: Run | Explanation | None = None,
) -> ProfileView | ExplanationView | FairnessView | ReportView:
    """Show a profile, an explanation, a fairness or a monitoring report with a kernel behind it.

    Parameters
    ----------
    result : Profile, Explanation, Fairness or MonitorReport
        From :func:`workbench.profile`, :func:`workbench.explain`, :func:`workbench.fairness` or
        :func:`workbench.monitor`. In a report windows, columns and incidents are clicked, and other false-alarm rates
        tried.
    data : optional
        Of a profile: its rows, as a Dataset, a path, a frame or another table. With them the target can be chosen in
        the view, and a range that is marked in a histogram shows how its rows spread over the other columns. Of an
        explanation: its Run. With it values can be turned and the model answers at once. Of a fairness: its Run. With
        it the columns whose groups are compared, and the answer whose rates are told, can be chosen.
    other : Run or Explanation, optional
        Of an explanation: another model, or its explanation, in the same unit and of the same class. What the two weigh
        differently is told side by side, in all rows, in groups and of one row. A run explains the same rows.

    Raises
    ------
    BadParameter
        If something else came, ``data`` has other columns than the profile or the explanation, or is another run, or
        ``other`` can't be compared.

    Examples
    --------
    >>> import workbench as wb
    >>> data = wb.dataset("churn.csv")
    >>> shown = wb.view(wb.profile(data), data)
    >>> shown.choose_target("Churn")
    >>> shown.profile.contract.target
    'Churn'
    >>> run = wb.train(shown.data, candidates=["linear"])
    >>> shown = wb.view(wb.explain(run, rows=50), run)
    >>> shown.ask(0, {"tenure": 1}).prediction
    'Yes'
    >>> shown = wb.view(wb.fairness(run, "Contract", why=False), run)
    >>> shown.choose(["Contract", "tenure"])
    >>> shown.fairness.columns
    ('Contract', 'tenure', 'Contract × tenure')
    >>> shown = wb.view(wb.monitor("churn"))
    >>> shown.choose(window="2026-07", column="tenure")
    """
    if isinstance(result, Explanation):
        return explanations.view(result, data, other)
    if other is not None:
        raise BadParameter("Another model stands beside an explanation. Compare profiles: profile.compare(other).")
    if isinstance(result, Fairness):
        return fairnesses.view(result, data)
    if isinstance(result, MonitorReport):
        if data is not None:
            raise BadParameter("A report is shown by itself. Leave the data out: wb.view(report).")
        return reports.view(result)
    return profiles.view(expect(result, Profile, "wb.view"), data)
