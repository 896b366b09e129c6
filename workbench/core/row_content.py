"""What a row holds as a number of 64 bits: the same for equal rows, whatever table and type they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def content_hashes(features: pd.DataFrame) -> NDArray[np.uint64]:
    """A hash of each row by its values alone, shape (rows,), little-endian.

    Parameters
    ----------
    features : pandas.DataFrame, shape (rows, columns)
        Typed as a contract says; the order of the columns makes no difference.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"age": [36, 41, 36], "city": ["Rome", "Oslo", "Rome"]})
    >>> one, other, again = content_hashes(rows).tolist()
    >>> one == again, one == other, content_hashes(rows.iloc[[1]].astype({"age": float})).tolist() == [other]
    (True, False, True)
    """
    import pandas as pd

    plain = pd.DataFrame({name: _plain(features[name]) for name in sorted(features.columns)})
    hashed: NDArray[np.uint64] = pd.util.hash_pandas_object(plain, index=False).to_numpy().astype("<u8")
    return hashed


def _plain(values: pd.Series) -> pd.Series:
    """One type for one kind of values, whichever a batch came in."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values):
        naive = values.dt.tz_convert(None) if values.dt.tz is not None else values
        return naive.astype("datetime64[us]").astype("int64")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype(np.float64) + 0.0  # no negative zero
    return values.astype(object).where(values.notna(), None).map(lambda text: "" if text is None else f"={text}")
