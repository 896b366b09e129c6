"""Who belongs together: rows by the values of a column, or the parts of its range, the same for every later row.

The one place where a column is cut into groups: for fairness, slices, cohorts, comparisons of reasons and windows.
Parts of numbers are ``below 30``, ``30 to below 60`` and ``60 and more``, those of moments
``before 2026-01-01``, ``2026-01-01 to before 2026-02-01`` and ``2026-02-01 and later``; rows without a value are
``missing``, those of values that are no group ``other values``, and groups of few rows ``rarer ones together``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.core.arguments import described
from workbench.core.group_choices import MOST_VALUES
from workbench.core.names import matching
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Codes = NDArray[np.intp]
    Rows = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

# Of numbers with more values than a few the quarters are groups.
FEW_NUMBERS = 8
MISSING, OTHER, TOGETHER = "missing", "other values", "rarer ones together"
# How older versions called rows without a value, and those of values that are no group.
_OLD = ("(missing)", "(other values)")


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
    moments : bool
        Whether the edges are moments, in seconds since 1970 (UTC).

    Examples
    --------
    >>> import pandas as pd
    >>> age = Grouping("age", edges=(30.0, 60.0))
    >>> [age.names[k] for k in age.of(pd.Series([18, 30, 99, None]))]
    ['below 30', '30 to below 60', '60 and more', 'missing']
    """

    column: str
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    moments: bool = False

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Grouping:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**{**content, "values": tuple(content["values"]), "edges": tuple(content["edges"])})

    @property
    def names(self) -> tuple[str, ...]:
        """Of the groups, no two alike: values or parts, what is missing, and values that were not there at first."""
        own = self._parts(_edges) if self.edges else self.values
        return (*own, _free(MISSING, own), _free(OTHER, own))

    @property
    def missing(self) -> str:
        """The name of the rows without a value."""
        return self.names[-2]

    @property
    def other(self) -> str:
        """The name of the rows whose value is no group."""
        return self.names[-1]

    @property
    def renamed(self) -> dict[str, str]:
        """What its groups are called now, by the names that older versions gave them."""
        old = self._parts(_old_edges) if self.edges else self.values
        return {**dict(zip(_OLD, self.names[-2:], strict=True)), **dict(zip(old, self.names, strict=False))}

    def of(self, column: pd.Series) -> Codes:
        """The place of each row's group among :attr:`names`, shape (n,)."""
        import numpy as np

        if self.edges:
            numbers = _numbers(_read(column, self.moments))
            nowhere = len(self.edges) + np.where(column.isna(), 1, 2)  # without a value, or none that is a number
            return np.where(np.isnan(numbers), nowhere, np.searchsorted(self.edges, numbers, side="right"))
        place = {value: k for k, value in enumerate(self.values)}
        codes, found = column.factorize(use_na_sentinel=True)
        known = np.array([place.get(as_text(value), len(place) + 1) for value in found] + [len(place)], dtype=np.intp)
        return known[codes]  # a gap is -1: the last one

    @classmethod
    def by(
        cls, column: pd.Series, edges: Sequence[float] | None = None, *, most: int = MOST_VALUES, rest: bool = False
    ) -> Grouping:
        """How a column is told apart: by its values where they are few, else by the quarters of its range.

        Parameters
        ----------
        column : pandas.Series, shape (n,)
        edges : sequence of float, optional
            Where parts of its range begin.
        most : int
            Values that are groups.
        rest : bool
            Whether rarer values are told together as other values; else there may be no more than ``most``.

        Raises
        ------
        BadParameter
            If it has more values and is no number, or edges that are none.
        """
        name = str(column.name)
        if edges is not None:
            return cls(name, edges=_checked(column, edges))
        if _is_ordered(column) and (numbers := _finite(column)) is not None:
            return cls(name, edges=_quarters(numbers), moments=_is_moment(column))
        values = _values(column)
        if len(values) > most and not rest:
            raise BadParameter(
                f"{name!r} has {len(values):,} values, and groups of so few rows tell nothing (at most {most} "
                "values). Put them together in a column of your own, such as regions in place of cities, and give that."
            )
        return cls(name, tuple(values[:most]))

    def _parts(self, told: Any) -> tuple[str, ...]:
        """The names of the parts, their edges told by a function."""
        if self.moments:
            return _between(_moments(self.edges), "before {}", "{} to before {}", "{} and later")
        return _between(told(self.edges), "below {}", "{} to below {}", "{} and more")


def as_text(value: Any) -> str:
    """A value as the name of its group: numbers and truth values alike, whatever type holds them.

    >>> as_text("Female"), as_text(1.0), as_text(True), as_text(1_000_001.0)
    ('Female', '1', 'True', '1000001')
    """
    import numpy as np

    if isinstance(value, (float, np.floating)):
        return str(value).removesuffix(".0")
    return str(value)


def groups_of(
    column: pd.Series, edges: Sequence[float] | None = None, *, most: int = MOST_VALUES
) -> tuple[Codes, tuple[str, ...]]:
    """The place of each row's group, and the groups' names; rarer values are other values.

    Examples
    --------
    >>> import pandas as pd
    >>> groups_of(pd.Series(["a", "b", "a", None], name="x"), most=1)
    (array([0, 2, 0, 1]), ('a', 'missing', 'other values'))
    """
    found = Grouping.by(column, edges, most=most, rest=True)
    return found.of(column), found.names


def with_enough(codes: Codes, names: Sequence[str], fewest: int) -> Iterator[tuple[str, Rows]]:
    """Name and rows of each group of at least so many rows, and those of fewer together where they are as many.

    Examples
    --------
    >>> import numpy as np
    >>> [name for name, rows in with_enough(np.array([0, 0, 0, 1, 2]), ("a", "b", "c"), 2)]
    ['a', 'rarer ones together']
    """
    import numpy as np

    sizes = np.bincount(codes, minlength=len(names))
    for code in np.flatnonzero(sizes >= fewest).tolist():
        yield names[code], codes == code
    few = (sizes < fewest)[codes]
    if few.sum() >= fewest:
        yield TOGETHER, few


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


def named(bins: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
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


def _free(word: str, taken: Sequence[str]) -> str:
    """A word that is none of the values: in brackets where one is called so."""
    while word in taken:
        word = f"({word})"
    return word


def _is_moment(column: pd.Series) -> bool:
    from pandas.api import types

    return types.is_datetime64_any_dtype(column)


def _is_number(column: pd.Series) -> bool:
    from pandas.api import types

    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def _is_ordered(column: pd.Series) -> bool:
    return _is_number(column) or _is_moment(column)


def _read(column: pd.Series, moments: bool) -> pd.Series:
    """A later column that should have numbers or moments, with gaps where it has others."""
    import pandas as pd

    if moments:
        return column if _is_moment(column) else pd.to_datetime(column, errors="coerce", utc=True)
    return column if _is_number(column) else pd.to_numeric(column, errors="coerce")


def _numbers(column: pd.Series) -> Numbers:
    """As numbers, moments in seconds since 1970; NaN where there is none."""
    import numpy as np
    import pandas as pd

    if _is_moment(column):
        plain = column.dt.tz_convert(None) if column.dt.tz is not None else column
        column = (plain - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
    return column.to_numpy(dtype=float, na_value=np.nan)


def _finite(column: pd.Series) -> Numbers | None:
    """Its finite numbers; None where they are so few different ones that each makes a group."""
    import numpy as np

    numbers = _numbers(column)
    numbers = numbers[np.isfinite(numbers)]
    return numbers if len(np.unique(numbers)) > FEW_NUMBERS else None


def _values(column: pd.Series) -> list[str]:
    """Its values as text, the commonest first."""
    counts: dict[str, int] = {}
    for value, count in column.value_counts().items():
        if count:  # a category may be none of the rows
            counts[as_text(value)] = counts.get(as_text(value), 0) + int(count)
    return sorted(counts, key=lambda text: (-counts[text], text))


def _quarters(numbers: Numbers) -> tuple[float, ...]:
    """Edges where quarters of the rows begin, in three digits of their spread.

    Each has rows on both sides: where more than a quarter have the least value, the other edges are left, or the value
    that comes next.
    """
    import numpy as np

    ordered = np.unique(numbers)
    quarters = np.quantile(numbers, [0.25, 0.5, 0.75])
    spread = float(quarters[2] - quarters[0]) or float(ordered[-1] - ordered[0])
    told = [_rounded(float(edge), spread) for edge in quarters]
    apart = [edge for edge in dict.fromkeys(told) if ordered[0] < edge <= ordered[-1]]
    return tuple(apart or [float(ordered[1])])


def _rounded(edge: float, spread: float) -> float:
    try:
        return round(edge, 2 - math.floor(math.log10(spread)))
    except OverflowError:  # as wide as a number can be
        return edge


def _checked(column: pd.Series, edges: Sequence[float]) -> tuple[float, ...]:
    import numpy as np

    if not _is_number(column):
        raise BadParameter(f"The column {column.name!r} has no numbers to bin. Leave out its bins.")
    try:
        numbers = np.asarray(list(edges), dtype=float).ravel()
    except (TypeError, ValueError, OverflowError):
        numbers = np.array([np.nan])
    if not len(numbers) or not np.isfinite(numbers).all() or not (np.diff(numbers) > 0).all():
        raise BadParameter(
            f"The bins of {column.name!r} are numbers that rise, got {described(edges)}. Give for example [30, 50, 65]."
        )
    return tuple(numbers.tolist())


def _between(told: Sequence[str], first: str, middle: str, last: str) -> tuple[str, ...]:
    between = (middle.format(low, high) for low, high in pairwise(told))
    return (first.format(told[0]), *between, last.format(told[-1]))


def _edges(edges: Sequence[float]) -> list[str]:
    """Each as another text: in four digits and all those before the point, or in as many more as it takes."""
    for digits in range(4, 18):
        told = [_edge(edge, digits) for edge in edges]
        if len(set(told)) == len(told):
            break
    return told


def _edge(edge: float, digits: int) -> str:
    """
    >>> _edge(45000.0, 4), _edge(45012.5, 4), _edge(45012.5, 6), _edge(0.25, 4)
    ('45,000', '45,012', '45,012.5', '0.25')
    """
    if edge.is_integer() and abs(edge) < 1e15:
        return f"{edge:,.0f}"
    whole = len(str(int(abs(edge)))) if abs(edge) < 1e15 else 0
    return f"{edge:,.{max(digits, whole)}g}"


def _old_edges(edges: Sequence[float]) -> list[str]:
    return [f"{edge:,.0f}" if edge.is_integer() else f"{edge:,.4g}" for edge in edges]


def _moments(edges: Sequence[float]) -> list[str]:
    """Each as a date, or with as much of the time as tells them apart."""
    from datetime import UTC, datetime

    moments = [datetime.fromtimestamp(edge, UTC).replace(tzinfo=None) for edge in edges]
    for unit in ("minutes", "seconds", "microseconds"):
        dates = [moment.date().isoformat() for moment in moments]
        told = dates if len(set(dates)) == len(dates) else [one.isoformat(" ", timespec=unit) for one in moments]
        if len(set(told)) == len(told):
            break
    return told
