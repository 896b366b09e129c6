"""Too many categories."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import MEASURES, Context, without
from workbench.profiling.findings.wb107_identifier import few_words, nearly_all_distinct

CODE = "WB116"


def check(context: Context) -> Iterator[Finding]:
    """Texts with so many values that a model would learn them by heart."""
    for column in context.features("text"):
        if column.meaning in MEASURES or column.sensitive:
            continue
        few = few_words(context, column)
        if not nearly_all_distinct(column) or not few:
            told = f"has {column.distinct:,} distinct texts in {column.count:,} rows."
            told = told if few else f"is free text: {told[4:]}"
            yield Finding(CODE, "info", told, column.name, without(column.name), {"distinct": column.distinct})
