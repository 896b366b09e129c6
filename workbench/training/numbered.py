"""Texts as numbers while candidates are tried: what an encoder does with words takes it most of a training's seconds.

Each text becomes its place among the sorted values of its column, so an encoder that is fitted on the places, and told
the words afterwards, is the very encoder that would have been fitted on the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Numbered:
    """A table whose texts are numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (n, features). Texts as float: their places among ``words``, NaN where missing.
    words : mapping of str to object array
        The sorted values of each column of texts.
    """

    table: pd.DataFrame
    words: Mapping[str, NDArray[np.object_]]

    def only(self, names: Iterable[str]) -> Numbered:
        """Some of the columns."""
        names = list(names)
        return Numbered(self.table[names], {n: w for n, w in self.words.items() if n in names})


def numbered(features: pd.DataFrame) -> Numbered:
    """The table with its texts as numbers; other columns stay.

    Examples
    --------
    >>> numbered(pd.DataFrame({"city": pd.Series(["Ulm", "Bonn", None], dtype="str")})).table["city"].tolist()
    [1.0, 0.0, nan]
    """
    columns, words = {}, {}
    for name, values in features.items():
        columns[name] = values
        if isinstance(values.dtype, pd.StringDtype):
            places, found = pd.factorize(values, sort=True)
            columns[name] = pd.Series(np.where(places < 0, np.nan, places), index=values.index)
            words[str(name)] = np.asarray(found, dtype=object)
    return Numbered(pd.DataFrame(columns, index=features.index), words)


def in_words(pipeline: Pipeline, words: Mapping[str, NDArray[np.object_]]) -> Pipeline:
    """A pipeline that was fitted on a numbered table, as if it had been fitted on the words.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Of :func:`workbench.training.candidates.build`, fitted; it stays as it is.
    words : mapping of str to object array
        Of the table.
    """
    (name, encode), *rest = pipeline.steps
    encode = deepcopy(encode)
    for kind, encoder, columns in encode.transformers_:
        if kind == "categories":
            pairs = zip(encoder.categories_, columns, strict=True)
            encoder.categories_ = [_said(places, words.get(column)) for places, column in pairs]
    return Pipeline([(name, encode), *rest])


def _said(places: Any, words: Sequence[Any] | NDArray[np.object_] | None) -> Any:
    if words is None:
        return places
    missing = np.isnan(places)
    said = np.full(len(places), np.nan, dtype=object)
    said[~missing] = np.asarray(words, dtype=object)[places[~missing].astype(np.intp)]
    return said
