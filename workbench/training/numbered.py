"""Texts as numbers while candidates are tried: what an encoder does with words takes it most of a training's seconds.

Each text becomes its place among the sorted values of its column, so an encoder that is fitted on the places, and told
the words afterwards, is the very encoder that would have been fitted on the words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from workbench.tables.words import texts
from workbench.tables.written import written, written_numbers
from workbench.training.candidates import terms
from workbench.training.counted import Counts, by_counts, counts, is_counted


@dataclass(frozen=True)
class Numbered:
    """A table whose texts are numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (n, features). Texts as float: their places among ``words``, NaN where missing; of those that are read
        word by word among the texts of ``counts``.
    words : mapping of str to object array
        The sorted values of each column of texts.
    counts : mapping of str to Counts
        Of each column that is read word by word: what its texts are made of.
    """

    table: pd.DataFrame
    words: Mapping[str, NDArray[np.object_]]
    counts: dict[str, Counts] = field(default_factory=dict)

    def only(self, names: Iterable[str]) -> Numbered:
        """Some of the columns."""
        names = list(names)
        return Numbered(
            self.table[names],
            {n: w for n, w in self.words.items() if n in names},
            {n: c for n, c in self.counts.items() if n in names},
        )

    def beside(self, columns: pd.DataFrame, names: Iterable[str]) -> Numbered:
        """With further columns that hold no texts, in the order of all names."""
        return replace(self, table=pd.concat([self.table, columns], axis=1)[list(names)])

    def taken_by(self, pipeline: Pipeline) -> Pipeline:
        """A pipeline that is not fitted, for the numbered table."""
        (name, encode), *rest = pipeline.steps
        encode = by_counts(encode, self.counts) if self.counts else encode
        for step, columns in _written(encode.transformers):
            numbers = {column: np.array([written(word) for word in self.words[column]]) for column in columns}
            step.set_params(func=of_places, kw_args={"numbers": numbers})
        return Pipeline([(name, encode), *rest])


def numbered(features: pd.DataFrame, read: Collection[str] = ()) -> Numbered:
    """The table with its texts as numbers; other columns stay.

    Parameters
    ----------
    features : pandas.DataFrame
        Shape (n, features).
    read : collection of str
        Columns of texts that are read word by word.

    Examples
    --------
    >>> numbered(pd.DataFrame({"city": pd.Series(["Ulm", "Bonn", None], dtype="str")})).table["city"].tolist()
    [1.0, 0.0, nan]
    """
    columns, words, counted = {}, {}, {}
    for name, values in features.items():
        columns[name] = values
        if isinstance(values.dtype, pd.StringDtype):
            places, found = pd.factorize(values, sort=True)
            columns[name] = pd.Series(np.where(places < 0, np.nan, places), index=values.index)
            words[str(name)] = np.asarray(found, dtype=object)
            if name in read:
                counted[str(name)] = counts(texts(pd.DataFrame({name: [*found, None]})), terms())
    return Numbered(pd.DataFrame(columns, index=features.index), words, counted)


def in_words(pipeline: Pipeline, words: Mapping[str, NDArray[np.object_]]) -> Pipeline:
    """A pipeline that was fitted on a numbered table, as if it had been fitted on the words.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Of :meth:`Numbered.taken_by`, fitted; it stays as it is.
    words : mapping of str to object array
        Of the table.
    """
    (name, encode), *rest = pipeline.steps
    encode = deepcopy(encode)
    for kind, encoder, columns in encode.transformers_:
        if kind in ("categories", "levels"):
            means = encoder[0] if isinstance(encoder, Pipeline) else encoder
            pairs = zip(means.categories_, columns, strict=True)
            means.categories_ = [_said(places, words.get(column)) for places, column in pairs]
        if is_counted(encoder):
            encoder.steps[:1] = encoder[0].in_words()
    for _, encoder, _ in encode.transformers:  # what it was before it was fitted
        if is_counted(encoder):
            encoder.steps[:1] = encoder[0].reading
    for step, _ in (*_written(encode.transformers), *_written(encode.transformers_)):
        step.set_params(func=written_numbers, kw_args=None)
    return Pipeline([(name, encode), *rest])


def of_places(places: pd.DataFrame, numbers: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The numbers in texts by their places, NaN where missing; shape (rows, columns)."""
    known = {name: np.append(of_words, np.nan) for name, of_words in numbers.items()}
    return np.column_stack([known[str(n)][places[n].fillna(len(known[str(n)]) - 1).astype(np.intp)] for n in places])


def _written(transformers: Iterable[tuple[str, Any, list[str]]]) -> Iterator[tuple[Any, list[str]]]:
    """What reads the numbers in texts, with its columns."""
    for kind, step, columns in transformers:
        if kind == "written":
            yield (step[0] if isinstance(step, Pipeline) else step), columns


def _said(places: Any, words: Sequence[Any] | NDArray[np.object_] | None) -> Any:
    if words is None:
        return places
    missing = np.isnan(places)
    said = np.full(len(places), np.nan, dtype=object)
    said[~missing] = np.asarray(words, dtype=object)[places[~missing].astype(np.intp)]
    return said
