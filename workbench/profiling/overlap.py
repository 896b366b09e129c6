"""Rows that are in two tables, from the hashes that their profiles keep."""

from __future__ import annotations

import numpy as np

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.nouns import expect
from workbench.core.profile import Profile
from workbench.profiling.row_hashes import RowHashes
from workbench.profiling.saved import comparable

CODE = "WB127"
# A share of common rows that chance and equal rows within one table do not explain.
LEAST = 0.005
FEWEST = 5


def overlap(reference: Profile, current: Profile) -> float | None:
    """Share of the current table's distinct rows that are in the reference too, in [0, 1].

    Exact up to about 2,000 rows a table, beyond that from the share of hashes that a profile keeps. None where the
    tables have other columns, or a profile keeps no hashes.

    Raises
    ------
    BadParameter
        If one of the two is no profile.

    Examples
    --------
    >>> import polars as pl
    >>> from workbench.profiling.profile import profile
    >>> train, test = (profile(pl.DataFrame({"x": range(start, start + 100)})) for start in (0, 75))
    >>> overlap(train, test)
    0.25
    """
    reference, current = (expect(p, Profile, "overlap") for p in (reference, current))
    names = [[c.name for c in p] for p in (reference, current)]
    if names[0] != names[1] or not comparable(reference.state, current.state):
        return None
    a, b = (RowHashes.from_dict(p.state["hashes"]) for p in (reference, current))
    level = max(a.level, b.level)
    ours, theirs = (np.unique(h.at_level(level).hashes) for h in (a, b))
    return float(np.isin(theirs, ours).mean()) if theirs.size else None


def rows_in_both(reference: Profile, current: Profile) -> list[Finding]:
    """What is to be said of rows that are in both tables; nothing where rows repeat within one table as often."""
    share = overlap(reference, current)
    same = reference.fingerprint and reference.fingerprint == current.fingerprint
    if share is None or same or share * current.rows < FEWEST:
        return []
    within = max((p.duplicates or 0) / max(p.rows, 1) for p in (reference, current))
    if share < LEAST + 3 * within:
        return []
    message = (
        f"{share:.1%} of the current table's rows are in the reference too: as a test set it praises what it was fed."
    )
    cure = python("current = current[~current.apply(tuple, axis=1).isin(set(reference.apply(tuple, axis=1)))]")
    return [Finding(CODE, "warning", message, None, cure, {"share": share})]
