"""Whether numbers go on being numbers: what the first rows of a column don't show, and no number keeps."""

from __future__ import annotations

import polars as pl

from workbench.core.reading import Form
from workbench.reading.deciding import FEW_CODES, without_exact_float
from workbench.reading.values import EXACT, as_text, plain_numbers

# Values that are kept, to decide again by them.
MOST_KEPT = 1_000
_LENGTH = pl.first().str.len_bytes()
_MAY_BE_PADDED = pl.first().str.starts_with("0") & (_LENGTH > 1)
_PADDED = pl.first().str.contains("^0[0-9]+$")


class LaterValues:
    """What all values of a column say that was taken for numbers by its first ones.

    Codes with zeros in front, and whole numbers that have no exact float, make a column a text wherever they stand.

    Attributes
    ----------
    contradicting : list of polars.Series
        Texts of them.

    Examples
    --------
    >>> later, form = LaterValues(), Form()
    >>> for texts in (pl.Series(["10115", "80331"]), pl.Series(["01067", "99084"])):
    ...     later.add(texts, texts.cast(pl.Int64), "integer", form)
    >>> later.refute, later.contradicting[0].to_list()
    (True, ['01067'])
    """

    def __init__(self) -> None:
        self.contradicting: list[pl.Series] = []
        self._beyond = False
        self._rows = self._padded = 0
        self._lengths: set[int] = set()

    @property
    def refute(self) -> bool:
        """Whether it is a text."""
        return self._beyond or (self._padded > 0 and (len(self._lengths) == 1 or self._are_many()))

    def add(self, values: pl.Series, typed: pl.Series, kind: str, form: Form) -> None:
        """Further values, as they came and in their type."""
        if values.dtype != pl.String and not values.dtype.is_integer():
            return
        self._look_beyond(values, typed, form)
        if values.dtype == pl.String and kind == "integer":
            self._look_in_front(values)

    def _are_many(self) -> bool:
        return self._padded >= FEW_CODES * self._rows

    def _look_beyond(self, values: pl.Series, typed: pl.Series, form: Form) -> None:
        """Whole numbers without an exact float, or beyond any."""
        lost = values.dtype == pl.UInt64 and typed.null_count() > values.null_count()
        low, high = typed.min(), typed.max()
        if not lost and (low is None or max(-low, high) <= EXACT):  # type: ignore[operator, type-var]  # numbers
            return
        far = values.filter(typed.is_null() | (typed > EXACT) | (typed < -EXACT)).drop_nulls()
        if values.dtype != pl.String or without_exact_float(plain_numbers(far, form)):
            self._beyond = True
            self._keep(far)

    def _look_in_front(self, values: pl.Series) -> None:
        texts = values.to_frame()
        low, high, any_padded = texts.select(low=_LENGTH.min(), high=_LENGTH.max(), padded=_MAY_BE_PADDED.any()).row(0)
        self._lengths |= {one for one in (low, high) if one is not None}
        self._rows += len(values) - values.null_count()
        if any_padded:
            padded = texts.filter(_MAY_BE_PADDED).filter(_PADDED).to_series()
            self._padded += len(padded)
            self._keep(padded)

    def _keep(self, values: pl.Series) -> None:
        room = MOST_KEPT - sum(map(len, self.contradicting))
        if len(values) and room > 0:
            self.contradicting.append(as_text(values).head(room))
