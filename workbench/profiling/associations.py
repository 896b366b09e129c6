"""Which columns go together, and which go with the target.

Pearson's correlations come from all rows (:mod:`workbench.profiling.comoments`); everything else is measured on sampled
rows, and says how far it may be off.

References
----------
Bergsma (2013), A bias-correction for Cramér's V and Tschuprow's T, Journal of the Korean Statistical Society 42.
Kelley (1935), An unbiased correlation ratio measure, PNAS 21.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from workbench.core.contract import NUMERIC, Contract
from workbench.core.profile import Association, Measure, TargetView
from workbench.core.ranks import average_ranks
from workbench.profiling.comoments import FEWEST, Comoments
from workbench.profiling.pairs import WIDE, Pairs, chosen, correlations, rows_at_even_steps
from workbench.profiling.statistics import as_floats, as_numbers
from workbench.reading.source import values_of
from workbench.reading.values import counted

# Levels of a category beyond the most frequent ones count as one.
MOST_LEVELS = 50
# Bins in which a number is tried as the only predictor.
SCORE_BINS = 50
# Weaker pairs are not told.
WEAKEST = 0.1
# Parts of a column, and classes of the target, in the target's view.
MOST_PARTS = 8
MOST_CLASSES = 6


def associations(
    sample: pl.DataFrame, contract: Contract, rows: int, sums: Comoments | None = None
) -> tuple[tuple[Association, ...], int]:
    """Columns that go together, strongest first, none below 0.1; and the pairs of columns that were not looked at.

    Parameters
    ----------
    sample : polars.DataFrame
        Typed rows.
    contract : Contract
        What the columns are.
    rows : int
        Rows of the table; a sample of fewer has an error.
    sums : Comoments, optional
        Of all rows, for Pearson's correlations; of the sample by default.

    Returns
    -------
    tuple of Association
        Numbers and dates: Pearson and Spearman. Categories and booleans: Cramér's V, corrected for bias. A category
        with a number: correlation ratio, adjusted for the number of levels.
    int
        0 up to :data:`~workbench.profiling.pairs.WIDE` columns.
    """
    names, codes = _names(sample, contract), _level_names(sample, contract)
    if len(names) + len(codes) > WIDE:
        pairs, left_out = _of_wide(sample[rows_at_even_steps(sample.height, sample.width)], names, codes, rows)
    else:
        pairs, left_out = _of_all(sample, names, codes, rows, sums if sums is not None and sums.names else None), 0
    strong = (f for f in pairs if f.strength >= WEAKEST)
    return tuple(sorted(strong, key=lambda f: (-f.strength, f.a, f.b, f.measure))), left_out


def _of_all(
    sample: pl.DataFrame, names: tuple[str, ...], levels: tuple[str, ...], rows: int, sums: Comoments | None
) -> list[Association]:
    """Of every two columns."""
    error = _error(sample.height, rows)
    numbers, codes = _numbers(sample, names), _codes(sample, levels)
    pairs = [*_pearson(sums or Comoments.of(names, numbers.T), 0.0 if sums else error)]
    pairs += _of_matrix("spearman", names, names, np.triu(spearman(numbers), 1), error)
    ratios = correlation_ratios(codes, numbers) if codes and names else np.zeros((len(codes), len(names)))
    pairs += _of_matrix("correlation_ratio", tuple(codes), names, ratios, error)
    for a, b in combinations(codes, 2):
        pairs.append(Association(a, b, "cramers_v", round(cramers_v(codes[a], codes[b]), 4), error))
    return pairs


def _of_wide(
    sample: pl.DataFrame, names: tuple[str, ...], levels: tuple[str, ...], rows: int
) -> tuple[list[Association], int]:
    """Of the pairs that a screen chooses, and how many it leaves out."""
    error = round(_error(sample.height, rows), 4)
    numbers, codes = _numbers(sample, names), _codes(sample, levels)
    split = len(levels)
    pairs = chosen([*codes.values(), *numbers.T], [True] * split + [False] * len(names))
    first, second = pairs.at.T
    among = Pairs(pairs.at[first >= split] - split, 0)
    values = {
        "pearson": correlations(numbers, among),
        "spearman": correlations(_ranked(numbers), among),
    }
    associated = [
        Association(names[i], names[j], measure, round(v, 4), error)  # type: ignore[arg-type]  # the keys above
        for measure, strengths in values.items()
        for (i, j), v in zip(among.at.tolist(), np.nan_to_num(strengths).tolist(), strict=True)
    ]
    mixed = Pairs(pairs.at[(first < split) & (second >= split)], 0)
    centred = _Centred.of(numbers)
    for i, js in mixed.partners():
        ratios = _ratios(codes[levels[i]], centred.columns(js - split))
        pieces = zip(js.tolist(), ratios.tolist(), strict=True)
        associated += [
            Association(levels[i], names[j - split], "correlation_ratio", round(v, 4), error) for j, v in pieces
        ]
    for i, j in pairs.at[second < split].tolist():
        v = round(cramers_v(codes[levels[i]], codes[levels[j]]), 4)
        associated.append(Association(levels[i], levels[j], "cramers_v", v, error))
    return associated, pairs.left_out


def _error(looked_at: int, rows: int) -> float:
    """Half the width of the 99% interval of a correlation of some of the rows."""
    return 0.0 if looked_at >= rows else 2.58 / math.sqrt(max(looked_at - 3, 1))


def missing_together_in(sample: pl.DataFrame, rows: int) -> tuple[Association, ...]:
    """As :func:`missing_together`, of a wide table: on sampled rows, of the pairs that a screen chooses."""
    sample = sample[rows_at_even_steps(sample.height, sample.width)]
    names = tuple(n for n in sample.columns if FEWEST <= values_of(sample, n).null_count() < sample.height)
    gaps = [values_of(sample, n).is_null().to_numpy().astype(float) for n in names]
    empty = np.column_stack(gaps) if gaps else np.zeros((0, 0))
    pairs = chosen(list(empty.T), [False] * len(names))
    error = round(_error(sample.height, rows), 4)
    values = zip(pairs.at.tolist(), np.nan_to_num(correlations(empty, pairs)).tolist(), strict=True)
    phi = (Association(names[i], names[j], "missing_together", round(v, 4), error) for (i, j), v in values)
    return tuple(sorted((f for f in phi if f.strength >= WEAKEST), key=lambda f: (-f.strength, f.a, f.b)))


def missing_together(names: tuple[str, ...], gaps: np.ndarray, rows: int) -> tuple[Association, ...]:
    """Phi coefficients of the gaps of every two columns, over all rows, strongest first, none below 0.1.

    Parameters
    ----------
    names : tuple of str, length p
    gaps : numpy.ndarray, shape (p, p)
        Rows in which both columns have no value.
    rows : int
        Rows of the table.
    """
    share = gaps / max(rows, 1)
    alone = np.diag(share)
    with np.errstate(all="ignore"):
        spread = np.sqrt(alone * (1 - alone))
        phi = (share - np.outer(alone, alone)) / np.outer(spread, spread)
    enough = np.minimum.outer(np.diag(gaps), np.diag(gaps)) >= FEWEST
    pairs = _of_matrix("missing_together", names, names, np.triu(np.where(enough, phi, 0.0), 1), 0.0)
    return tuple(sorted(pairs, key=lambda f: (-f.strength, f.a, f.b)))


def spearman(numbers: np.ndarray) -> np.ndarray:
    """Rank correlations of the columns of a table, shape (n, p), NaN where missing; shape (p, p).

    Each column is ranked once, over its own values; where columns have gaps in different rows this is not quite what
    ranking each pair anew would give. Without gaps it agrees with :func:`scipy.stats.spearmanr`.

    >>> x = np.arange(30.0)
    >>> float(spearman(np.column_stack([x, x**3]))[0, 1])
    1.0
    """
    if not numbers.size:
        return np.zeros((numbers.shape[1],) * 2)
    names = tuple(map(str, range(numbers.shape[1])))
    return Comoments.of(names, _ranked(numbers).T).correlations()


def _ranked(numbers: np.ndarray) -> np.ndarray:
    """Each column's own ranks, NaN where missing; shape (n, p)."""
    ranked = np.full(numbers.shape[::-1], np.nan)
    for ranks, values in zip(ranked, numbers.T, strict=True):
        known = ~np.isnan(values)
        ranks[known] = average_ranks(values[known])
    return ranked.T


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


def correlation_ratios(codes: dict[str, np.ndarray], numbers: np.ndarray) -> np.ndarray:
    """Correlation ratio of each category with each number, adjusted for the number of levels, in [0, 1].

    Parameters
    ----------
    codes : dict of str to numpy.ndarray, shape (n,)
        Level numbers, -1 for missing.
    numbers : numpy.ndarray, shape (n, p)
        NaN where missing.

    Returns
    -------
    numpy.ndarray, shape (categories, p)

    Examples
    --------
    >>> levels = {"c": np.arange(40) % 2}
    >>> correlation_ratios(levels, np.where(levels["c"] == 0, 1.0, 2.0)[:, None])
    array([[1.]])
    """
    centred = _Centred.of(numbers)
    return np.vstack([_ratios(levels, centred) for levels in codes.values()])


def target_scores(sample: pl.DataFrame, contract: Contract, seed: int = 0) -> dict[str, float]:
    """How well each column alone predicts the target on rows that were held out, in [0, 1].

    Each half of the rows in turn gives the mean target per bin (level), which predicts the other half. Classes: mean
    of 2 AUC - 1 over the classes. Numbers: R².
    """
    known = _with_target(sample, contract)
    if known is None or contract.target is None:
        return {}
    truth = truth_of(values_of(known, contract.target), contract)
    half = np.random.default_rng(seed).permutation(known.height) % 2 == 0
    there = set(known.columns) - {contract.target}
    others = [c for c in contract.columns if c.name in there]
    task = str(contract.task)
    return {c.name: _held_out(_bins(values_of(known, c.name), half), truth, half, task) for c in others}


def target_views(sample: pl.DataFrame, contract: Contract, hidden: Iterable[str] = ()) -> dict[str, TargetView]:
    """How the target lies in the parts of each column: ranges of a number, values of a category.

    Parameters
    ----------
    sample : polars.DataFrame
        Typed rows.
    contract : Contract
        With a target and a task.
    hidden : iterable of str
        Columns whose values may not be shown.
    """
    known = _with_target(sample, contract)
    if known is None or contract.target is None or contract.target in set(hidden):
        return {}
    classes, truth = _shown_truth(values_of(known, contract.target), contract)
    views = {}
    there = set(known.columns) - {*hidden, contract.target}
    for column in contract.columns:
        if column.kind != "text" and column.name in there:
            labels, part = _parts(values_of(known, column.name))
            views[column.name] = _view(labels, part, classes, truth)
    return views


def level_numbers(values: pl.Series) -> np.ndarray:
    """Number of each row's level, the most frequent first, the rare ones as one, -1 for missing; shape (n,)."""
    levels = counted(values)["value"]
    if not len(levels):
        return np.full(len(values), -1)
    if values.dtype == pl.String:
        places = values.cast(pl.Enum(levels)).to_physical().cast(pl.Int64)
    else:
        places = values.replace_strict(levels, range(len(levels)), default=None, return_dtype=pl.Int64)
    return np.minimum(places.fill_null(-1).to_numpy(), MOST_LEVELS)


def _pearson(sums: Comoments, error: float) -> Iterator[Association]:
    yield from _of_matrix("pearson", sums.names, sums.names, np.triu(sums.correlations(), 1), error)


def _of_matrix(
    measure: Measure, a: tuple[str, ...], b: tuple[str, ...], values: np.ndarray, error: float
) -> list[Association]:
    at = np.argwhere(np.abs(np.nan_to_num(values)) >= WEAKEST)
    return [Association(a[i], b[j], measure, round(float(values[i, j]), 4), round(error, 4)) for i, j in at.tolist()]


class _Centred(NamedTuple):
    """Numbers less their mean, shape (n, p), 0 where missing; which are there, None where all are."""

    away: np.ndarray
    squares: np.ndarray
    known: np.ndarray | None

    @classmethod
    def of(cls, numbers: np.ndarray) -> _Centred:
        known = np.isfinite(numbers)
        with np.errstate(all="ignore"):
            middle = np.where(known, numbers, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            # Column by column in memory, so that some of them are taken quickly.
            away = np.asfortranarray(np.where(known, numbers - middle, 0.0))
            return cls(away, away * away, None if bool(known.all()) else np.asfortranarray(known, dtype=float))

    def columns(self, at: np.ndarray) -> _Centred:
        def taken(part: np.ndarray) -> np.ndarray:
            return part.T[at].T

        return _Centred(taken(self.away), taken(self.squares), None if self.known is None else taken(self.known))


def _ratios(levels: np.ndarray, numbers: _Centred) -> np.ndarray:
    """Of one category with every number."""
    away, squares, known = numbers
    there = levels >= 0
    with np.errstate(all="ignore"):
        sums = _by_level(levels, there, away)
        counts = _by_level(levels, there, np.ones((len(levels), 1)) if known is None else known)
        square = there.astype(float) @ squares
        n, k = counts.sum(axis=0), (counts > 0).sum(axis=0)  # of one column for all where none has gaps
        total = square - sums.sum(axis=0) ** 2 / n
        within = square - np.where(counts > 0, sums**2 / counts, 0.0).sum(axis=0)
        ratio = np.sqrt(np.clip(1 - within / total * (n - 1) / (n - k), 0, 1))
    enough = (k >= 2) & (n > k) & (total > 1e-12 * square)
    return np.where(enough, np.nan_to_num(ratio), 0.0)


def _by_level(levels: np.ndarray, there: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Sums of the columns over the rows of each level, shape (levels, p)."""
    size = int(levels.max(initial=-1)) + 1
    if there.all():
        return np.column_stack([np.bincount(levels, column, size) for column in numbers.T])
    return np.column_stack([np.bincount(levels[there], column[there], size) for column in numbers.T])


def _with_target(sample: pl.DataFrame, contract: Contract) -> pl.DataFrame | None:
    target = contract.target
    if target is None or contract.task is None or target not in sample.columns:
        return None
    known = sample.filter(values_of(sample, target).is_not_null())
    return known if known.height >= FEWEST else None


def truth_of(values: pl.Series, contract: Contract) -> np.ndarray:
    """The target's columns, shape (n, 1) for a number and for two classes, (n, classes) for more."""
    if contract.task == "regression":
        return as_numbers(values).astype(float)[:, None]
    classes = values.unique(maintain_order=True).to_list()
    return np.column_stack([(values == c).to_numpy() for c in classes[: 1 if len(classes) == 2 else None]]).astype(
        float
    )


def _shown_truth(values: pl.Series, contract: Contract) -> tuple[tuple[str, ...], np.ndarray]:
    if contract.task == "regression":
        return (), as_numbers(values).astype(float)[:, None]
    classes = sorted(counted(values)["value"].head(MOST_CLASSES).to_list())
    truth = np.column_stack([(values == c).to_numpy() for c in classes]).astype(float)
    boolean = contract[str(contract.target)].kind == "boolean"
    return tuple(("true" if c else "false") if boolean else str(c) for c in classes), truth


def _view(labels: list[str], part: np.ndarray, classes: tuple[str, ...], truth: np.ndarray) -> TargetView:
    rows = np.bincount(part, minlength=len(labels))
    sums = np.column_stack([np.bincount(part, weights=t, minlength=len(labels)) for t in truth.T])
    shares = sums / np.maximum(rows, 1)[:, None]
    kept = np.flatnonzero(rows)
    values = tuple(tuple(round(float(v), 6) for v in shares[i]) for i in kept)
    return TargetView(tuple(labels[i] for i in kept), tuple(int(rows[i]) for i in kept), classes, values)


def _parts(values: pl.Series) -> tuple[list[str], np.ndarray]:
    """Names of the parts of a column, and the part of each row; the last is that of the missing values."""
    return _levels(values) if values.dtype == pl.String else _ranges(values)


def _levels(values: pl.Series) -> tuple[list[str], np.ndarray]:
    levels = counted(values)["value"].head(MOST_PARTS).to_list()
    codes = np.minimum(level_numbers(values), len(levels))
    labels = [*(str(level)[:40] for level in levels), "others", "missing"]
    return labels, np.where(codes < 0, len(levels) + 1, codes)


def _ranges(values: pl.Series) -> tuple[list[str], np.ndarray]:
    numbers = as_floats(values)
    finite = numbers[np.isfinite(numbers)]
    shares = np.linspace(0, 1, MOST_PARTS + 1)
    edges = np.unique(np.quantile(finite, shares, method="lower")) if finite.size else np.zeros(1)
    dates = values.dtype in (pl.Date, pl.Datetime)
    texts = [str(np.datetime64(round(e), "s"))[:10] if dates else f"{e:.6g}" for e in edges.tolist()]
    labels = [f"{a} to {b}" for a, b in pairwise(texts)] if len(edges) > 2 else texts
    part = (np.searchsorted(edges, numbers, side="right") - 1).clip(0, len(labels) - 1)
    return [*labels, "missing"], np.where(np.isnan(numbers), len(labels), part)


def _held_out(bins: np.ndarray, truth: np.ndarray, half: np.ndarray, task: str) -> float:
    predicted = np.empty_like(truth)
    for fit in (half, ~half):
        for k in range(truth.shape[1]):
            predicted[~fit, k] = _means(bins[fit], truth[fit, k], bins.max() + 1)[bins[~fit]]
    score = _r2 if task == "regression" else gini
    scores = [score(truth[side, k], predicted[side, k]) for side in (half, ~half) for k in range(truth.shape[1])]
    return round(float(np.clip(np.mean(scores), 0, 1)), 4)


def _means(bins: np.ndarray, truth: np.ndarray, size: int) -> np.ndarray:
    # One row of the overall mean in each bin keeps a rare level from being certain.
    counts = np.bincount(bins, minlength=size)
    return (np.bincount(bins, weights=truth, minlength=size) + truth.mean()) / (counts + 1)


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    total = ((truth - truth.mean()) ** 2).sum()
    return 1 - float(((truth - predicted) ** 2).sum() / total) if total else 0.0


def gini(truth: np.ndarray, predicted: np.ndarray) -> float:
    """2 AUC - 1; agrees with scikit-learn's ``roc_auc_score``."""
    hits, misses = predicted[truth == 1], np.sort(predicted[truth == 0])
    if not hits.size or not misses.size:
        return 0.0
    below = np.searchsorted(misses, hits, side="left") + np.searchsorted(misses, hits, side="right")
    return float(below.mean() / misses.size) - 1


def _bins(values: pl.Series, fit: np.ndarray) -> np.ndarray:
    """Bin of each row, shape (n,), the last one for missing."""
    if values.dtype != pl.String:
        numbers = as_floats(values)
        finite = numbers[fit & np.isfinite(numbers)]
        edges: np.ndarray = (
            np.unique(np.quantile(finite, np.linspace(0, 1, SCORE_BINS + 1)[1:-1])) if finite.size else np.array([])
        )
        return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers))
    codes = level_numbers(values)
    return np.where(codes < 0, codes.max() + 1, codes)


def _names(sample: pl.DataFrame, contract: Contract) -> tuple[str, ...]:
    """Of numbers and dates."""
    kinds = (*NUMERIC, "datetime")
    known = set(sample.columns)  # polars makes the list anew each time
    there = [c for c in contract.columns if c.name in known]
    return tuple(c.name for c in there if c.kind in kinds and values_of(sample, c.name).dtype != pl.String)


def _numbers(sample: pl.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """As columns, NaN where missing."""
    if not names:
        return np.zeros((sample.height, 0))
    numbers = np.column_stack([as_floats(values_of(sample, name)) for name in names])
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _level_names(sample: pl.DataFrame, contract: Contract) -> tuple[str, ...]:
    """Of categories and booleans."""
    known = set(sample.columns)
    return tuple(c.name for c in contract.columns if c.kind in ("category", "boolean") and c.name in known)


def _codes(sample: pl.DataFrame, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {name: level_numbers(values_of(sample, name)) for name in names}


def _crossed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    known = (a >= 0) & (b >= 0)
    if not known.any():
        return np.zeros((0, 0))
    if not known.all():
        a, b = a[known], b[known]
    table = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(a.max() + 1, -1)
    return table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(float)
