"""The rows of a dataset that stay where they are, and are read when somebody asks for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

# Rows that a view shows, and how often a text must stand in the table to be among them: what is rarer may name a
# person.
SHOWN = 5
OFTEN = 3


class Rows(ABC):
    """Rows in a file, in the types and the order that a dataset has them in.

    Attributes
    ----------
    names : tuple of str
        The columns.
    first : pandas.DataFrame
        The first :data:`SHOWN` rows.
    often : mapping of str to frozenset of str
        By column of texts, those of the first rows that stand in :data:`OFTEN` rows or more, as far as they are known.
    """

    names: tuple[str, ...]
    first: pd.DataFrame
    often: Mapping[str, frozenset[str]]

    @abstractmethod
    def columns(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns, shape (rows, names).

        Raises
        ------
        BadTable
            If the file is gone, or holds other rows than it did.
        """

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """All columns; they are kept from then on."""

    @abstractmethod
    def chunks(self, most: int) -> Iterator[pl.DataFrame]:
        """All columns, ``most`` rows at a time; none is kept."""
