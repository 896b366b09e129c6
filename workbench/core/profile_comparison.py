"""A comparison of two profiles: which columns differ by more than chance, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.contract import Kind
from workbench.core.finding import Finding
from workbench.core.result import Result
from workbench.errors import ColumnNotFound

if TYPE_CHECKING:
    import pandas as pd

# The smallest effect that matters: between normal samples a KS distance of 0.1 is a shift of a quarter of a standard
# deviation. A convention, not yet measured against what such a shift costs a model.
IMPORTANT = 0.1


@dataclass(frozen=True)
class ColumnDifference:
    """How one column differs between two tables.

    Parameters
    ----------
    column : str
        Its name in both.
    kind : str
        In the reference.
    test : {"ks", "mean", "chi2", "missing", "kind"}
        The test that says most: distance of two distributions, difference of means, counts by value, share without a
        value. *kind*: the values are of kinds that can't be compared.
    statistic : float
        The test's own.
    p_value : float
        Corrected for the tests of this column and for the number of columns, in [0, 1].
    effect : float
        How much, in [0, 1], apart from whether: KS distance, total variation, or difference of missing shares.
    differs : bool
        True: by more than chance.
    important : bool
        True: by more than chance, and ``effect`` is large enough to matter.
    said : str
        What it means, in words.
    parts : tuple of str, length p
        Ranges or values of the column that both drawings share; empty where nothing may be shown.
    reference, current : tuple of float, length p
        Share of each side's values in each part, in [0, 1].
    missing : (float, float)
        Share of rows without a value in the reference and in the current table.
    """

    column: str
    kind: Kind
    test: str
    statistic: float
    p_value: float
    effect: float
    differs: bool
    important: bool
    said: str
    parts: tuple[str, ...] = ()
    reference: tuple[float, ...] = ()
    current: tuple[float, ...] = ()
    missing: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ColumnDifference:
        """Read what ``dataclasses.asdict`` wrote."""
        lists = {name: tuple(content[name]) for name in ("parts", "reference", "current", "missing")}
        return cls(**{**content, **lists})


@dataclass(frozen=True)
class ProfileComparison(Result):
    """Two profiles, column by column. Made by :meth:`workbench.Profile.compare`.

    Parameters
    ----------
    sources : (str, str)
        What the reference and the current profile were made of, in words.
    rows : (int, int)
        Rows of both.
    columns : tuple of ColumnDifference
        The columns that both have: those that differ by more than chance first, strongest effect first.
    rate : float
        The chance that a comparison of two samples of one population flags anything at all, in (0, 1).
    only_reference, only_current : tuple of str
        Columns that the other table lacks.
    findings : tuple of Finding
        What somebody should look at, worst first.
    """

    sources: tuple[str, str]
    rows: tuple[int, int]
    columns: tuple[ColumnDifference, ...]
    rate: float
    only_reference: tuple[str, ...] = ()
    only_current: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    noun: ClassVar[str] = "profile_comparison"

    def __getitem__(self, name: str) -> ColumnDifference:
        for column in self.columns:
            if column.column == name:
                return column
        raise ColumnNotFound.named(name, (c.column for c in self.columns))

    def __iter__(self) -> Iterator[ColumnDifference]:
        return iter(self.columns)

    @property
    def differing(self) -> tuple[str, ...]:
        """Columns that differ by more than chance, strongest first."""
        return tuple(c.column for c in self.columns if c.differs)

    def headline(self) -> str:
        """How many columns differ, in one line."""
        differing, important = len(self.differing), sum(c.important for c in self.columns)
        sentence = f"{differing} of {len(self.columns)} columns differ by more than chance" + (
            f", {important} enough to matter" if differing else ""
        )
        alone = len(self.only_reference) + len(self.only_current)
        return sentence + (f"; {alone} {'is' if alone == 1 else 'are'} in one table only" if alone else "")

    def frame(self) -> pd.DataFrame:
        """One row a column, strongest first: test, effect, p-value, whether it differs and matters, and the words."""
        names = ("kind", "test", "effect", "p_value", "differs", "important", "said")
        rows = [{"column": c.column, **{n: getattr(c, n) for n in names}} for c in self.columns]
        return self._frame(rows, columns=["column", *names]).set_index("column")

    def results(self) -> dict[str, Any]:
        """Of each column how much it differs, and whether by more than chance."""
        return {one.column: {"effect": one.effect, "differs": one.differs} for one in self.columns}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ProfileComparison:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            sources=(content["sources"][0], content["sources"][1]),
            rows=(content["rows"][0], content["rows"][1]),
            columns=tuple(map(ColumnDifference.from_dict, content["columns"])),
            rate=content["rate"],
            only_reference=tuple(content["only_reference"]),
            only_current=tuple(content["only_current"]),
            findings=tuple(map(Finding.from_dict, content["findings"])),
        )
