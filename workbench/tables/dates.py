"""The parts of a date that a model can use: they come again, the date itself never does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
    import pandas as pd

    from workbench.tables.compiled import parts

    # The compiled model takes the same function, so a date means the same in training and in production.
    frame = pd.DataFrame(values)
    return np.hstack([parts(pd.to_datetime(frame[name])) for name in frame.columns])
