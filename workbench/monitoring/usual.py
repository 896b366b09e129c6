"""What windows did while the model was made: how far scores and probabilities were off from chunk to chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.core.chunks import Chunks
from workbench.core.metric import Metric
from workbench.profiling.chunking import FEWEST
from workbench.profiling.dispersion import blocks, neighbours


@dataclass(frozen=True)
class Spread:
    """How blocks of training rows, about as long as a window, differed.

    Parameters
    ----------
    middle : float
        Their mean.
    error : float
        Their standard deviation, in the unit of what is compared.
    worst : float
        The furthest that one was off, on the side that is asked for.
    freedom : float
        Degrees of freedom of the deviation.
    share : float
        Of a window's own variance by chance, what the blocks, being longer, have not: in [0, 1].
    """

    middle: float
    error: float
    worst: float
    freedom: float
    share: float = 0.0

    def bound(self, own: float, rate: float) -> float:
        """What chance exceeds at a rate, of a window with a standard error of its own: Student's quantile."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 1 - rate)) * float(np.hypot(self.error, own * self.share**0.5))


def of_scores(chunks: Chunks | None, metric: Metric, rows: int) -> Spread | None:
    """The spread of a score between blocks; None where it is not known.

    Parameters
    ----------
    chunks : Chunks, optional
        Of the bundle.
    metric : Metric
        The score.
    rows : int
        Labelled rows of the window.
    """
    if chunks is None or chunks.metric != metric.name:
        return None
    sizes = np.asarray(chunks.rows, dtype=float)
    wanted = neighbours(sizes, rows)
    near = sorted(range(len(chunks.scores)), key=lambda k: abs(np.log2(wanted) - k))
    known = ((k, [one for one in chunks.scores[k] if one is not None]) for k in near)
    length, values = next(((2**k, v) for k, v in known if len(v) >= FEWEST // 2), (1, []))
    if not values:
        return None
    worst = min(values) if metric.larger_is_better else max(values)
    middle, error = float(np.mean(values)), float(np.std(values, ddof=1)) * (1 + 1 / len(values)) ** 0.5
    return Spread(middle, error, worst, len(values) - 1, _shorter(rows, sizes.mean() * length))


def of_gaps(chunks: Chunks | None, rows: int) -> Spread | None:
    """The spread, about nothing, of how far probabilities were off in blocks; None where it is not known."""
    if chunks is None or not chunks.gaps:
        return None
    sizes = np.asarray(chunks.rows, dtype=float)
    sums, fit = blocks(np.asarray(chunks.gaps) * sizes, sizes, rows)
    many, _ = blocks(sizes, sizes, rows)
    off = sums / many
    error = float((off**2).mean()) ** 0.5
    return Spread(
        float(off.mean()), error, float(np.abs(off).max()), max(fit, 1.0), _shorter(rows, float(many.mean()))
    )  # fmt: skip


def _shorter(rows: float, block: float) -> float:
    """What of a window's chance a longer block does not have."""
    return max(1 - rows / block, 0.0)
