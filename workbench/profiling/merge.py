"""Two profiles of two chunks, merged into the profile of both."""

from __future__ import annotations

from dataclasses import replace

from workbench.core.contract import Column
from workbench.core.finding import sort
from workbench.core.profile import ColumnProfile, Profile
from workbench.errors import BadTable
from workbench.profiling.findings import Context, find
from workbench.profiling.profile import propose
from workbench.profiling.statistics import column_profile, merge_states


def merge(a: Profile, b: Profile) -> Profile:
    """The profile of the rows of both.

    Counts, moments, extremes and counted values are exact, quantiles and distinct values within their sketch's bound.
    What needs rows (associations, duplicate rows and the findings that come from them) is left out.

    Parameters
    ----------
    a, b : Profile
        Of tables with the same columns of the same kinds.

    Raises
    ------
    BadTable
        If the columns differ in name or kind.
    """
    kinds = [{c.name: c.kind for c in p.columns} for p in (a, b)]
    if kinds[0] != kinds[1]:
        differing = sorted({name for name, _ in set(kinds[0].items()) ^ set(kinds[1].items())})
        raise BadTable(f"The profiles differ in {', '.join(differing)}. Read both tables with one contract.")
    columns = tuple(_merged(c, b[c.name]) for c in a.columns)
    # What is usual is proposed anew from both: a range that one chunk proposed is no bound of the other.
    bare = replace(a.contract, columns=tuple(map(_bare, a.contract.columns)))
    context = Context(columns, bare, a.rows + b.rows)
    return Profile(
        a.rows + b.rows, columns, propose(columns, bare), sort(find(context)), source=_sources(a, b),
        created=max(a.created, b.created),
    )  # fmt: skip


def _bare(column: Column) -> Column:
    return replace(column, minimum=None, maximum=None, categories=None, missing_allowed=True)


def _merged(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    column = Column(a.name, a.kind, a.role)
    told = column_profile(merge_states(a.state, b.state), column)
    return replace(told, top=()) if told.sensitive else told


def _sources(a: Profile, b: Profile) -> str:
    return " + ".join(dict.fromkeys((a.source, b.source)))
