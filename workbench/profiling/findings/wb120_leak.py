"""Leak of the target."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import polars as pl

from workbench.core.contract import NUMERIC
from workbench.core.finding import Finding
from workbench.core.literals import assigned, call
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context

CODE = "WB120"

# A column alone that scores this much on held-out rows most likely knows the outcome.
ALMOST_PERFECT = 0.98
# Share of the rows without a target in which a column must be empty too, and of its own gaps that must lie there.
MOST_OF_THEM = 0.5
ALMOST_ALL = 0.95
FEWEST_GAPS = 20
# Columns that are tried together, and the rows on which they are.
TRIED = 10
ROWS = 2000
EXACT = 1e-9


def check(context: Context) -> Iterator[Finding]:
    """Columns that give the target away."""
    target = context.contract.target
    if target is None or context.sample is None or context.rows < FEWEST_GAPS:
        return
    columns = [c for c in context.columns if c.role in ("feature", "known_after")]
    told = {c.name: f"alone predicts {target} almost perfectly on held-out rows (score {c.target:.3f} of 1)."
            for c in columns if c.target is not None and c.target >= ALMOST_PERFECT}  # fmt: skip
    told = {**_missing_with(context, target, columns), **_sums(context, target, columns), **told}
    for column in columns:
        if column.name in told:
            yield _finding(column, told[column.name])


def _finding(column: ColumnProfile, told: str) -> Finding:
    if column.role == "known_after":
        return Finding(CODE, "info", f"{told[:-1]}; it is already kept out.", column.name)
    cure = assigned("data", call("data.known_after", column.name))
    return Finding(CODE, "error", told, column.name, cure, {"score": column.target})


def _missing_with(context: Context, target: str, columns: list[ColumnProfile]) -> dict[str, str]:
    assert context.gaps is not None
    n = context.gaps.both(target, target)
    found = {}
    for column in columns:
        if n < FEWEST_GAPS or column.missing < FEWEST_GAPS:
            continue
        both = context.gaps.both(column.name, target)
        if both >= ALMOST_ALL * column.missing and both >= MOST_OF_THEM * n and n < 0.9 * context.rows:
            where = f"is empty in {both:,} of the {n:,} rows without {target} and hardly elsewhere"
            found[column.name] = f"{where}: it is known with the outcome."
    return found


def _sums(context: Context, target: str, columns: list[ColumnProfile]) -> dict[str, str]:
    """Pairs, then triples, of numbers whose weighted sum is the target."""
    if context.contract.task != "regression" or context.sample is None:
        return {}
    usable = sorted((c for c in columns if c.kind in NUMERIC and c.target), key=lambda c: -(c.target or 0))[:TRIED]
    names = [c.name for c in usable]
    rows = context.sample.select(pl.col(target, *names).cast(pl.Float64)).drop_nulls()
    rows = rows.filter(pl.all_horizontal(pl.all().is_finite())).head(ROWS)
    if len(rows) < 50:
        return {}
    values = {name: rows[name].to_numpy() for name in names}
    for size in (2, 3):
        groups = [g for g in combinations(names, size) if _gives([values[n] for n in g], rows[target].to_numpy())]
        if groups:
            return {n: _together(target, n, g) for g in groups for n in g}
    return {}


def _together(target: str, name: str, group: tuple[str, ...]) -> str:
    return f"gives {target} exactly together with {', '.join(n for n in group if n != name)}."


def _gives(parts: list[np.ndarray], truth: np.ndarray) -> bool:
    design = np.column_stack([*parts, np.ones(len(truth))])
    solution = np.linalg.lstsq(design, truth, rcond=None)[0]
    total = ((truth - truth.mean()) ** 2).sum()
    needed = all(abs(w) * p.std() > 1e-6 * truth.std() for w, p in zip(solution[:-1], parts, strict=True))
    return bool(total and needed and ((truth - design @ solution) ** 2).sum() < EXACT * total)
