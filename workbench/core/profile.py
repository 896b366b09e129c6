"""The profile: mergeable statistics of a table. The hinge between profiling, packaging and monitoring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.core.contract import Contract, Kind, Role
from workbench.core.finding import Finding
from workbench.core.late import late
from workbench.core.result import Result
from workbench.errors import ColumnNotFound

if TYPE_CHECKING:
    import pandas as pd

    from workbench.core.profile_comparison import ProfileComparison


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


Measure = Literal["pearson", "spearman", "cramers_v", "correlation_ratio", "missing_together"]


@dataclass(frozen=True)
class Association:
    """How two columns go together.

    Parameters
    ----------
    a, b : str
        The columns; of a correlation ratio the category first.
    measure : {"pearson", "spearman", "cramers_v", "correlation_ratio", "missing_together"}
        *pearson*, *spearman*: two numbers, in [-1, 1]. *cramers_v*: two categories, corrected for bias, in [0, 1].
        *correlation_ratio*: a category and a number, in [0, 1]. *missing_together*: phi coefficient of the two
        columns' gaps, in [-1, 1].
    value : float
        In the measure's range.
    error : float
        Half the width of the 99% interval that comes of looking at some rows only; 0 where every row was looked at.
    """

    a: str
    b: str
    measure: Measure
    value: float
    error: float = 0.0

    @property
    def strength(self) -> float:
        """In [0, 1], without the sign."""
        return abs(self.value)


@dataclass(frozen=True)
class TargetView:
    """How the target lies in the parts of a column.

    Parameters
    ----------
    parts : tuple of str, length p
        Ranges or values of the column, in order; the last may be "missing".
    rows : tuple of int, length p
        Rows looked at in each part.
    classes : tuple of str, length k
        The target's classes; empty where the target is a number.
    values : tuple of tuple of float, shape (p, k) or (p, 1)
        Share of each class in the part, in [0, 1]; the mean of a target that is a number, in its unit.
    """

    parts: tuple[str, ...]
    rows: tuple[int, ...]
    classes: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> TargetView:
        """Read what ``dataclasses.asdict`` wrote."""
        values = tuple(tuple(v) for v in content["values"])
        return cls(tuple(content["parts"]), tuple(content["rows"]), tuple(content["classes"]), values)


@dataclass(frozen=True)
class Weighted:
    """What a column is like where rows count by their weights: of the population that they stand for.

    Parameters
    ----------
    missing_share : float
        Of all weights, those of rows without a value, in [0, 1].
    top : tuple of float
        Of a category: the share of each value in the column's ``top``, in its order.
    mean, sd : float, optional
        Of the finite values; ``sd`` by the sum of weights, which has no unit.
    quantiles : dict of float to float
        Keyed as the column's own: the first value at which so large a share of the weights is reached.
    histogram : tuple of float
        The share of each bar of the column's ``histogram``.
    error : float
        By how much a share, or a quantile's, may be off, at 99% confidence; 0 where all rows were at hand.
    rows : int
        With a weight above 0 that it is told from.

    References
    ----------
    ``numpy.average``, ``numpy.quantile(…, method="inverted_cdf", weights=…)``.
    """

    missing_share: float
    top: tuple[float, ...] = ()
    mean: float | None = None
    sd: float | None = None
    quantiles: dict[float, float] = field(default_factory=dict)
    histogram: tuple[float, ...] = ()
    error: float = 0.0
    rows: int = 0

    def of_numbers(
        self, mean: float, sd: float, quantiles: Mapping[float, float], histogram: Sequence[float]
    ) -> Weighted:
        """The same with what numbers have."""
        return replace(self, mean=mean, sd=sd, quantiles=dict(quantiles), histogram=tuple(histogram))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "quantiles": {repr(k): v for k, v in self.quantiles.items()}}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Weighted:
        """Read what :meth:`to_dict` wrote."""
        quantiles = {float(k): v for k, v in content["quantiles"].items()}
        shares = {key: tuple(content[key]) for key in ("top", "histogram")}
        return cls(**{**content, **shares, "quantiles": quantiles})


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
        Distinct values; exact where ``distinct_exact``, else right within ``distinct_error``.
    distinct_error : float
        Relative, at 99% confidence; 0 where exact.
    minimum, maximum, mean, sd, skew, kurtosis : float, optional
        Of the finite values; datetimes in seconds since 1970 in UTC. ``sd`` with n - 1; ``skew`` and
        ``kurtosis`` (excess) adjusted for the rows, as pandas has them, None of fewer than 3 and 4 values.
    zeros, negatives, infinities : int
        Rows with such a number.
    quantiles : dict of float to float
        Of the finite values, keyed by the share 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99. Interpolated as pandas does
        where ``rank_error`` is 0; else values of the column whose rank is off by at most ``rank_error``.
    histogram : Histogram, optional
        Of the finite values.
    top : tuple of (str, int)
        Most frequent values with their counts, most frequent first, at most 50.
    top_error : int
        Rows by which a count in ``top`` may be too low; 0 where exact.
    shortest, longest : int, optional
        Length of texts, in characters.
    mean_length : float, optional
        The same, on average over the rows.
    longest_gap : (float, float), optional
        Where no date lies for longest: the last day before and the first after, in seconds since 1970 in UTC.
    meaning : str, optional
        What people would call the values, such as ``e-mail addresses`` or ``money``; None where nothing is known.
    unread : int
        Values that could not be read as the column's kind, and count as missing.
    target : float, optional
        Association with the target in [0, 1].
    by_target : TargetView, optional
        How the target lies in the parts of this column.
    sensitive : bool
        True: ``top`` holds masked values.
    weighted : Weighted, optional
        The same where rows count by their weights, if the contract has a column of them; all else counts rows, which is
        what other rows are compared by.
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
    distinct_error: float = 0.0
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
    top_error: int = 0
    shortest: int | None = None
    longest: int | None = None
    mean_length: float | None = None
    longest_gap: tuple[float, float] | None = None
    meaning: str | None = None
    unread: int = 0
    target: float | None = None
    by_target: TargetView | None = None
    sensitive: bool = False
    weighted: Weighted | None = None
    state: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """Rows with and without a value."""
        return self.count + self.missing

    @property
    def missing_share(self) -> float:
        """Share of rows without a value, in [0, 1]."""
        return self.missing / self.rows if self.rows else 0.0

    def results(self) -> dict[str, Any]:
        """Its main numbers, by name."""
        counts = {"missing": self.missing, "distinct": self.distinct}
        return counts if self.sensitive or self.mean is None else {**counts, "mean": self.mean, "sd": self.sd}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        quantiles = {repr(k): v for k, v in self.quantiles.items()}
        weighted = self.weighted and self.weighted.to_dict()
        return {**asdict(replace(self, weighted=None)), "quantiles": quantiles, "weighted": weighted}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ColumnProfile:
        """Read what :meth:`to_dict` wrote."""
        histogram, gap, view = content["histogram"], content.get("longest_gap"), content.get("by_target")
        weighted = content.get("weighted")
        return cls(
            **{
                **content,
                "quantiles": {float(k): v for k, v in content["quantiles"].items()},
                "histogram": histogram and Histogram(tuple(histogram["edges"]), tuple(histogram["counts"])),
                "top": tuple((v, n) for v, n in content["top"]),
                "longest_gap": gap and (gap[0], gap[1]),
                "by_target": view and TargetView.from_dict(view),
                "weighted": weighted and Weighted.from_dict(weighted),
            }
        )


@dataclass(frozen=True)
class Profile(Result):
    """Statistics of a table and what is to be known about it. Made by :func:`workbench.profile`.

    Two profiles of two chunks are merged into the profile of both by :meth:`merge`.

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
    associations : tuple of Association
        Columns that go together, strongest first; those weaker than 0.1 are left out.
    pairs_left_out : int
        Pairs of columns that a screen left out, because a wide table has too many to look at each; 0 up to 200 columns.
    fingerprint : str
        Of the dataset.
    source : str
        Of the dataset, in words.
    duplicates : int, optional
        Rows equal to an earlier row; None where it was not counted.
    duplicates_error : int
        Rows by which ``duplicates`` may be off, at 99% confidence; 0 where exact.
    state : dict
        What merging needs of the table as a whole. Opaque to readers.
    created : str
        ISO 8601 with zone.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    contract: Contract
    findings: tuple[Finding, ...] = ()
    associations: tuple[Association, ...] = ()
    fingerprint: str = ""
    source: str = ""
    duplicates: int | None = None
    created: str = ""
    duplicates_error: int = 0
    pairs_left_out: int = 0
    state: dict[str, Any] = field(default_factory=dict, repr=False)

    noun: ClassVar[str] = "profile"
    format_version: ClassVar[int] = 2

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

    def merge(self, other: Profile) -> Profile:
        """The profile of the rows of both; those of ``other`` come after.

        Exact are counts, moments, extremes, counted values, Pearson's correlations and what is missing together;
        everything else lies within the error that stands beside it.

        Parameters
        ----------
        other : Profile
            Of a table with the same columns of the same kinds.

        Raises
        ------
        BadParameter
            If ``other`` is no profile.
        BadTable
            If the columns differ in name or kind, or a profile is of an older format and can't be merged.

        Examples
        --------
        >>> import polars as pl
        >>> import workbench as wb
        >>> may, june = (wb.profile(pl.DataFrame({"age": range(n, n + 99)})) for n in (20, 40))
        >>> both = may.merge(june)
        >>> both.rows, both["age"].maximum
        (198, 138.0)
        """
        return late("Profile.merge")(self, other)

    def compare(self, other: Profile, *, rate: float = 0.01) -> ProfileComparison:
        """In which columns another table differs from this one by more than chance, how much, and what that means.

        Parameters
        ----------
        other : Profile
            Of the table that is compared with this one, the reference.
        rate : float
            The chance, in (0, 1), that a comparison of samples of one population flags anything at all, whatever the
            number of columns.

        Returns
        -------
        ProfileComparison
            Its columns come strongest first.

        Raises
        ------
        BadParameter
            If ``rate`` is not between 0 and 1, or ``other`` is no profile.

        Examples
        --------
        >>> import pandas as pd
        >>> import workbench as wb
        >>> may, june = (wb.profile(wb.dataset(pd.DataFrame({"age": range(n, n + 99)}))) for n in (20, 40))
        >>> may.compare(june).differing
        ('age',)
        """
        return late("Profile.compare")(self, other, rate=rate)

    def headline(self) -> str:
        """Rows, columns and findings in one line."""
        serious = sum(f.severity != "info" for f in self.findings)
        summary = {0: "nothing to look at", 1: "1 finding to look at"}.get(serious, f"{serious} findings to look at")
        return f"{self.rows:,} rows, {len(self.columns)} columns, {summary}"

    def frame(self) -> pd.DataFrame:
        """One row a column: kind, role, count, missing, distinct, range, mean, sd, association with the target."""
        names = ("name", "kind", "role", "count", "missing", "distinct", "minimum", "maximum", "mean", "sd", "target")
        return self._frame([{n: getattr(c, n) for n in names} for c in self.columns]).set_index("name")

    def results(self) -> dict[str, Any]:
        """Rows, and of each column its missing and distinct values and, where it is not sensitive, mean and spread."""
        return {"rows": self.rows, "columns": {one.name: one.results() for one in self.columns}}

    def origin(self) -> dict[str, Any]:
        """Where the table came from, and its fingerprint; nothing of profiles that were merged."""
        told = {"source": self.source, "fingerprint": self.fingerprint, "rows": self.rows}
        return told if self.fingerprint else {}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "rows": self.rows,
            "columns": [c.to_dict() for c in self.columns],
            "contract": self.contract.to_dict(),
            "findings": [asdict(f) for f in self.findings],
            "associations": [asdict(a) for a in self.associations],
            "fingerprint": self.fingerprint,
            "source": self.source,
            "duplicates": self.duplicates,
            "created": self.created,
            "duplicates_error": self.duplicates_error,
            "pairs_left_out": self.pairs_left_out,
            "state": self.state,
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
                "associations": tuple(map(_association, content["associations"])),
            }
        )


def _association(content: Any) -> Association:
    # Version 1 of the format had (a, b, strength) and did not say by which measure.
    if isinstance(content, dict):
        return Association(**content)
    a, b, strength = content
    return Association(a, b, "pearson", strength)
