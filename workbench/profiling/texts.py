"""What the words of free texts say of the target."""

from __future__ import annotations

import numpy as np
import polars as pl

from workbench.profiling.associations import gini

# Rows that are read, texts in which a word stands at least, and what is added to each count.
MOST_READ = 4_000
FEWEST_TEXTS = 3
SMOOTHING = 0.5


def word_score(texts: pl.Series, truth: np.ndarray, seed: int = 0) -> float:
    """How well the words of a text predict a class on rows that were held out, in [0, 1]: mean of 2 AUC - 1.

    Each half of the rows in turn gives the words' log odds (naive Bayes), whose sums rank the other half.

    Parameters
    ----------
    texts : polars.Series, shape (n,)
        Without gaps.
    truth : numpy.ndarray, shape (n, k)
        1 where the row is of the class.
    seed : int
        Of the halves.

    Examples
    --------
    >>> sold = np.arange(200) % 3 == 0
    >>> texts = pl.Series([f"case {i} was {'closed' if s else 'kept'}" for i, s in enumerate(sold)])
    >>> word_score(texts, sold[:, None].astype(float))
    1.0
    """
    kept = np.linspace(0, len(texts) - 1, min(len(texts), MOST_READ)).astype(int)
    rows, words = _words(texts[kept])
    truth = truth[kept]
    half = np.random.default_rng(seed).permutation(len(kept)) % 2 == 0
    scores = []
    for fit in (half, ~half):
        weights = _log_odds(rows[fit[rows]], words[fit[rows]], truth, fit, int(words.max(initial=-1)) + 1)
        predicted = np.column_stack([np.bincount(rows, weights=w[words], minlength=len(kept)) for w in weights.T])
        scores += [gini(truth[~fit, k], predicted[~fit, k]) for k in range(truth.shape[1])]
    return round(float(np.clip(np.mean(scores), 0, 1)), 4)


def _words(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Row and word of each word that stands in some texts, once a text."""
    split = texts.str.to_lowercase().str.extract_all(r"\p{L}{2,}")
    pairs = pl.DataFrame({"word": split}).with_row_index("row").explode("word").drop_nulls().unique()
    pairs = pairs.filter(pl.len().over("word") >= FEWEST_TEXTS)
    return pairs["row"].to_numpy().astype(int), pairs["word"].rank("dense").to_numpy().astype(int) - 1


def _log_odds(rows: np.ndarray, words: np.ndarray, truth: np.ndarray, fit: np.ndarray, size: int) -> np.ndarray:
    """Of each word, for each class against the others; shape (words, k)."""
    there = np.column_stack([np.bincount(words, weights=truth[rows, k], minlength=size) for k in range(truth.shape[1])])
    others = np.bincount(words, minlength=size)[:, None] - there
    total, rest = truth[fit].sum(axis=0), (1 - truth[fit]).sum(axis=0)
    return np.log((there + SMOOTHING) / (total + 1)) - np.log((others + SMOOTHING) / (rest + 1))
