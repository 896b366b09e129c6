"""Many values."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import MEASURES, Context, without
from workbench.profiling.findings.wb107_identifier import few_words, nearly_all_distinct

CODE = "WB116"


def check(context: Context) -> Iterator[Finding]:
    """Free texts, and texts with many values."""
    for column in context.features("text"):
        if column.meaning in MEASURES or column.sensitive:
            continue
        few = few_words(context, column)
        if not nearly_all_distinct(column) or not few:
            many = f"{column.distinct:,} distinct texts in {column.count:,} rows"
            message = (
                f"has {many}: the mean of the target stands for each."
                if few
                else f"is free text: {many}. A model reads its words."
            )
            yield Finding(CODE, "info", message, column.name, without(column.name), {"distinct": column.distinct})
