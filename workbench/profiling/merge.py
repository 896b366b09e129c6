"""Two profiles of two chunks, merged into the profile of both."""

from __future__ import annotations

from dataclasses import replace

from workbench.core.contract import Column
from workbench.core.nouns import expect
from workbench.core.profile import Profile
from workbench.errors import BadTable
from workbench.profiling.profile import tell
from workbench.profiling.saved import comparable, restored
from workbench.profiling.scan import Scanned


def merge(profile: Profile, other: Profile) -> Profile:
    """The profile of the rows of both; those of ``other`` come after.

    Counts, moments, extremes, counted values, Pearson's correlations and what is missing together are exact; quantiles,
    distinct values and duplicate rows lie within their sketch's bound. Rank correlations, Cramér's V and correlation
    ratios come from the 1,000 rows that a profile keeps, and say so by their error; so do the target's views, of the
    columns that those rows have (no free text, nothing sensitive). Findings that need more than that are left out.

    Parameters
    ----------
    profile, other : Profile
        Of tables with the same columns of the same kinds.

    Raises
    ------
    BadParameter
        If ``other`` is no profile.
    BadTable
        If the columns differ in name or kind, or a profile is of an older format and can't be merged.
    """
    other = expect(other, Profile, "profile.merge")
    kinds = [{c.name: c.kind for c in p.columns} for p in (profile, other)]
    if kinds[0] != kinds[1]:
        differing = sorted({name for name, _ in set(kinds[0].items()) ^ set(kinds[1].items())})
        raise BadTable(f"The profiles differ in {', '.join(differing)}. Read both tables with one contract.")
    if not comparable(profile.state, other.state):
        raise BadTable("One of the profiles was written by another version. Profile its table anew to merge it.")
    seen = _restored(profile).merge(_restored(other))
    # What is usual is proposed anew from both: a range that one chunk proposed is no bound of the other.
    bare = replace(profile.contract, columns=tuple(map(_bare, profile.contract.columns)))
    return tell(seen, bare, _sources(profile, other), whole=False)


def _restored(profile: Profile) -> Scanned:
    states = {c.name: c.state for c in profile.columns}
    return restored(profile.state, profile.rows, states, frozenset(c.name for c in profile.columns if c.sensitive))


def _bare(column: Column) -> Column:
    return replace(column, minimum=None, maximum=None, categories=None, missing_allowed=True)


def _sources(a: Profile, b: Profile) -> str:
    return " + ".join(dict.fromkeys((a.source, b.source)))
