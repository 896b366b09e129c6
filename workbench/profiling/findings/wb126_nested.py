"""Nested values."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without
from workbench.reading.source import values_of

CODE = "WB126"


def check(context: Context) -> Iterator[Finding]:
    """Columns of lists or records, which no model takes as they are."""
    if context.raw is None:
        return
    for column in context.columns:
        values = values_of(context.raw, column.name) if column.name in context.raw.columns else None
        if values is None or column.role == "ignored":
            continue
        nested = isinstance(values.dtype, (pl.List, pl.Array, pl.Struct)) or _written(values)
        if nested:
            message = "holds lists or records in its cells; it is taken as text."
            yield Finding(CODE, "warning", message, column.name, without(column.name), {"type": str(values.dtype)})


def _written(values: pl.Series) -> bool:
    """Whether texts are lists or records as Python or JSON writes them."""
    if values.dtype != pl.String:
        return False
    written = pl.first().drop_nulls().head(1000).str.contains(r"^\s*(?:\[.*\]|\{.*:.*\})\s*$")
    return (values.to_frame().select(written.mean()).item() or 0.0) > 0.9
