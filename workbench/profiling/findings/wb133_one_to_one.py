"""One to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from workbench.core.finding import Finding
from workbench.core.profile import Association, ColumnProfile
from workbench.profiling.findings.context import Context, without
from workbench.profiling.findings.wb107_identifier import nearly_all_distinct
from workbench.reading.source import chosen, values_of

CODE = "WB133"

# Values beyond which a column is no code of another; and of which each must have some rows to say anything.
MOST_LEVELS = 200
ROWS_A_LEVEL = 5
# Rows outside the commonest value: two columns that are nearly constant agree by chance.
FEWEST_OTHERS = 10
# Cramér's V of a column that another one may determine; the correction for bias takes some of few rows and many levels.
DETERMINED = 0.95


def check(context: Context) -> Iterator[Finding]:
    """Columns of few values that go with each other one to one, or of which one determines another."""
    if context.sample is None:
        return
    columns = {c.name: c for c in context.features("category", "boolean", "integer", "number") if _is_code(c)}
    extra: set[str] = set()
    for group in _groups(context, columns):
        first, *others = group
        extra.update(others)
        message = (
            f"goes with {first} one to one ({columns[others[0]].distinct} values of each): a model needs one of them."
        )
        yield Finding(CODE, "info", message, others[0], without(*others), {"columns": [others[0], first, *others[1:]]})
    for pair in context.associations:
        if pair.measure == "cramers_v" and pair.strength >= DETERMINED and {pair.a, pair.b} <= columns.keys() - extra:
            yield from _determined(context, columns, pair)


def _is_code(column: ColumnProfile) -> bool:
    others = column.count - column.top[0][1] if column.top else 0
    few = 2 <= column.distinct <= min(MOST_LEVELS, column.count / ROWS_A_LEVEL)
    return few and others >= FEWEST_OTHERS and not column.sensitive and not nearly_all_distinct(column)


def _groups(context: Context, columns: dict[str, ColumnProfile]) -> Iterator[list[str]]:
    """Columns whose values stand in the same order of first appearance in every row, gaps included."""
    assert context.sample is not None
    equal = {frozenset(pair) for pair in context.equal}
    equal |= {frozenset((f.a, f.b)) for f in context.associations if f.measure == "pearson" and f.strength >= 0.9995}
    seen: dict[tuple[int, bytes], list[str]] = {}
    alike = Counter(column.distinct for column in columns.values())
    for name, column in ((n, c) for n, c in columns.items() if alike[c.distinct] > 1):
        seen.setdefault((column.distinct, _appearance(values_of(context.sample, name))), []).append(name)
    for first, *others in seen.values():
        # What WB106 says of equal columns, and of numbers that are one in two units, is not said twice.
        news = [n for n in others if frozenset((first, n)) not in equal]
        if news:
            yield [first, *news]


def _appearance(values: pl.Series) -> bytes:
    """The number of each row's value in the order in which they appear: equal where values go one to one."""
    known = values.unique(maintain_order=True).drop_nulls()
    if values.dtype == pl.String:
        numbers = values.cast(pl.Enum(known)).to_physical().cast(pl.UInt32)
    else:
        places = pl.DataFrame({"v": known}).with_row_index("at")
        numbers = pl.DataFrame({"v": values}).join(places, on="v", how="left", maintain_order="left")["at"]
    return numbers.fill_null(2**32 - 1).to_numpy().tobytes()


def _determined(context: Context, columns: dict[str, ColumnProfile], pair: Association) -> Iterator[Finding]:
    assert context.sample is not None
    finer, coarser = sorted((columns[pair.a], columns[pair.b]), key=lambda c: -c.distinct)
    both = chosen(context.sample, (finer.name, coarser.name)).drop_nulls()
    pairs, values = both.n_unique(), values_of(both, finer.name).n_unique()
    if coarser.distinct < finer.distinct and pairs == values:
        message = f"is determined by {finer.name}: each of its {values} values goes with one."
        evidence = {"columns": [coarser.name, finer.name]}
        yield Finding(CODE, "info", message, coarser.name, without(coarser.name), evidence)
