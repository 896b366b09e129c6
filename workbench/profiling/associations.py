"""Which columns go together, and which go with the target; on sampled rows.

References
----------
Bergsma (2013), A bias-correction for Cramér's V and Tschuprow's T, Journal of the Korean Statistical Society 42.
Kelley (1935), An unbiased correlation ratio measure, PNAS 21.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from workbench.core.contract import NUMERIC, Contract
from workbench.core.profile import Association, Measure
from workbench.profiling.statistics import as_numbers

# Levels of a category beyond the most frequent ones count as one.
MOST_LEVELS = 50
# Bins in which a number is tried as the only predictor.
SCORE_BINS = 50
# Weaker pairs are not told.
WEAKEST = 0.1
MOST_PAIRS = 200


def associations(sample: pd.DataFrame, contract: Contract) -> tuple[Association, ...]:
    """Pairs of columns with their strength in [0, 1], strongest first, at most 200 and none below 0.1.

    Numbers: absolute Pearson correlation. Categories: Cramér's V, corrected for bias. Mixed: correlation ratio.
    """
    numbers, codes = _numbers(sample, contract), _codes(sample, contract)
    pairs = _pearson(numbers)
    pairs += [(a, b, "cramers_v", cramers_v(codes[a], codes[b])) for a, b in combinations(codes, 2)]
    pairs += [(a, b, "correlation_ratio", correlation_ratio(codes[a], numbers[b])) for a in codes for b in numbers]
    strong = [Association(a, b, m, round(min(s, 1.0), 4)) for a, b, m, s in pairs if s >= WEAKEST]
    return tuple(sorted(strong, key=lambda pair: (-pair.strength, pair.a, pair.b))[:MOST_PAIRS])


def cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    """Bias-corrected Cramér's V of two arrays of level numbers, shape (n,), -1 for missing.

    >>> round(cramers_v(np.arange(100) % 2, np.arange(100) % 2), 2)
    1.0
    """
    table = _crossed(a, b)
    n = table.sum()
    r, k = table.shape
    if n < 2 or min(r, k) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = max(0.0, ((table - expected) ** 2 / expected).sum() / n - (k - 1) * (r - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return float(min(np.sqrt(phi2 / least), 1.0)) if least > 0 else 0.0


def correlation_ratio(levels: np.ndarray, values: np.ndarray) -> float:
    """Correlation ratio, adjusted for the number of levels; levels -1 and values NaN are missing, shape (n,).

    >>> round(correlation_ratio(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 2.0, 2.0])), 2)
    1.0
    """
    known = (levels >= 0) & np.isfinite(values)
    levels, values = levels[known], values[known]
    counts = np.bincount(levels) if levels.size else np.array([])
    n, k = levels.size, int((counts > 0).sum())
    with np.errstate(over="ignore"):
        total = ((values - values.mean()) ** 2).sum() if n else 0.0
    if k < 2 or n <= k or not total or not np.isfinite(total):
        return 0.0
    means = np.bincount(levels, weights=values) / np.maximum(counts, 1)
    within = ((values - means[levels]) ** 2).sum() / total
    return float(np.sqrt(max(0.0, 1 - within * (n - 1) / (n - k))))


def target_scores(sample: pd.DataFrame, contract: Contract, seed: int = 0) -> dict[str, float]:
    """How well each column alone predicts the target on rows that were held out, in [0, 1].

    Each half of the rows in turn gives the mean target per bin (level), which predicts the other half. Classes: mean
    of 2 AUC - 1 over the classes. Numbers: R².
    """
    target = contract.target
    if target is None or contract.task is None or target not in sample:
        return {}
    known = sample[sample[target].notna()]
    if len(known) < 20:
        return {}
    truth = _truth(known[target], contract)
    half = np.random.default_rng(seed).permutation(len(known)) % 2 == 0
    others = [c for c in contract.columns if c.name != target and c.name in known]
    return {c.name: _held_out(_bins(known[c.name], c.kind, half), truth, half, contract.task) for c in others}


def _truth(values: pd.Series, contract: Contract) -> np.ndarray:
    """The target's columns, shape (n, 1) for a number, (n, classes) for more than two classes."""
    if contract.task == "regression":
        return as_numbers(values)[:, None]
    codes, classes = pd.factorize(values)
    return (codes[:, None] == np.arange(1 if len(classes) == 2 else len(classes))).astype(float)


def _held_out(bins: np.ndarray, truth: np.ndarray, half: np.ndarray, task: str) -> float:
    predicted = np.empty_like(truth)
    for fit in (half, ~half):
        for k in range(truth.shape[1]):
            predicted[~fit, k] = _means(bins[fit], truth[fit, k], bins.max() + 1)[bins[~fit]]
    score = _r2 if task == "regression" else _gini
    scores = [score(truth[side, k], predicted[side, k]) for side in (half, ~half) for k in range(truth.shape[1])]
    return round(float(np.clip(np.mean(scores), 0, 1)), 4)


def _means(bins: np.ndarray, truth: np.ndarray, size: int) -> np.ndarray:
    # One row of the overall mean in each bin keeps a rare level from being certain.
    counts = np.bincount(bins, minlength=size)
    return (np.bincount(bins, weights=truth, minlength=size) + truth.mean()) / (counts + 1)


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    total = ((truth - truth.mean()) ** 2).sum()
    return 1 - float(((truth - predicted) ** 2).sum() / total) if total else 0.0


def _gini(truth: np.ndarray, predicted: np.ndarray) -> float:
    from scipy.stats import rankdata

    hits, misses = truth.sum(), (1 - truth).sum()
    if not hits or not misses:
        return 0.0
    area = (rankdata(predicted)[truth == 1].sum() - hits * (hits + 1) / 2) / (hits * misses)
    return 2 * float(area) - 1


def _bins(values: pd.Series, kind: str, fit: np.ndarray) -> np.ndarray:
    """Bin of each row, shape (n,), the last one for missing."""
    if kind in (*NUMERIC, "datetime", "boolean"):
        numbers = as_numbers(values)
        finite = numbers[fit & np.isfinite(numbers)]
        edges: np.ndarray = (
            np.unique(np.quantile(finite, np.linspace(0, 1, SCORE_BINS + 1)[1:-1])) if finite.size else np.array([])
        )
        return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers))
    codes = level_numbers(values)
    return np.where(codes < 0, codes.max() + 1, codes)


def level_numbers(values: pd.Series) -> np.ndarray:
    """Number of each row's level, the most frequent first, the rare ones as one, -1 for missing; shape (n,)."""
    ranks = {level: i for i, level in enumerate(values.value_counts().index)}
    return np.minimum(values.map(ranks).fillna(-1).to_numpy(dtype=int), MOST_LEVELS)


def _numbers(sample: pd.DataFrame, contract: Contract) -> dict[str, np.ndarray]:
    names = [c.name for c in contract.columns if c.kind in (*NUMERIC, "datetime") and c.name in sample]
    found = {name: as_numbers(sample[name]) for name in names}
    return {name: np.where(np.isfinite(v), v, np.nan) for name, v in found.items()}


def _codes(sample: pd.DataFrame, contract: Contract) -> dict[str, np.ndarray]:
    names = [c.name for c in contract.columns if c.kind in ("category", "boolean") and c.name in sample]
    return {name: level_numbers(sample[name]) for name in names}


def _pearson(numbers: dict[str, np.ndarray]) -> list[tuple[str, str, Measure, float]]:
    with np.errstate(all="ignore"):
        strength = pd.DataFrame(numbers).corr(min_periods=20).abs().to_numpy()
    names = list(numbers)
    rows, columns = np.nonzero(np.triu(np.nan_to_num(strength), 1) >= WEAKEST)
    return [(names[i], names[j], "pearson", float(strength[i, j])) for i, j in zip(rows, columns, strict=True)]


def _crossed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    known = (a >= 0) & (b >= 0)
    if not known.any():
        return np.zeros((0, 0))
    a, b = a[known], b[known]
    table = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(a.max() + 1, -1)
    return table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(float)
