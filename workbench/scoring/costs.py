"""What rows cost: by it, and not by their number, is decided where they are scored and how long others would wait.

A version's golden rows are timed when it is loaded, with and without reasons, in CPU seconds of the thread: tables,
leaves and columns tell it only for those kinds of models that somebody has thought of, a clock for all. What real rows
take corrects it later, since golden rows are few.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.checking import check
from workbench.core.contract import Column
from workbench.errors import StoreError
from workbench.scoring.runtime import Scorer
from workbench.storage.files import read

GOLDEN = ("golden", "rows.json")
ROWS = 20  # that are timed together
TIMES = 3  # the quickest counts: the others were disturbed
ENOUGH = 0.02  # seconds after which neither more rows nor a second time tell anything
LEARNT = 0.2  # weight of what came last
LOWEST, HIGHEST = 1 / 32, 32.0  # a correction that is larger tells of the machine and not of the rows


@dataclass(frozen=True)
class Cost:
    """Seconds of a call, and of each of its rows.

    Examples
    --------
    >>> Cost(0.25, 0.5).of(3)
    1.75
    """

    call: float
    row: float

    def of(self, rows: int) -> float:
        """Seconds of some rows together."""
        return self.call + self.row * rows


UNKNOWN = (Cost(0.005, 0.001), Cost(0.005, 0.01))  # until it is measured: too dear for the event loop


class Price:
    """What the rows of one version cost; nothing is known before :meth:`measure`, where it is not given.

    Parameters
    ----------
    plain, explained : Cost, optional
        Of rows, and of rows with their reasons.

    Examples
    --------
    >>> price = Price()
    >>> price.known, price.of(1, reasons=0) > 0.001, price.rows_in(0.02, reasons=5)
    (False, True, 1)
    """

    def __init__(self, plain: Cost | None = None, explained: Cost | None = None) -> None:
        self.known = plain is not None
        self._plain, self._explained = plain or UNKNOWN[0], explained or plain or UNKNOWN[1]
        self._factors = [1.0, 1.0]

    def measure(self, scorer: Scorer) -> None:
        """Time the version's golden rows, or rows as its contract has them."""
        rows = golden(scorer)
        checked = {n: check(rows[:n], scorer.contract, scorer.features).columns for n in (1, len(rows))}
        self._plain = _timed(lambda n: scorer.predict(rows[:n], 0), len(rows))
        # Not as for an answer: whether tables of reasons pay is for real rows to tell.
        told = not scorer.without_reasons
        why = _timed(lambda n: scorer.model.explain(checked[n]), len(rows)) if told else Cost(0.0, 0.0)
        self._explained = Cost(self._plain.call + why.call, self._plain.row + why.row)
        self._factors = [1.0, 1.0]
        self.known = True

    def of(self, rows: int, reasons: int) -> float:
        """Seconds that so many rows take, with their reasons where some are asked for."""
        if reasons > 0:
            return self._explained.of(rows) * self._factors[1]
        return self._plain.of(rows) * self._factors[0]

    def rows_in(self, seconds: float, reasons: int) -> int:
        """How many rows fit in so many seconds, at least one."""
        return max(1, int((seconds - self.of(0, reasons)) / max(1e-9, self.of(1, reasons) - self.of(0, reasons))))

    def slices(self, rows: int, reasons: int, seconds: float) -> Iterator[slice]:
        """The rows in parts of about so many seconds each, by what is known when each begins."""
        start = 0
        while start < rows:
            stop = min(rows, start + self.rows_in(seconds, reasons))
            yield slice(start, stop)
            start = stop

    def learn(self, rows: int, reasons: int, seconds: float) -> None:
        """Correct what is known by what some rows took."""
        if not self.known or not rows:
            return
        base = (self._explained if reasons > 0 else self._plain).of(rows)
        found = min(HIGHEST, max(LOWEST, seconds / max(1e-9, base)))
        which = int(reasons > 0)
        self._factors[which] += LEARNT * (found - self._factors[which])


def golden(scorer: Scorer) -> list[dict[str, Any]]:
    """Rows of a version to time it by: those that were packaged, or one of usual values some times."""
    try:
        rows = read(scorer.bundle.path.joinpath(*GOLDEN), lambda content: list(content["rows"]))
    except (StoreError, OSError):
        rows = []
    return rows[:ROWS] or [{name: _usual(scorer.contract[name]) for name in scorer.features}] * ROWS


def _usual(column: Column) -> Any:
    """A value that a column may have."""
    if column.kind in ("number", "integer"):
        ends = [end for end in (column.minimum, column.maximum) if end is not None]
        return int(sum(ends) / len(ends)) if ends else 0
    if column.kind == "category":
        return column.categories[0] if column.categories else None
    return None


def _timed(work: Callable[[int], Any], rows: int) -> Cost:
    """The cost of some work by its number of rows, after once that warms it up."""
    work(1)
    one = _quickest(work, 1)
    if one > ENOUGH or rows < 2:
        return Cost(0.0, one)
    row = max(0.0, (_quickest(work, rows) - one) / (rows - 1))
    return Cost(max(0.0, one - row), row)


def _quickest(work: Callable[[int], Any], rows: int) -> float:
    took: Sequence[float] = ()
    while len(took) < TIMES and sum(took) < ENOUGH:
        start = time.thread_time()
        work(rows)
        took = (*took, time.thread_time() - start)
    return min(took)
