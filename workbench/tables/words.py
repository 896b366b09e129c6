"""Words of a text as numbers, as scikit-learn's vectorizers make them, with the standard library and numpy alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from workbench.tables.encoders import Array, Columns, Source, fits, is_missing
from workbench.tables.steps import STEPS, sound

MOST_LETTERS = 20_000  # of a text that are read: some ten pages
NOTHING = "_nothing_"  # what a text without a word says
# Letters of scripts that set no blanks between words: each is a word of its own.
_ALONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = rf"(?u)[{_ALONE}]|[^\W{_ALONE}]+"
# Patterns of a word that a file may name; the second is scikit-learn's own. A pattern of anybody's could take for ever.
PATTERNS = (WORD, r"(?u)\b\w\w+\b")
LONGEST = 3  # words in a row that make a term


def texts(values: Any) -> list[str]:
    """The texts of one column as a vectorizer takes them: missing ones say :data:`NOTHING`, very long ones are cut.

    Parameters
    ----------
    values : pandas.DataFrame
        One column, shape (rows, 1).

    Examples
    --------
    >>> import pandas as pd
    >>> texts(pd.DataFrame({"note": ["late again", None, "!"]}))
    ['late again', '_nothing_', '_nothing_']
    """
    return list(map(said, values.iloc[:, 0].tolist()))


def in_order(counts: Any) -> Any:
    """Counts of terms with each row's terms in their order: what follows adds them up in this one, fitted or not.

    Parameters
    ----------
    counts : scipy.sparse.csr_matrix
        Of a vectorizer, shape (rows, terms); it stays as it is.
    """
    counts = counts.copy()
    counts.has_sorted_indices = False  # scikit-learn renames columns behind SciPy's back
    counts.sort_indices()
    return counts


def said(value: Any) -> str:
    """What is read of one text."""
    text = "" if is_missing(value) else str(value)[:MOST_LETTERS]
    return text if _LETTER.search(text) else NOTHING


_LETTER = re.compile(r"\w")


@dataclass(frozen=True)
class Reader:
    """How a text becomes terms: words, and several in a row.

    Parameters
    ----------
    pattern : str
        Of a word, one of :data:`PATTERNS`.
    shortest, longest : int
        How many words in a row are a term.
    lower, plain : bool
        Whether letters are made small, and accents taken away.
    cut : bool
        Whether texts are read by :func:`said`; else as they are.
    """

    pattern: str = WORD
    shortest: int = 1
    longest: int = 1
    lower: bool = True
    plain: bool = True
    cut: bool = True

    def terms(self, value: Any) -> Iterator[str]:
        """The terms of one text, each as often as it comes.

        >>> list(Reader(longest=2).terms("Très bien"))
        ['tres', 'bien', 'tres bien']
        """
        text = said(value) if self.cut else "" if is_missing(value) else str(value)
        text = text.lower() if self.lower else text
        words = self._find(_without_accents(text) if self.plain else text)
        for length in range(self.shortest, self.longest + 1):
            yield from words if length == 1 else map(" ".join, zip(*(words[i:] for i in range(length)), strict=False))

    def sound(self) -> bool:
        """Whether a reader that comes from a file is one."""
        lengths = self.shortest, self.longest
        whole = all(type(length) is int for length in lengths) and 1 <= self.shortest <= self.longest <= LONGEST
        return self.pattern in PATTERNS and whole and all(type(v) is bool for v in (self.lower, self.plain, self.cut))

    @cached_property
    def _find(self) -> Any:
        return re.compile(self.pattern).findall


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@dataclass(frozen=True, eq=False)
class Words:
    """Weighted sums of a text's terms: how often each comes, by how rare it is, for texts of any length alike.

    Parameters
    ----------
    column : str
        Original column.
    terms : tuple of str
        The vocabulary.
    rarity : float array, shape (terms,)
        Factor of each count (inverse document frequency); ones where counts are taken as they are.
    weights : float array, shape (terms, made columns)
        What a term adds to each of the columns that it makes.
    start : float array, shape (made columns,)
        What a text without a known term gives.
    reader : Reader
        How a text becomes terms.
    once : bool
        Whether a term counts once, however often it comes.
    normed : bool
        Whether the counts of each text are divided by their length, the root of the sum of their squares.
    steps : tuple of (str, float array)
        As :class:`workbench.tables.encoders.Numbers` has them.

    Notes
    -----
    Products are added in the order of the vocabulary, as SciPy does it, so that the sums are the same bits.
    """

    column: str
    terms: tuple[str, ...]
    rarity: Array = field(repr=False)
    weights: Array = field(repr=False)
    start: Array = field(repr=False)
    reader: Reader = Reader()
    once: bool = False
    normed: bool = True
    steps: tuple[tuple[str, Array], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The one original column."""
        return (self.column,)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Original column of each column that it makes."""
        return (self.column,) * len(self.start)

    def encode(self, columns: Columns) -> Array:
        """The encoded values, shape (rows, made columns)."""
        values = columns[self.column]
        values = values if type(values) is list else np.asarray(values, dtype=object).tolist()
        rows, places, counts = self._counted(values)
        numbers = self._scaled(rows, counts * self.rarity[places], len(values))
        sums = [np.bincount(rows, numbers * weights[places], len(values)) for weights in self._by_made]
        result = np.column_stack(sums) + self.start
        for name, operand in self.steps:
            result = STEPS[name](result, operand)
        return result

    def checked(self) -> Words:
        """This encoder, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        size, made = len(self.terms), len(self.start)
        fits(isinstance(self.column, str) and all(isinstance(t, str) for t in self.terms), "an encoder")
        fits(self.rarity.shape == (size,) and self.weights.shape == (size, made) and self.start.ndim == 1, self.column)
        fits(made > 0 and all(a.dtype == np.float64 and bool(np.isfinite(a).all()) for a in self._tables), self.column)
        fits(self.reader.sound() and type(self.once) is bool and type(self.normed) is bool, self.column)
        fits(all(sound(name, operand, made) for name, operand in self.steps), self.column)
        return self

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        told = {"kind": "words", "column": self.column, "terms": list(self.terms), "reader": vars_of(self.reader)}
        return told | {"once": self.once, "normed": self.normed, "steps": [name for name, _ in self.steps]}

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        steps = {f"step{i}": operand for i, (_, operand) in enumerate(self.steps)}
        return {"rarity": self.rarity, "weights": self.weights, "start": self.start, **steps}

    @property
    def _tables(self) -> tuple[Array, ...]:
        return self.rarity, self.weights, self.start

    def _counted(self, values: list[Any]) -> tuple[Array, Array, Array]:
        """Row, place in the vocabulary and count of each known term, in the order of rows and places."""
        place, size = self._places.get, len(self.terms)
        found = [
            row * size + at
            for row, value in enumerate(values)
            for term in self.reader.terms(value)
            if (at := place(term)) is not None
        ]
        both, counts = np.unique(np.array(found, np.int64), return_counts=True)
        rows, places = np.divmod(both, max(size, 1))
        return rows, places, np.ones(len(both)) if self.once else counts.astype(np.float64)

    def _scaled(self, rows: Array, numbers: Array, many: int) -> Array:
        return numbers / np.sqrt(np.bincount(rows, numbers * numbers, many))[rows] if self.normed else numbers

    @cached_property
    def _places(self) -> dict[str, int]:
        return {term: i for i, term in enumerate(self.terms)}

    @cached_property
    def _by_made(self) -> list[Array]:
        return [np.ascontiguousarray(weights) for weights in self.weights.T]


def vars_of(reader: Reader) -> dict[str, Any]:
    """The settings of a reader by name."""
    return {name: getattr(reader, name) for name in Reader.__dataclass_fields__}


def read_words(header: dict[str, Any], arrays: dict[str, Array], name: str) -> Words:
    """Words from what their ``header`` and ``arrays`` gave, checked; since format 5."""
    rarity, weights, start = (arrays[f"{name}.{table}"] for table in ("rarity", "weights", "start"))
    steps = tuple((step, arrays[f"{name}.step{i}"]) for i, step in enumerate(header["steps"]))
    reader = Reader(**header["reader"])
    return Words(
        header["column"],
        tuple(header["terms"]),
        rarity,
        weights,
        start,
        reader,
        header["once"],
        header["normed"],
        steps,
    ).checked()
