"""The profile: mergeable statistics of a table. The hinge between profiling, packaging and monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.contract import Contract, Kind, Role
from workbench.core.finding import Finding
from workbench.core.result import Result
from workbench.errors import ColumnNotFound

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Histogram:
    """Counts of numbers between edges.

    Parameters
    ----------
    edges : tuple of float, shape (bins + 1,)
        Rising, in the column's unit (datetimes: seconds since 1970 in UTC).
    counts : tuple of float, shape (bins,)
        Rows in each bin; not whole where they come from a sketch.
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True)
class ColumnProfile:
    """Statistics of one column. What does not apply to its kind is None or empty.

    Parameters
    ----------
    name, kind, role
        As in the contract.
    count : int
        Rows with a value.
    missing : int
        Rows without one.
    distinct : int
        Distinct values; exact where ``distinct_exact``.
    minimum, maximum, mean, sd, skew, kurtosis : float, optional
        Of the finite values; datetimes in seconds since 1970 in UTC. ``sd`` with n - 1, ``kurtosis`` is excess.
    zeros, negatives, infinities : int
        Rows with such a number.
    quantiles : dict of float to float
        Of the finite values, keyed by the share 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99; rank error at most
        ``rank_error``.
    histogram : Histogram, optional
        Of the finite values.
    top : tuple of (str, int)
        Most frequent values with their counts, most frequent first, at most 50.
    shortest, longest : int, optional
        Length of texts, in characters.
    target : float, optional
        Association with the target in [0, 1].
    sensitive : bool
        True: ``top`` holds masked values.
    state : dict
        What merging needs: moments and sketches, as JSON. Opaque to readers.
    """

    name: str
    kind: Kind
    role: Role
    count: int
    missing: int
    distinct: int
    distinct_exact: bool = True
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    sd: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    zeros: int = 0
    negatives: int = 0
    infinities: int = 0
    quantiles: dict[float, float] = field(default_factory=dict)
    rank_error: float = 0.0
    histogram: Histogram | None = None
    top: tuple[tuple[str, int], ...] = ()
    shortest: int | None = None
    longest: int | None = None
    target: float | None = None
    sensitive: bool = False
    state: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """Rows with and without a value."""
        return self.count + self.missing

    @property
    def missing_share(self) -> float:
        """Share of rows without a value, in [0, 1]."""
        return self.missing / self.rows if self.rows else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "quantiles": {repr(k): v for k, v in self.quantiles.items()}}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ColumnProfile:
        """Read what :meth:`to_dict` wrote."""
        histogram = content["histogram"]
        return cls(
            **{
                **content,
                "quantiles": {float(k): v for k, v in content["quantiles"].items()},
                "histogram": histogram and Histogram(tuple(histogram["edges"]), tuple(histogram["counts"])),
                "top": tuple((v, n) for v, n in content["top"]),
            }
        )


@dataclass(frozen=True)
class Profile(Result):
    """Statistics of a table and what is to be known about it. Made by :func:`workbench.profile`.

    Two profiles of two chunks are merged into the profile of both by :func:`workbench.profiling.merge.merge`.

    Parameters
    ----------
    rows : int
        Rows of the table.
    columns : tuple of ColumnProfile
        In the table's order.
    contract : Contract
        Proposed from what was seen; edit it and hand it to ``wb.dataset(…, contract=…)``.
    findings : tuple of Finding
        Worst first.
    associations : tuple of (str, str, float)
        Pairs of columns that go together, strongest first, strength in [0, 1].
    fingerprint : str
        Of the dataset.
    source : str
        Of the dataset, in words.
    duplicates : int, optional
        Rows equal to an earlier row; None where it was not counted.
    created : str
        ISO 8601 with zone.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    contract: Contract
    findings: tuple[Finding, ...] = ()
    associations: tuple[tuple[str, str, float], ...] = ()
    fingerprint: str = ""
    source: str = ""
    duplicates: int | None = None
    created: str = ""

    noun: ClassVar[str] = "profile"

    def __getitem__(self, name: str) -> ColumnProfile:
        for column in self.columns:
            if column.name == name:
                return column
        raise ColumnNotFound.named(name, (c.name for c in self.columns))

    def __contains__(self, name: object) -> bool:
        return any(c.name == name for c in self.columns)

    def __iter__(self) -> Iterator[ColumnProfile]:
        return iter(self.columns)

    @property
    def leaks(self) -> tuple[str, ...]:
        """Columns that give the target away, by the findings."""
        return tuple(dict.fromkeys(f.column for f in self.findings if f.code == "WB120" and f.column))

    def headline(self) -> str:
        """Rows, columns and findings in one line."""
        serious = sum(f.severity != "info" for f in self.findings)
        told = {0: "nothing to look at", 1: "1 finding to look at"}.get(serious, f"{serious} findings to look at")
        return f"{self.rows:,} rows, {len(self.columns)} columns, {told}"

    def frame(self) -> pd.DataFrame:
        """One row a column: kind, role, count, missing, distinct, range, mean, sd, association with the target."""
        import pandas as pd

        names = ("name", "kind", "role", "count", "missing", "distinct", "minimum", "maximum", "mean", "sd", "target")
        return pd.DataFrame([{n: getattr(c, n) for n in names} for c in self.columns]).set_index("name")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "rows": self.rows,
            "columns": [c.to_dict() for c in self.columns],
            "contract": self.contract.to_dict(),
            "findings": [asdict(f) for f in self.findings],
            "associations": [list(a) for a in self.associations],
            "fingerprint": self.fingerprint,
            "source": self.source,
            "duplicates": self.duplicates,
            "created": self.created,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Profile:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            **{
                **content,
                "columns": tuple(ColumnProfile.from_dict(c) for c in content["columns"]),
                "contract": Contract.from_dict(content["contract"]),
                "findings": tuple(Finding.from_dict(f) for f in content["findings"]),
                "associations": tuple((a, b, s) for a, b, s in content["associations"]),
            }
        )
