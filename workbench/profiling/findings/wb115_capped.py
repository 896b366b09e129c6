"""Capped values."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding, Severity
from workbench.core.literals import Code, Cure, python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context
from workbench.profiling.findings.wb108_sentinel import stands_apart

CODE = "WB115"


def check(context: Context) -> Iterator[Finding]:
    """Numbers that pile up at their smallest or largest value."""
    for column in context.columns:
        if column.kind not in ("number", "integer") or column.distinct < 50 or column.role not in ("feature", "target"):
            continue
        for value, n in column.top[:20]:
            at_end = column.maximum is not None and float(value) == float(f"{column.maximum:.15g}")
            rank = [n for _, n in column.top].index(n)
            if at_end and not stands_apart(column, float(value), n) and n >= max(10, 0.005 * column.count) and rank < 5:
                told = f"has {n:,} rows ({n / column.count:.1%}) at its largest value {value}: it was cut there."
                # A cut target teaches a wrong number; a cut feature is worth knowing, and its rows are worth keeping.
                target = column.role == "target"
                cure: Cure = _below(column, value) if target else ""
                severity: Severity = "warning" if target else "info"
                yield Finding(CODE, severity, told, column.name, cure, {"value": float(value), "rows": n})


def _below(column: ColumnProfile, value: str) -> Code:
    highest = float(value) if column.kind == "number" else int(float(value))
    return python("data = data.take(data.table[$column] < $highest)", column=column.name, highest=highest)
