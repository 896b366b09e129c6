"""Mixed types."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context
from workbench.reading.source import values_of
from workbench.reading.values import counted

CODE = "WB118"

LEAST, MOST = 0.03, 0.95
FEWEST_NUMBERS = 10
_NUMBER = pl.first().str.strip_chars().str.contains(r"^[-+]?\d+(?:\.\d+)?$")
_ROWS = pl.col("rows")
_MAY_BE_NUMBER = re.compile(r"\s*[-+]?\d")
WORDS = "data.table.loc[~data.table[$column].str.fullmatch(r'[-+.0-9]+', na=True), $column].unique()"


def check(context: Context) -> Iterator[Finding]:
    """Texts that are partly numbers."""
    if context.sample is None:
        return
    for column in context.features("category", "text"):
        if _has_no_number(column):
            continue
        values = values_of(context.sample, column.name)
        share = counted(values).select(_ROWS.filter(_NUMBER).sum() / _ROWS.sum()).item()
        if LEAST <= share < MOST and _numbers_and_words(values.drop_nulls().str.strip_chars(), column.distinct):
            message = f"mixes numbers ({share:.0%} of the rows) with words."
            cure = python(WORDS, column=column.name)
            yield Finding(CODE, "warning", message, column.name, cure, {"share": share})


def _has_no_number(column: ColumnProfile) -> bool:
    """Whether none of its values begins as one, where all of them were counted."""
    counts = column.state.get("counts")
    return counts is not None and not any(_MAY_BE_NUMBER.match(str(value)) for value, _ in counts)


def _numbers_and_words(texts: pl.Series, distinct: int) -> bool:
    """Whether there are several numbers, and the rest begins with letters; dates, amounts and the like are no words."""
    frame = texts.to_frame()
    numbers, rest = frame.filter(_NUMBER).to_series(), frame.filter(~_NUMBER).to_series()
    if numbers.n_unique() < min(FEWEST_NUMBERS, 0.5 * distinct):
        return False
    return len(rest) > 0 and float(rest.str.contains(r"^\p{L}").mean()) > 0.9  # type: ignore[arg-type]  # booleans
