"""Identifier."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import MEASURES, Context, without
from workbench.reading.source import values_of

CODE = "WB107"

NEARLY_ALL = 0.98


def check(context: Context) -> Iterator[Finding]:
    """Columns that name a row instead of describing it."""
    for column in context.features("integer", "text", "category"):
        if nearly_all_distinct(column) and column.meaning not in MEASURES and names_rows(context, column):
            message = f"has {column.distinct:,} distinct values in {column.count:,} rows: it names rows."
            yield Finding(CODE, "warning", message, column.name, without(column.name), {"distinct": column.distinct})


def nearly_all_distinct(column: ColumnProfile) -> bool:
    """Whether nearly every row has a value of its own, within the error of the estimate."""
    return column.distinct * (1 + column.distinct_error) >= NEARLY_ALL * column.count


def names_rows(context: Context, column: ColumnProfile) -> bool:
    """Whether distinct values are names: dense or rising whole numbers, or texts of few words."""
    if column.kind == "integer":
        if column.minimum is None or column.maximum is None:
            return False
        dense = column.maximum - column.minimum <= 2 * column.count
        rising = context.sample is not None and values_of(context.sample, column.name).is_sorted()
        return dense or rising or named_so(column.name)
    if few_words(context, column):
        return (column.mean_length or 0) <= LONGEST_NAME
    return numbered_sentences(context, column)


def numbered_sentences(context: Context, column: ColumnProfile) -> bool:
    """Whether its texts are a few sentences in which a number makes each row's own.

    A masked text or one that nobody looked at is none.
    """
    if context.sample is None or column.sensitive:
        return False
    texts = values_of(context.sample, column.name).drop_nulls().head(1000)
    return len(texts) > 0 and texts.str.replace_all(r"[\d\W_]+", " ").n_unique() <= NUMBERED * len(texts)


def few_words(context: Context, column: ColumnProfile) -> bool:
    """Whether its texts have fewer than three words, as names have; yes where there are no rows to look at."""
    if context.sample is None:
        return True
    blanks = values_of(context.sample, column.name).drop_nulls().head(1000).str.count_matches(" ")
    return not len(blanks) or float(blanks.mean()) < 2  # type: ignore[arg-type]  # whole numbers


def named_so(name: str) -> bool:
    """Whether the column says that it is an identifier.

    >>> named_so("customerID"), named_so("paid")
    (True, False)
    """
    return name.lower() == "id" or name.endswith(("ID", "Id", "_id", "_key"))


LONGEST_NAME = 64
# Sentences that are left of all texts when their numbers are taken out.
NUMBERED = 0.05
