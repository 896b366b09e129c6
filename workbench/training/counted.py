"""Terms of texts counted once for all fits: what a vectorizer does with words takes it most of a training's seconds.

A vectorizer that is fitted on the counts of some rows, and told the terms afterwards, is the very vectorizer that would
have been fitted on their texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline

from workbench.tables.words import in_order

READING = 3  # steps from a text to counts: read, count, sort


@dataclass(frozen=True, eq=False)
class Counts:
    """The terms of each text that a column has.

    Parameters
    ----------
    terms : object array, shape (terms,)
        In their order.
    counts : sparse int array, shape (texts, terms)
        How often each comes.
    """

    terms: Any = field(repr=False)
    counts: Any = field(repr=False)

    def __deepcopy__(self, _: Any) -> Counts:
        """Itself: clones of an encoder share it."""
        return self


class CountedTerms(TransformerMixin, BaseEstimator):
    """A ``CountVectorizer`` that takes texts, whose terms were counted, by their places: NaN where missing.

    Parameters
    ----------
    counts : Counts
        Of the column; the last text is the missing one.
    reading : list of (str, transformer)
        Steps that it stands for, not fitted: the vectorizer, what is done to texts before, and to counts afterwards.
    """

    def __init__(self, counts: Counts, reading: list[tuple[str, Any]]) -> None:
        self.counts = counts
        self.reading = reading

    def fit(self, X: Any, y: Any = None) -> CountedTerms:
        """Choose the commonest terms of the rows."""
        self.places_ = _commonest(self._counted(X), _vectorizer(self.reading).max_features)
        return self

    def transform(self, X: Any) -> Any:
        """The counts of the chosen terms, shape (rows, terms)."""
        return self._counted(X)[:, self.places_]

    def in_words(self) -> list[tuple[str, Any]]:
        """The steps that it stands for, as if they had been fitted on the texts of those rows."""
        steps = [(name, clone(step)) for name, step in self.reading]
        vectorizer = _vectorizer(steps)
        vectorizer.fixed_vocabulary_ = False
        vectorizer.vocabulary_ = {str(term): i for i, term in enumerate(self.counts.terms[self.places_])}
        return steps

    def _counted(self, X: Any) -> Any:
        places = np.asarray(X, dtype=float).reshape(-1)
        return self.counts.counts[np.where(np.isnan(places), self.counts.counts.shape[0] - 1, places).astype(np.intp)]


def _commonest(counted: Any, most: int) -> Any:
    """Places of the terms that come most often, as scikit-learn chooses among equal ones."""
    times = np.asarray(counted.sum(axis=0)).reshape(-1)
    there = np.flatnonzero(times)
    return there if len(there) <= most else np.sort(there[(-times[there]).argsort()[:most]])


def counts(texts: Sequence[str], vectorizer: CountVectorizer) -> Counts:
    """The terms of texts.

    Parameters
    ----------
    texts : sequence of str, shape (n,)
    vectorizer : CountVectorizer
        How they are counted.
    """
    counter = clone(vectorizer).set_params(max_features=None)
    counted = counter.fit_transform(texts)
    return Counts(np.array(sorted(counter.vocabulary_), dtype=object), in_order(counted))


def by_counts(encode: ColumnTransformer, known: dict[str, Counts]) -> ColumnTransformer:
    """An encoder for a numbered table: its vectorizers take texts by their places."""
    entries = [(name, _by_counts(step, columns, known), columns) for name, step, columns in encode.transformers]
    return ColumnTransformer(entries, verbose_feature_names_out=encode.verbose_feature_names_out)


def _by_counts(step: Any, columns: list[str], known: dict[str, Counts]) -> Any:
    if not isinstance(step, Pipeline) or _vectorizer(step.steps) is None:
        return step
    return Pipeline([("counted", CountedTerms(known[columns[0]], step.steps[:READING])), *step.steps[READING:]])


def is_counted(step: Any) -> bool:
    """Whether a step of an encoder begins with terms that were counted."""
    return isinstance(step, Pipeline) and isinstance(step[0], CountedTerms)


def _vectorizer(steps: Sequence[tuple[str, Any]]) -> Any:
    """The vectorizer among some steps; None where there is none."""
    return next((step for _, step in steps if isinstance(step, CountVectorizer)), None)
