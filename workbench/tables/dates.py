"""What a model can use of dates: parts that come again, which the date itself never does, and the days between two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import tau
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
MOST_DATES = 6  # whose differences are taken: 15 pairs
PERIODS = (tau / 12, tau / 7, tau / 24)  # angle of a month, a weekday and an hour on their circles


def date_parts(values: Any) -> NDArray[np.float64]:
    """Month, weekday and hour of each date column, in UTC where the zone is known.

    Parameters
    ----------
    values : pandas.DataFrame
        Datetime columns, shape (rows, columns).

    Returns
    -------
    float array, shape (rows, 3 * columns)
        Month 1 to 12, weekday 0 (Monday) to 6, hour 0 to 23; NaN where the date is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> date_parts(pd.DataFrame({"when": pd.to_datetime(["2013-07-04 15:20", None])}))
    array([[ 7.,  3., 15.],
           [nan, nan, nan]])
    """
    import numpy as np

    # The compiled model takes the same functions, so a date means the same in training and in production.
    from workbench.tables.encoders import parts

    return np.hstack([parts(moment) for moment in _moments(values)])


def date_features(values: Any, cyclic: bool = False) -> NDArray[np.float64]:
    """Parts of several dates, and the days between each two of them.

    Parameters
    ----------
    values : pandas.DataFrame
        Datetime columns, shape (rows, columns).
    cyclic : bool
        Whether months, weekdays and hours are also given as points on a circle, on which December is beside January: a
        line can't bend as a tree can.

    Returns
    -------
    float array, shape (rows, made columns)
        What :func:`date_parts` gives; day of the month 1 to 31 and days since 1970 of each column; for each of the
        :func:`pairs` the days from the first to the second, negative where the second is earlier; where asked for, the
        sines and then the cosines of month, weekday and hour of each column. NaN where a date is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> dates = pd.DataFrame({"from": pd.to_datetime(["2024-02-28"]), "to": pd.to_datetime(["2024-03-01 06:00"])})
    >>> date_features(dates)[:, -1]
    array([2.25])
    """
    import numpy as np

    from workbench.tables.encoders import calendar, days, parts

    moments = _moments(values)
    again = np.hstack([parts(moment) for moment in moments])
    made = [again, *map(calendar, moments), *(days(start, end)[:, None] for start, end in pairs(moments))]
    if cyclic:
        angles = again * np.tile(PERIODS, len(moments))
        made += [np.sin(angles), np.cos(angles)]
    return np.hstack(made)


def pairs(dates: Sequence[T]) -> list[tuple[T, T]]:
    """Each two of the first six dates, in their order.

    >>> pairs(["ordered", "packed", "sent"])
    [('ordered', 'packed'), ('ordered', 'sent'), ('packed', 'sent')]
    """
    return list(combinations(dates[:MOST_DATES], 2))


def _moments(values: Any) -> list[NDArray[np.datetime64]]:
    import pandas as pd

    from workbench.tables.encoders import moments

    frame = pd.DataFrame(values)
    return [moments(pd.to_datetime(frame[name])) for name in frame.columns]
