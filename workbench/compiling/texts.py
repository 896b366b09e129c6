"""Columns that are made of texts: thousands of terms, and sums of them, which alone are ever written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.compiling.refusals import INSTEAD
from workbench.errors import CannotCompile
from workbench.tables.links import Array
from workbench.tables.words import Reader, Words


@dataclass(frozen=True)
class Text:
    """A column of texts as a vectorizer takes it: missing ones filled, long ones cut."""

    source: str

    def then(self, name: str, operand: Any = 0.0) -> Text:
        """Nothing can be done to it but be read."""
        raise CannotCompile(f"Column {self.source!r} holds texts, but no vectorizer reads them. {INSTEAD}")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """A fitted vectorizer: how it reads a text, its terms, their factors."""

    source: str
    terms: tuple[str, ...]
    rarity: Array
    reader: Reader
    once: bool
    normed: bool


@dataclass(frozen=True)
class Word:
    """How often a text has one of the terms."""

    vocabulary: Vocabulary
    place: int

    @property
    def source(self) -> str:
        """Original column."""
        return self.vocabulary.source

    def then(self, name: str, operand: Any = 0.0) -> Word:
        """Nothing can be done to one of so many."""
        raise CannotCompile(f"A transformer ({name}) of single words of {self.source!r} has no table. {INSTEAD}")


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums of a text's terms: shape (terms, sums), and what each begins with."""

    vocabulary: Vocabulary
    weights: Array
    start: Array


@dataclass(frozen=True)
class Summed:
    """One of the sums, and what was done to it since."""

    sums: Sums
    place: int
    steps: tuple[tuple[str, Any], ...] = ()

    @property
    def source(self) -> str:
        """Original column."""
        return self.sums.vocabulary.source

    def then(self, name: str, operand: Any = 0.0) -> Summed:
        """This column with one step more."""
        return replace(self, steps=(*self.steps, (name, operand)))

    @property
    def alike(self) -> tuple[Any, ...]:
        """Neighbours with the same answer share an encoder."""
        return ("words", id(self.sums), tuple((name, np.size(by)) for name, by in self.steps))


def summing(run: Sequence[Summed]) -> Words:
    """What makes neighbours that are alike."""
    sums, places = run[0].sums, [column.place for column in run]
    steps = tuple(
        (name, np.array([c.steps[i][1] for c in run], dtype=np.float64)) for i, (name, _) in enumerate(run[0].steps)
    )
    known = sums.vocabulary
    return Words(
        known.source, known.terms, known.rarity, np.ascontiguousarray(sums.weights[:, places]), sums.start[places],
        known.reader, known.once, known.normed, steps,
    ).checked()  # fmt: skip


def vocabulary_of(state: tuple[Any, ...]) -> Vocabulary | None:
    """The vocabulary of which all columns are terms; None where there is not one."""
    first = state[0].vocabulary if state and isinstance(state[0], Word) else None
    return first if all(isinstance(c, Word) and c.vocabulary is first for c in state) else None


def sums_of(state: tuple[Any, ...], weights: Array, start: Array) -> tuple[Summed, ...] | None:
    """Weighted sums, shape (sums, columns), where all columns are terms of one text; else None."""
    known = vocabulary_of(state)
    if known is None:
        return None
    by_term = np.zeros((len(known.terms), len(weights)))
    by_term[[column.place for column in state]] = weights.T
    sums = Sums(known, by_term, start)
    return tuple(Summed(sums, k) for k in range(len(weights)))
