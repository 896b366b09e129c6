"""The verb ``view``."""

from __future__ import annotations

from typing import Any, overload

from workbench.core.explanation import Explanation
from workbench.core.nouns import expect
from workbench.core.profile import Profile
from workbench.core.run import Run
from workbench.widgets import explanation as explanations
from workbench.widgets import profile as profiles
from workbench.widgets.explanation import ExplanationView
from workbench.widgets.profile import ProfileView


@overload
def view(result: Profile, data: Any = None) -> ProfileView: ...
@overload
def view(result: Explanation, data: Run | None = None) -> ExplanationView: ...


def view(result: Profile | Explanation, data: Any = None) -> ProfileView | ExplanationView:
    """Show a profile or an explanation with a kernel behind it.

    Parameters
    ----------
    result : Profile or Explanation
        From :func:`workbench.profile` or :func:`workbench.explain`.
    data : optional
        Of a profile: its rows, as a Dataset, a path, a frame or another table. With them the target can be chosen in
        the view, and a range that is marked in a histogram shows how its rows spread over the other columns. Of an
        explanation: its Run. With it values can be turned and the model answers at once.

    Raises
    ------
    BadParameter
        If something else than a profile or an explanation came, or ``data`` has other columns than it.

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
    """
    if isinstance(result, Explanation):
        return explanations.view(result, data)
    return profiles.view(expect(result, Profile, "wb.view"), data)
