"""Which rows a model was trained on: a sketch of their hashes, by which a later table's rows are recognised.

A row is told by what it holds: its features, but for sensitive ones, and never its label, so that nobody who has a
bundle finds either by trying. A row takes 12 bits; a row that was not there is taken for one that was in at most 1 of
200 cases, by chance alone, and one that was there is always found. Of more than 699,050 rows fewer bits are left for
each, and more are taken for seen: :attr:`SeenRows.false_positives` says how many (2% of a million).

Where rows hold little (a few categories), new ones equal old ones by chance. So the sketch also knows how many of the
rows stood alone, from which the share of new rows that hold what was there already follows (Good, 1953), and keeps a
second filter in which the row's id and moment count, too.

References
----------
Bloom, B. H. (1970), Space/time trade-offs in hash coding with allowable errors. Kirsch, A. and Mitzenmacher, M. (2006),
Less hashing, same performance. Good, I. J. (1953), The population frequencies of species and the estimation of
population parameters. Esty, W. W. (1983), A normal limit law for a nonparametric estimator of the coverage of a random
sample.
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.row_content import content_hashes
from workbench.core.saved import Saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

FILE = "seen.json"
BITS = 12  # a row
# Of one filter; in a smaller one the two halves of a hash often lead to the same places.
FEWEST_BYTES, MOST_BYTES = 512, 2**20
MOST_TIMES = 8  # bits that a hash sets
AT_A_TIME = 100_000  # rows that are hashed
# From this share of rows on that stand alone, what a row holds tells which one it is.
TELLING = 0.95


@dataclass(frozen=True)
class Filter:
    """A Bloom filter.

    Parameters
    ----------
    size : int
        Bits.
    times : int
        Bits that each hash sets.
    bits : str
        Base64.

    Examples
    --------
    >>> import numpy as np
    >>> some = Filter.of(np.arange(100, dtype=np.uint64) * np.uint64(2**40 + 12345))
    >>> bool(some.has(np.arange(100, dtype=np.uint64) * np.uint64(2**40 + 12345)).all()), len(some.bits)
    (True, 684)
    """

    size: int
    times: int
    bits: str

    @classmethod
    def of(cls, hashes: Hashes) -> Filter:
        """With some hashes, shape (rows,)."""
        import numpy as np

        size = 8 * min(max(-(-BITS * len(hashes) // 8), FEWEST_BYTES), MOST_BYTES)
        times = min(MOST_TIMES, max(1, round(log(2) * size / max(len(hashes), 1))))
        bits = np.zeros(size, dtype=bool)
        for places in _places(hashes, size, times):
            bits[places] = True
        return cls(size, times, base64.b64encode(np.packbits(bits).tobytes()).decode())

    def has(self, hashes: Hashes) -> Mask:
        """Which of some hashes are among them, shape (rows,)."""
        import numpy as np

        found = np.ones(len(hashes), dtype=bool)
        for places in _places(hashes, self.size, self.times):
            found &= self._set[places]
        return found

    @cached_property
    def false_positives(self) -> float:
        """Share of other hashes that are taken for one of them."""
        return float(self._set.mean() ** self.times)

    @cached_property
    def _set(self) -> Mask:
        import numpy as np

        packed = np.frombuffer(base64.b64decode(self.bits, validate=True), dtype=np.uint8)
        if not 0 < self.size == 8 * len(packed) or not 0 < self.times < 64:
            raise ValueError(f"a filter of {self.size} bits has {8 * len(packed)}, each hash {self.times}")
        return np.unpackbits(packed).astype(bool)


@dataclass(frozen=True)
class SeenRows(Saved):
    """The rows that a model was trained on. Made by :func:`workbench.train`, and part of the bundle.

    Parameters
    ----------
    columns : tuple of str
        By which a row is told: the features, but for sensitive ones.
    identity : tuple of str
        Columns that tell rows that hold the same: those of ids and moments, but for sensitive ones.
    rows : int
        So many.
    alone : float
        Share of them that hold what no other row does, in [0, 1].
    content : Filter
        By ``columns``.
    whole : Filter, optional
        By ``columns`` and ``identity``.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": range(50), "nr": range(50)})
    >>> seen = SeenRows.of(table, ("age",), ("nr",))
    >>> later = pd.DataFrame({"age": [7, 70], "nr": [7, 70]})
    >>> seen.content.has(seen.hashes(later)).tolist(), seen.alone
    ([True, False], 1.0)
    """

    columns: tuple[str, ...]
    identity: tuple[str, ...]
    rows: int
    alone: float
    content: Filter
    whole: Filter | None = None

    noun: ClassVar[str] = "seen rows"

    @classmethod
    def of(cls, table: pd.DataFrame, columns: Sequence[str], identity: Sequence[str] = ()) -> SeenRows:
        """Of a table that is typed as its contract says, shape (rows, columns)."""
        import numpy as np

        held = _hashed(table, columns)
        times = np.unique(held, return_counts=True)[1]
        whole = _hashed(table, [*columns, *identity]) if identity else None
        return cls(
            tuple(columns), tuple(identity), len(table), float((times == 1).sum() / max(len(table), 1)),
            Filter.of(held), None if whole is None else Filter.of(whole),
        )  # fmt: skip

    def hashes(self, table: pd.DataFrame, whole: bool = False) -> Hashes:
        """Of the rows of a typed table; ``whole``: by ids and moments, too."""
        return _hashed(table, [*self.columns, *(self.identity if whole else ())])

    @property
    def false_positives(self) -> float:
        """Share of new rows that are taken for seen by the filters' chance, in [0, 1]."""
        return self.content.false_positives

    @property
    def telling(self) -> bool:
        """Whether what a row holds tells which one it is."""
        return self.alone >= TELLING

    def by_chance(self, rows: int) -> float:
        """Of so many new rows, how many at most hold what was there already; one table in a hundred has more."""
        share = min(1.0, 1.0 - self.alone + self.false_positives)
        # Of the new rows, and of what those that are there tell of them: at most, for any share of pairs (Esty).
        spread = rows * share * (1.0 - share) + rows**2 * (1.0 - self.alone**2) / max(self.rows, 1)
        return rows * share + 3.1 * spread**0.5 + 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> SeenRows:
        """Read what :meth:`to_dict` wrote."""
        whole = content.get("whole")
        read = {"content": Filter(**content["content"]), "whole": None if whole is None else Filter(**whole)}
        for one in read.values():
            _ = one and one.false_positives  # a filter that is none is told now
        names = {name: tuple(content[name]) for name in ("columns", "identity")}
        return cls(**{**content, **names, **read})


def _hashed(table: pd.DataFrame, columns: Sequence[str]) -> Hashes:
    """Of each row, some rows at a time: no copy of a large table is made."""
    import numpy as np

    starts = range(0, max(len(table), 1), AT_A_TIME)
    parts = (table.iloc[start : start + AT_A_TIME][list(columns)] for start in starts)
    return np.concatenate([content_hashes(_typed(part)) for part in parts])


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Truth values as a contract reads them: as numbers."""
    flags = table.select_dtypes("bool").columns
    return table.astype(dict.fromkeys(flags, float)) if len(flags) else table


def _places(hashes: Hashes, size: int, times: int) -> Any:
    """Places of each hash, one after the other: two halves of it make as many as are wanted."""
    import numpy as np

    first, second = hashes >> np.uint64(32), (hashes & np.uint64(2**32 - 1)) | np.uint64(1)
    for k in range(times):
        yield ((first + np.uint64(k) * second) % np.uint64(size)).astype(np.int64)
