"""Who belongs together: rows by the values of a column, or the parts of its range, the same for every later row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.core.arguments import described
from workbench.core.names import matching
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Codes = NDArray[np.intp]

# Values of a column that are groups; of numbers with more values the quarters are.
MOST_VALUES = 30
FEW_NUMBERS = 8
MISSING, OTHER = "(missing)", "(other values)"


@dataclass(frozen=True)
class Grouping:
    """How the rows are told apart by one column.

    Parameters
    ----------
    column : str
    values : tuple of str
        Of a category, as text, the commonest first; of a truth value or of few numbers too.
    edges : tuple of float
        Of numbers: where parts begin, rising; a part ends below the next. Then there are no ``values``.

    Examples
    --------
    >>> import pandas as pd
    >>> age = Grouping("age", edges=(30.0, 60.0))
    >>> [age.names[k] for k in age.of(pd.Series([18, 30, 99, None]))]
    ['below 30', '30 to below 60', '60 and more', '(missing)']
    """

    column: str
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the groups: the values or parts, what is missing, and values that were not there at first."""
        return (*(_parts(self.edges) if self.edges else self.values), MISSING, OTHER)

    def of(self, column: pd.Series) -> Codes:
        """The place of each row's group among :attr:`names`, shape (n,)."""
        import numpy as np

        if self.edges:
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            places = np.searchsorted(self.edges, numbers, side="right")
            return np.where(np.isnan(numbers), len(self.edges) + 1, places)
        place = {value: k for k, value in enumerate(self.values)}
        codes, found = column.factorize(use_na_sentinel=True)
        known = np.array([place.get(as_text(value), len(place) + 1) for value in found] + [len(place)], dtype=np.intp)
        return known[codes]  # a gap is -1: the last one

    @classmethod
    def by(cls, column: pd.Series, edges: Sequence[float] | None = None) -> Grouping:
        """How a column is told apart: by its values where they are few, else by the quarters of its range.

        Parameters
        ----------
        column : pandas.Series, shape (n,)
        edges : sequence of float, optional
            Where parts of its range begin.

        Raises
        ------
        BadParameter
            If it has more than 30 values and is no number, or edges that are none.
        """
        name = str(column.name)
        if edges is not None:
            return cls(name, edges=_checked(column, edges))
        counts = column.value_counts()
        if len(counts) > FEW_NUMBERS and _is_number(column):
            return cls(name, edges=_quarters(column))
        if len(counts) > MOST_VALUES:
            raise BadParameter(
                f"{name!r} has {len(counts):,} values, and groups of so few rows tell nothing (at most {MOST_VALUES} "
                "values). Put them together in a column of your own, such as regions in place of cities, and give that."
            )
        return cls(name, tuple(as_text(value) for value in counts.index))


def as_text(value: Any) -> str:
    """A value as the name of its group.

    >>> as_text("Female"), as_text(1.0), as_text(True)
    ('Female', '1', 'True')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def crossed(codes: Sequence[Codes], names: Sequence[Sequence[str]]) -> tuple[Codes, tuple[str, ...]]:
    """Groups of several columns together: the place of each row, and the names of those that have rows.

    Examples
    --------
    >>> import numpy as np
    >>> crossed([np.array([0, 1, 1]), np.array([0, 0, 1])], [("f", "m"), ("x", "y")])
    (array([0, 1, 2]), ('f, x', 'm, x', 'm, y'))
    """
    import numpy as np

    sizes = [len(each) for each in names]
    there, places = np.unique(np.ravel_multi_index(tuple(codes), sizes), return_inverse=True)
    found = zip(*(axis.tolist() for axis in np.unravel_index(there, sizes)), strict=True)
    return places, tuple(", ".join(each[k] for each, k in zip(names, at, strict=True)) for at in found)


def named(bins: dict[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Edges by the columns that they are of.

    Raises
    ------
    BadParameter
        If some are of none of them.
    """
    found = {name: matching(name, columns) if isinstance(name, str) else None for name in bins}
    strange = next((name for name, place in found.items() if place is None), None)
    if strange is not None:
        raise BadParameter(f"bins has {described(strange)}, which is not grouped by. Name it in by, too.")
    return {columns[place]: bins[name] for name, place in found.items() if place is not None}


def _is_number(column: pd.Series) -> bool:
    from pandas.api import types

    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def _quarters(column: pd.Series) -> tuple[float, ...]:
    """Edges where quarters of the rows begin, in three digits; equal ones are one."""
    import numpy as np

    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    edges = [float(f"{edge:.3g}") for edge in np.nanquantile(numbers, [0.25, 0.5, 0.75])]
    return tuple(dict.fromkeys(edges))


def _checked(column: pd.Series, edges: Sequence[float]) -> tuple[float, ...]:
    import numpy as np

    if not _is_number(column):
        raise BadParameter(f"The column {column.name!r} has no numbers to bin. Leave it out of bins.")
    try:
        numbers = np.asarray(list(edges), dtype=float).ravel()
    except (TypeError, ValueError, OverflowError):
        numbers = np.array([np.nan])
    if not len(numbers) or not np.isfinite(numbers).all() or not (np.diff(numbers) > 0).all():
        raise BadParameter(
            f"The bins of {column.name!r} are numbers that rise, got {described(edges)}. Give for example [30, 50, 65]."
        )
    return tuple(numbers.tolist())


def _parts(edges: Sequence[float]) -> tuple[str, ...]:
    told = [_edge(edge) for edge in edges]
    middle = (f"{low} to below {high}" for low, high in pairwise(told))
    return (f"below {told[0]}", *middle, f"{told[-1]} and more")


def _edge(edge: float) -> str:
    return f"{edge:,.0f}" if edge.is_integer() else f"{edge:,.4g}"
