"""Order of the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context
from workbench.profiling.findings.wb107_identifier import nearly_all_distinct
from workbench.profiling.findings.wb117_follows_the_clock import with_order
from workbench.profiling.pairs import even_steps
from workbench.profiling.statistics import as_numbers
from workbench.reading.source import values_of

CODE = "WB122"

# A rank correlation with the row's place beyond which a random split would train on the future.
STRONG = 0.7
# On some rows the correlation is known to 0.05: below this on SOME it is below STRONG on all.
SOME = 1_000
DOUBTFUL = 0.5
# And one beyond which the rows are in its order.
RISING = 0.9999


def check(context: Context) -> Iterator[Finding]:
    """Dates and numbers that go with the order of the rows, though no column is named as the time."""
    if context.contract.time is not None or context.sample is None or context.rows < 100:
        return
    target = (c for c in context.columns if c.role == "target" and c.kind in ("integer", "number"))
    for column in (*context.features("integer", "number", "datetime"), *target):
        values = as_numbers(values_of(context.sample, column.name).drop_nulls()).astype(float)
        values = values[np.isfinite(values)]
        # Ranks of all rows are dear where there are hundreds of columns.
        if abs(with_order(values[even_steps(values.size, SOME)])) < DOUBTFUL:
            continue
        strength = with_order(values)
        if abs(strength) >= STRONG and column.distinct > 10:
            yield _finding(column.name, column.kind == "datetime", _is_clock(column, strength), strength)


def _is_clock(column: ColumnProfile, strength: float) -> bool:
    """Dates, and numbers of which each row has its own, rising: an index, a counter, a measured time."""
    counts_rows = strength >= RISING and nearly_all_distinct(column) and column.role == "feature"
    return column.kind == "datetime" or counts_rows


def _finding(name: str, date: bool, clock: bool, strength: float) -> Finding:
    way = "rises" if strength > 0 else "falls"
    sorted_so = "in order of it" if abs(strength) > 0.999 else "nearly in order of it"
    if clock:
        if_so = "" if date else "if they came in this order, "
        message = (
            f"{way} with the rows, which come {sorted_so}: {if_so}name it as the time, so that no split trains on the "
            "future."
        )
        cure = python("data = wb.dataset(data.table, contract=data.contract, time=$time)", time=name)
        return Finding(CODE, "info", message, name, cure, {"correlation": strength})
    message = (
        f"{way} with the order of the rows (rank correlation {strength:.2f}): what comes later differs from before."
    )
    cure = python("data.table[$column].plot(backend='plotly')", column=name)
    return Finding(CODE, "info", message, name, cure, {"correlation": strength})
