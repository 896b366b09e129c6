"""Duplicate column."""

from __future__ import annotations

from collections.abc import Iterator

from pandas.util import hash_pandas_object

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB106"
TITLE = "Duplicate column"


def check(context: Context) -> Iterator[Finding]:
    """Columns with the same value as an earlier one in every row."""
    if context.table is None:
        return
    first: dict[int, str] = {}
    for column in context.columns:
        if column.role in ("ignored", "known_after") or column.distinct < 2:
            continue
        values = context.table[column.name]
        seen = first.setdefault(hash(hash_pandas_object(values, index=False).to_numpy().tobytes()), column.name)
        if seen != column.name and values.equals(context.table[seen].rename(column.name)):
            target = context.contract.target
            extra = seen if column.name == target else column.name
            yield Finding(
                CODE,
                "warning",
                f"equals {seen if extra == column.name else column.name} in every row.",
                extra,
                without(extra),
            )
