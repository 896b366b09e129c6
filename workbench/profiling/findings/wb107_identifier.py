"""Identifier."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context, without

CODE = "WB107"
TITLE = "Identifier"

NEARLY_ALL = 0.98


def check(context: Context) -> Iterator[Finding]:
    """Columns that name a row instead of describing it."""
    for column in context.features("integer", "text", "category"):
        if column.distinct >= NEARLY_ALL * column.count and names_rows(context, column):
            told = f"has {column.distinct:,} distinct values in {column.count:,} rows: it names rows."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"distinct": column.distinct})


def names_rows(context: Context, column: ColumnProfile) -> bool:
    """Whether distinct values are names: dense or rising whole numbers, or texts of few words."""
    if column.kind == "integer":
        if column.minimum is None or column.maximum is None:
            return False
        dense = column.maximum - column.minimum <= 2 * column.count
        rising = context.table is not None and bool(context.table[column.name].is_monotonic_increasing)
        return dense or rising or named_so(column.name)
    if context.table is None:
        return (column.longest or 0) <= LONGEST_NAME
    texts = context.table[column.name].dropna().head(1000)
    return bool(texts.str.count(" ").mean() < 2 and texts.str.len().mean() <= LONGEST_NAME)


def named_so(name: str) -> bool:
    """Whether the column says that it is an identifier.

    >>> named_so("customerID"), named_so("paid")
    (True, False)
    """
    return name.lower() == "id" or name.endswith(("ID", "Id", "_id", "_key"))


LONGEST_NAME = 64
