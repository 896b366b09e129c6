"""Tests of a window against what windows did: how much more chunks of time differ than samples of single rows would.

A test of two samples takes their rows for independent. Where rows come in time they are not, and its statistic is too
large by a factor, the dispersion, that chunks of the training rows tell. It is an estimate of a few chunks, so the
statistic is judged by distributions with heavier tails: Student's in place of the normal one, F in place of chi-square,
and a Kolmogorov distribution whose scale is estimated. And what a chunk of the training rows did already is no news,
whatever a distribution says of it.

References
----------
McCullagh, P. and Nelder, J. (1989), Generalized Linear Models, 4.5: over-dispersion.
Rao, J. and Scott, A. (1984), On chi-squared tests for multiway contingency tables with cell proportions estimated from
survey data, Annals of Statistics 12: the mean, and the effective number, of the eigenvalues.
Bai, Z. and Saranadasa, H. (1996), Effect of high dimension: by an example of a two sample problem, Statistica Sinica 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.chunks import ColumnChunks
from workbench.core.profile import ColumnProfile
from workbench.profiling.chunking import FEWEST, in_parts
from workbench.profiling.drift_tests import NOTHING, TestResult

Numbers = NDArray[np.float64]
# Terms of Kolmogorov's series: beyond them nothing is left where it matters.
TERMS = np.arange(1, 21)
# Of the parts of a column this share moves by itself where rows are independent, but for the error of the estimate.
NEARLY = 0.8


@dataclass(frozen=True)
class Usual:
    """What blocks of neighbouring chunks, about as long as a window, did.

    Parameters
    ----------
    factor : float
        The dispersion: how many times the variance of independent rows; at least 1.
    worst : float
        How far from all rows the furthest block lay.
    blocks : float
        How many fit side by side.
    """

    factor: float
    worst: float
    blocks: float

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the factor."""
        return max(self.blocks - 1, 1.0)

    def at_least(self, p_value: float, lies: float) -> float:
        """A p-value that is no smaller than what the blocks allow, where one lay as far off as the window does."""
        return max(p_value, 1 / (self.blocks + 1)) if lies <= self.worst else p_value


def usually(tests: Mapping[str, TestResult], chunks: ColumnChunks | None, now: ColumnProfile) -> dict[str, TestResult]:
    """The tests of a column's window, with p-values that know how the chunks of the training rows differ.

    Parameters
    ----------
    tests : mapping of str to TestResult
        ``ks``, ``mean``, ``chi2``, ``missing``, as :func:`workbench.profiling.compare.compare` makes them.
    chunks : ColumnChunks, optional
        Of the reference; without them the tests stay as they are.
    now : ColumnProfile
        Of the window.
    """
    if chunks is None:
        return dict(tests)
    return {name: result if result is NOTHING else WAYS[name](result, chunks, now) for name, result in tests.items()}


def blocks(values: Numbers, rows: Numbers, many: float) -> tuple[Numbers, float]:
    """Sums over neighbouring chunks, at each place, that have about so many rows, and how many fit side by side.

    Parameters
    ----------
    values : array, shape (chunks, …)
        What adds up.
    rows : array, shape (chunks,)
        Of each chunk.
    many : float
        Rows of a window. Of a long one the blocks are shorter: eight at least have to fit.

    Examples
    --------
    >>> sums, fit = blocks(np.ones(96), np.full(96, 100.0), 400)
    >>> float(sums[0]), len(sums), fit
    (4.0, 93, 24.0)
    """
    length = neighbours(rows, many)
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    return sums[length:] - sums[:-length], len(rows) / length


def neighbours(rows: Numbers, many: float) -> int:
    """How many chunks have together about as many rows as a window, and fit eight times at least."""
    return int(np.clip(round(many / max(rows.mean(), 1.0)), 1, max(len(rows) // FEWEST, 1)))


def of_shares(chunks: ColumnChunks, rows: float) -> tuple[Numbers, Numbers, Numbers, float]:
    """Of each block the shares of its rows in the parts, and its rows; of all rows the shares; how many blocks fit."""
    counts = np.asarray(chunks.counts, dtype=float)
    each = [counts, *([np.asarray(chunks.again, dtype=float)] if chunks.again else [])]
    found = [blocks(one, counts.sum(axis=1), rows) for one in each]
    sums, fit = np.concatenate([one for one, _ in found]), found[0][1]
    many = sums.sum(axis=1)
    sums, many = sums[many > 0], many[many > 0]
    return sums / many[:, None], many, counts.sum(axis=0) / max(counts.sum(), 1.0), fit


def _ks(result: TestResult, chunks: ColumnChunks, now: ColumnProfile) -> TestResult:
    """The distance, whose scale is what the distributions of blocks tell, there where it is largest."""
    rows = in_parts(chunks, now.state)
    many = rows.sum()
    shares, sizes, whole, fit = of_shares(chunks, many)
    if len(shares) < 2 or not many:
        return result
    below = np.cumsum(whole)[:-1]
    apart, own = np.cumsum(shares, axis=1)[:, :-1] - below, np.cumsum(rows / many)[:-1] - below
    at = int(np.abs(own).argmax())
    by_chance = below * (1 - below) * (1 / sizes).mean()
    spread = (apart**2).mean(axis=0) * _unbiased(fit)
    factor = max(_ratio(spread.sum(), by_chance.sum()), _ratio(spread[at], by_chance[at]), 1.0)
    usual = Usual(_longer(factor, many, sizes), float(np.abs(apart).max()), fit)
    worth = many * sum(map(sum, chunks.counts)) / (many + sum(map(sum, chunks.counts)))
    p = kolmogorov(result.statistic * (worth / usual.factor) ** 0.5, usual.freedom)
    return _with(result, usual.at_least(p, float(np.abs(own).max())))


def kolmogorov(scaled: float, freedom: float) -> float:
    """Tail of Kolmogorov's distribution where its scale is an estimate with so many degrees of freedom.

    Its terms 2 exp(-2 k² x²), averaged over a variance that is chi-square.

    Examples
    --------
    >>> round(kolmogorov(1.3581, 1e6), 3), round(kolmogorov(1.3581, 11), 3)
    (0.05, 0.117)
    """
    if scaled < 0.3:  # the series alternates for too long, and nothing is as sure
        return 1.0
    terms = -freedom / 2 * np.log1p(4 * TERMS**2 * scaled**2 / freedom)
    return float(np.clip(2 * ((-1.0) ** (TERMS - 1) * np.exp(terms)).sum(), 0.0, 1.0))


def _mean(result: TestResult, chunks: ColumnChunks, now: ColumnProfile) -> TestResult:
    from scipy.special import stdtr

    rows = np.asarray(chunks.counts, dtype=float).sum(axis=1)
    if chunks.again:  # nothing is known of the means that the model itself has
        return NOTHING
    if not chunks.means or now.mean is None:
        return result
    means = np.asarray(chunks.means)
    total = float((means * rows).sum() / max(rows.sum(), 1.0))
    many = now.state["moments"][0]
    sums, fit = blocks((means - total) * rows, rows, many)
    sizes, _ = blocks(rows, rows, many)
    apart = sums[sizes > 0] / sizes[sizes > 0]
    by_chance = (now.state["moments"][2] / max(many - 1, 1.0)) * (1 / sizes[sizes > 0]).mean()
    factor = max(_ratio(float((apart**2).mean()) * _unbiased(fit), by_chance), 1.0)
    usual = Usual(_longer(factor, many, sizes), float(np.abs(apart).max()), fit)
    p = 2 * float(stdtr(usual.freedom, -result.statistic / usual.factor**0.5))
    return _with(result, usual.at_least(p, abs(now.mean - total)))


def _chi2(result: TestResult, chunks: ColumnChunks, now: ColumnProfile) -> TestResult:
    """Chi-square over its dispersion, as F; of shares that move together it has fewer degrees of freedom."""
    from scipy.special import fdtrc

    try:
        rows = in_parts(chunks, now.state)
    except ValueError:
        return result
    many = rows.sum()
    shares, sizes, whole, fit = of_shares(chunks, many)
    there = whole > 0
    if len(shares) < 2 or not many or there.sum() < 2:
        return result
    scaled = (shares - whole)[:, there] / np.sqrt(whole[there]) * np.sqrt(sizes)[:, None]
    parts = float(there.sum() - 1)
    mean = float((scaled**2).sum(axis=1).mean()) * _unbiased(fit)
    free = _effective(scaled, fit)
    free = result.freedom if free >= NEARLY * parts else min(free, result.freedom)  # each level by itself, or together
    usual = Usual(_longer(max(mean / parts, 1.0), many, sizes), _furthest(shares, whole), fit)
    p = float(fdtrc(free, usual.freedom * max(free, 1.0), result.statistic / (result.freedom * usual.factor)))
    return _with(result, usual.at_least(p, _furthest(rows[None] / many, whole)))


def _effective(scaled: Numbers, fit: float) -> float:
    """The effective number of ways in which shares move: trace squared over the trace of the square, less its bias."""
    free = max(fit - 1, 1.0)
    covariance = scaled.T @ scaled / max(len(scaled) - 1, 1)
    trace = float(np.trace(covariance))
    square = float((covariance**2).sum())
    unbiased = free**2 / max((free - 1) * (free + 2), 1.0) * (square - trace**2 / free)
    return float(np.clip(trace**2 / max(unbiased, square / scaled.shape[1], 1e-300), 1.0, scaled.shape[1] - 1))


def _missing(result: TestResult, chunks: ColumnChunks, now: ColumnProfile) -> TestResult:
    from scipy.special import stdtr

    gaps = np.asarray(chunks.missing, dtype=float)
    rows = gaps + np.asarray(chunks.counts, dtype=float).sum(axis=1)
    share = gaps.sum() / max(rows.sum(), 1.0)
    if not 0 < share < 1:
        return result
    sums, fit = blocks(gaps, rows, now.rows)
    sizes, _ = blocks(rows, rows, now.rows)
    apart = sums[sizes > 0] / sizes[sizes > 0] - share
    factor = float((apart**2).mean()) * _unbiased(fit) / (share * (1 - share) * (1 / sizes[sizes > 0]).mean())
    usual = Usual(_longer(max(factor, 1.0), now.rows, sizes), float(np.abs(apart).max()), fit)
    p = 2 * float(stdtr(usual.freedom, -((result.statistic / usual.factor) ** 0.5)))
    return _with(result, usual.at_least(p, abs(now.missing_share - share)))


WAYS: dict[str, Any] = {"ks": _ks, "mean": _mean, "chi2": _chi2, "missing": _missing}


def _with(result: TestResult, p_value: float) -> TestResult:
    """The result with a p-value that is no smaller than before: dependent rows tell no more than independent ones."""
    return replace(result, p_value=float(min(max(p_value, result.p_value), 1.0)))


def _longer(factor: float, rows: float, sizes: Numbers) -> float:
    """The factor of a window that is longer than the blocks: its mean is taken to vary as much as theirs."""
    return factor * max(rows / max(float(sizes.mean()), 1.0), 1.0) if factor > 1 else factor


def _unbiased(fit: float) -> float:
    """What the blocks' own mean takes from their variance."""
    return fit / max(fit - 1, 1.0)


def _ratio(spread: float, by_chance: float) -> float:
    return float(spread / by_chance) if by_chance > 0 else 1.0


def _furthest(shares: Numbers, whole: Numbers) -> float:
    """The largest distance in total variation."""
    return float(np.abs(shares - whole).sum(axis=1).max() / 2)
