"""scikit-learn's vectorizers of texts, and what comes of their terms. None is imported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.compiling.columns import INSTEAD, Made, Plain, State, transformer
from workbench.compiling.mixing import projected
from workbench.compiling.texts import Text, Vocabulary, Word, vocabulary_of
from workbench.errors import CannotCompile
from workbench.tables.words import LONGEST, PATTERNS, Reader


@transformer("CountVectorizer")
def _counts(step: Any, state: State) -> State:
    (column,) = state
    shortest, longest = step.ngram_range
    usual = step.analyzer == "word" and step.tokenizer is step.preprocessor is step.stop_words is None
    if not usual or step.token_pattern not in PATTERNS or longest > LONGEST:
        raise CannotCompile(f"{type(step).__name__} with these settings has no exact table. {INSTEAD}")
    reader = Reader(
        step.token_pattern, shortest, longest, step.lowercase, _plain(step.strip_accents), isinstance(column, Text)
    )
    terms = tuple(sorted(step.vocabulary_, key=step.vocabulary_.__getitem__))
    known = Vocabulary(_raw(column).source, terms, np.ones(len(terms)), reader, bool(step.binary), normed=False)
    return tuple(Word(known, place) for place in range(len(terms)))


@transformer("TfidfVectorizer")
def _weighed_counts(step: Any, state: State) -> State:
    return _weighed(step._tfidf, _counts(step, state))


@transformer("TfidfTransformer")
def _weighed(step: Any, state: State) -> State:
    known = vocabulary_of(state)
    if known is None or known.normed or step.sublinear_tf or step.norm not in ("l2", None):
        raise CannotCompile(f"TfidfTransformer with these settings, or not behind counts, has no table. {INSTEAD}")
    rarity = np.asarray(step.idf_, dtype=np.float64) if step.use_idf else known.rarity
    weighed = replace(known, rarity=rarity, normed=step.norm == "l2")
    return tuple(Word(weighed, place) for place in range(len(state)))


def _plain(accents: Any) -> bool:
    if accents not in (None, "unicode"):
        raise CannotCompile(f"A vectorizer with strip_accents={accents!r} has no exact table. Use 'unicode'.")
    return accents is not None


def _raw(column: Made) -> Any:
    if isinstance(column, Text) or (isinstance(column, Plain) and not column.steps and column.kind == "number"):
        return column
    raise CannotCompile(f"A vectorizer of what an earlier step made of {column.source!r} has no table. {INSTEAD}")


@transformer("CrossFittedRidge")
def _cross_fitted(step: Any, state: State) -> State:
    weights = np.atleast_2d(np.asarray(step.ridge_.coef_, dtype=np.float64))
    start = np.broadcast_to(np.asarray(step.ridge_.intercept_, dtype=np.float64).reshape(-1), len(weights)).copy()
    return tuple(column.then("single") for column in projected(state, weights, start))
