"""Duplicate column."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB106"

# A correlation beyond which two numbers are one, perhaps in two units.
NEARLY = 0.9995


def check(context: Context) -> Iterator[Finding]:
    """Columns with the same value as an earlier one in every row."""
    columns = {c.name: c for c in context.columns}
    for earlier, later in context.equal:
        pair = (columns[earlier], columns[later])
        if any(c.role in ("ignored", "known_after") or c.distinct < 2 for c in pair):
            continue
        # The target stays; its twin is the one to leave out.
        other, extra = reversed(pair) if pair[1].role == "target" else pair
        yield Finding(CODE, "warning", f"equals {other.name} in every row.", extra.name, without(extra.name))
    known = {frozenset(pair) for pair in context.equal}
    for near in context.associations:
        if near.measure == "pearson" and near.strength >= NEARLY and frozenset((near.a, near.b)) not in known:
            a, b = columns[near.a], columns[near.b]
            if a.role == b.role == "feature" and {a.kind, b.kind} <= {"number", "integer"}:
                told = f"says the same as {a.name} (correlation {near.value:.4f})."
                yield Finding(CODE, "info", told, b.name, without(b.name), {"correlation": near.value})
