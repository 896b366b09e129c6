"""Non-response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from polars import selectors

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.core.wording import worded
from workbench.profiling.findings.context import Context
from workbench.reading.source import values_of
from workbench.reading.values import counted

CODE = "WB136"

# Columns that make a block, and the share of all that may be features that they must be: a few columns that are filled
# in together, as when a case is closed, are another thing, and may well give the target away.
FEWEST_COLUMNS = 5
SHARE = 1 / 3
FEWEST_GAPS = 10
# Of the rows in which one or the other of two columns of a block is empty, the share in which both are.
TOGETHER = 0.5
# Blocks that are looked for at once.
MOST_BLOCKS = 50
# Share of a block that a row leaves blank to be one without answers.
BLANK = 0.8
MARKED = "data = data.assign(**{$new: data.table[$columns].isna().mean(axis=1) >= $blank})"


@dataclass(frozen=True)
class Block:
    """Columns that are mostly missing in the same rows.

    Parameters
    ----------
    names : tuple of str
    rows : int
        In which the first is empty together with the column that is least often so.
    """

    names: tuple[str, ...]
    rows: int


def check(context: Context) -> Iterator[Finding]:
    """Rows in which a whole block of columns has no value."""
    for block in blocks(context):
        first, others = block.names[0], len(block.names) - 1
        where = f"is empty with {others} other columns in about {block.rows:,} rows, as where nobody answered"
        message = f"{where}{_outcome(context, block)}: that says one thing, once, and is no leak."
        new = next(n for n in ("no answer", *(f"no answer {i}" for i in range(2, 9999))) if n not in context.contract)
        cure = python(MARKED, new=new, columns=list(block.names), blank=BLANK)
        yield Finding(CODE, "info", message, first, cure, {"columns": list(block.names), "rows": block.rows})


def blocks(context: Context) -> list[Block]:
    """Blocks of columns that are missing together, large enough to be those of rows without any answer."""
    columns = [c for c in context.columns if c.role in ("feature", "known_after")]
    gaps, rows = context.gaps, context.rows
    if gaps is None:
        return []
    groups: list[list[ColumnProfile]] = []
    for column in columns:
        if not FEWEST_GAPS <= column.missing < rows:
            continue
        group = next((g for g in groups if _together(context, g[0], column)), None)
        if group is not None:
            group.append(column)
        elif len(groups) < MOST_BLOCKS:
            groups.append([column])
    large = (g for g in groups if len(g) >= max(FEWEST_COLUMNS, SHARE * len(columns)))
    return [Block(tuple(c.name for c in g), _rows(context, g)) for g in large]


def _together(context: Context, a: ColumnProfile, b: ColumnProfile) -> bool:
    if min(a.missing, b.missing) < TOGETHER * max(a.missing, b.missing):
        return False
    both = context.gaps.both(a.name, b.name) if context.gaps is not None else 0
    return both >= TOGETHER * (a.missing + b.missing - both)


def _rows(context: Context, group: list[ColumnProfile]) -> int:
    least = min(group, key=lambda c: c.missing)
    return context.gaps.both(group[0].name, least.name) if context.gaps is not None else 0


def _outcome(context: Context, block: Block) -> str:
    """How the target differs in these rows, in words."""
    target, task = context.contract.target, context.contract.task
    if target is None or task is None or context.sample is None or target not in context.sample.columns:
        return ""
    share = context.sample.select(pl.mean_horizontal(selectors.by_name(block.names).is_null().cast(pl.Float64)))
    blank = share.to_series() >= BLANK
    parts = [values_of(context.sample, target).filter(mask).drop_nulls() for mask in (blank, ~blank)]
    if min(map(len, parts)) < FEWEST_GAPS:
        return f", mostly without {target} too" if len(parts[0]) < FEWEST_GAPS <= int(blank.sum()) else ""
    if task == "regression":
        means = [float(p.cast(float).mean()) for p in parts]  # type: ignore[arg-type]  # numbers
        return f" ({target} is {means[0]:.4g} on average there, {means[1]:.4g} elsewhere)"
    commonest = counted(parts[0])["value"][0]
    shares = [float((p == commonest).mean()) for p in parts]
    label = worded(bool(commonest) if context.contract[target].kind == "boolean" else commonest)
    return f" ({target} is {label} in {shares[0]:.0%} of these and in {shares[1]:.0%} of the others)"
