"""The live view of a profile: choose the target, mark a range and see the other columns in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from workbench.core.dataset import Dataset
from workbench.core.profile import ColumnProfile, Profile
from workbench.display.profile import body, html, script
from workbench.errors import BadParameter, WorkbenchError
from workbench.profiling.profile import profile as make_profile
from workbench.reading.dataset import dataset
from workbench.reading.door import aimed_at

if TYPE_CHECKING:
    import pandas as pd

# Rows that a marked range is drawn from: a share's standard error is 0.4% at most.
SAMPLED = 20_000


class ProfileView(anywidget.AnyWidget):
    """A profile with a kernel behind it. Made by :func:`view`.

    A saved notebook, or one that ran as a job, shows the same page without the choice of the target.
    """

    _esm = f"{script()}\nexport default {{ render }};"
    html = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    target = traitlets.Unicode().tag(sync=True)

    def __init__(self, profile: Profile, data: Dataset | None = None) -> None:
        self.profile, self.data = profile, data
        self._sample: pd.DataFrame | None = None
        names = [] if data is None else list(data.contract.names)
        super().__init__(columns=names, html=body(profile), target=profile.contract.target or "")
        self.on_msg(self._asked)

    def choose_target(self, name: str | None) -> None:
        """Profile the dataset anew with another target, or with none.

        Raises
        ------
        BadParameter
            If the view has no dataset.
        ColumnNotFound
            If the dataset has no such column.
        BadTable
            If the column can't be a target.
        """
        self.data = aimed_at(self._dataset(), name)
        self.profile = make_profile(self.data)
        self.target = name or ""
        self.html = body(self.profile)

    def brush(self, column: str, low: float, high: float) -> list[list[float] | None]:
        """How the rows whose ``column`` lies between ``low`` and ``high`` (both included) spread over each column.

        Returns
        -------
        list of list of float or None
            One a column of the profile: rows in each bar of its drawing, among at most 20,000 rows that are looked
            at; None where nothing is drawn.
        """
        chosen = self._chosen(column, low, high)
        return [_spread(chosen[c.name], c) if c.name in chosen and not c.sensitive else None for c in self.profile]

    def _chosen(self, column: str, low: float, high: float) -> pd.DataFrame:
        table = self._dataset().table
        if self._sample is None:
            self._sample = table.sample(SAMPLED, random_state=0) if len(table) > SAMPLED else table
        self.profile[column]
        numbers = _numbers(self._sample[column])
        return self._sample[(numbers >= low) & (numbers <= high)]

    def _dataset(self) -> Dataset:
        if self.data is None:
            raise BadParameter("This view has no rows to look at. Make it with wb.view(profile, data).")
        return self.data

    def _asked(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Answer the page; what goes wrong is said there, since nobody sees a kernel's traceback of a message."""
        try:
            self._answer(asked)
        except WorkbenchError as error:
            self.send({"parts": None, "text": str(error)})

    def _answer(self, asked: dict[str, Any]) -> None:
        if "target" in asked:
            self.choose_target(asked["target"] or None)
            return
        column, low, high = str(asked["column"]), float(asked["low"]), float(asked["high"])
        parts, rows = self.brush(column, low, high), len(self._chosen(column, low, high))
        looked_at = "" if self._sample is None or len(self._sample) == self.profile.rows else " of the rows looked at"
        sentence = (
            f"{rows:,} rows{looked_at} lie in the marked range of {column}; the narrow bars show how they spread."
        )
        self.send({"parts": parts, "text": sentence})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and the same as plain HTML for a reader without a kernel."""
        mimebundle = super()._repr_mimebundle_(**kwargs)
        bundle, *rest = mimebundle if isinstance(mimebundle, tuple) else (mimebundle,)
        whole = {**(bundle or {}), "text/plain": self.profile.headline(), "text/html": html(self.profile)}
        return (whole, *rest) if rest else whole


def view(profile: Profile, data: Any = None) -> ProfileView:
    """The live view of a profile: see :func:`workbench.widgets.view.view`.

    Raises
    ------
    BadParameter
        If ``data`` has other columns than the profile.
    """
    data = data if data is None or isinstance(data, Dataset) else dataset(data, contract=profile.contract)
    lacking = [] if data is None else [c.name for c in profile if c.name not in data.contract]
    if lacking:
        raise BadParameter(
            f"The profile is of another table: the dataset has no column {lacking[0]!r}. "
            "Hand over the dataset that was profiled."
        )
    return ProfileView(profile, data)


def _spread(values: pd.Series, column: ColumnProfile) -> list[float] | None:
    if column.histogram is not None:
        numbers = _numbers(values)
        counts, _ = np.histogram(numbers[np.isfinite(numbers)], bins=np.unique(column.histogram.edges))
        return [float(n) for n in counts]
    if not column.top:
        return None
    counted = values.dropna().astype(str).value_counts()
    shown = [float(counted.get(text, 0)) for text, _ in column.top[:12]]
    return shown + [0.0] * max(0, 6 - len(shown))  # as many places as the drawing has


def _numbers(values: pd.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """As the profile counts: datetimes in seconds since 1970 in UTC."""
    import pandas as pd

    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        moments = pd.to_datetime(values, utc=True)
        seconds = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
        return np.asarray(seconds, dtype=np.float64)
    return np.asarray(pd.to_numeric(values, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan))
