"""The profile of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.dataset import Dataset
from workbench.core.finding import Finding
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.progress import progress
from workbench.profiling.associations import Coded, coded, strength, strongest
from workbench.profiling.columns import MOST_COUNTED, profile_column, profile_columns, written
from workbench.profiling.findings import find
from workbench.profiling.findings.seen import Seen

# Associations and searches in texts look at so many rows: a correlation is then known to within 0.014.
SAMPLE = 20_000
# In fewer rows than these, a column that happens to be complete says nothing of the next row.
ENOUGH_ROWS = 100


def profile(data: Dataset, *, bins: int = 20) -> Profile:
    """Describe each column, how columns go together, and what to look at before training.

    Parameters
    ----------
    data : Dataset
        Made by :func:`workbench.dataset`. The task and the target are taken from its contract.
    bins : int
        Bins of each histogram, 1 to 1,000.

    Returns
    -------
    Profile
        With findings, worst first, and a proposed contract: usual ranges and categories, whether values may be
        missing, and what is personal.

    Raises
    ------
    BadParameter
        If ``bins`` is out of range.

    Examples
    --------
    >>> import pandas as pd, workbench as wb
    >>> frame = pd.DataFrame({"tenure": [1, 34, 2, 45], "Churn": ["No", "No", "Yes", "No"]})
    >>> profile = wb.profile(wb.dataset(frame, target="Churn"))
    >>> profile["tenure"].mean, profile.contract["Churn"].categories
    (20.5, ('No', 'Yes'))
    """
    with progress("Profiling", total=4) as tracker:
        columns = profile_columns(data.table, data.contract, bins=bins)
        tracker.advance("associations")
        sample = sample_of(data.table)
        columns, pairs = _associated(columns, sample, data.contract)
        tracker.advance("duplicates")
        duplicates = int(data.table.duplicated().sum())
        tracker.advance("findings")
        findings = find(Seen(data, sample, columns, pairs, duplicates))
        tracker.advance("done")
    personal = {f.column for f in findings if f.code == "WB121" and f.column}
    columns = tuple(_masked(c, data, bins) if c.name in personal else c for c in columns)
    return Profile(
        rows=data.rows,
        columns=columns,
        contract=propose(data.contract, columns, findings),
        findings=findings,
        associations=pairs,
        fingerprint=data.fingerprint,
        source=data.source,
        duplicates=duplicates,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def sample_of(table: pd.DataFrame) -> pd.DataFrame:
    """At most ``SAMPLE`` rows, the same ones each time, in the table's order."""
    if len(table) <= SAMPLE:
        return table
    return table.iloc[np.sort(np.random.default_rng(0).choice(len(table), SAMPLE, replace=False))]


def propose(contract: Contract, columns: Iterable[ColumnProfile], findings: Iterable[Finding]) -> Contract:
    """A contract with what was seen; what somebody has set stays."""
    sentinels = {f.column: f.evidence.get("values", ()) for f in findings if f.code == "WB108"}
    seen = {c.name: c for c in columns}
    proposed = (_proposed(c, seen[c.name], sentinels.get(c.name, ())) for c in contract.columns)
    return replace(contract, columns=tuple(proposed))


def _proposed(column: Column, seen: ColumnProfile, sentinels: Iterable[float]) -> Column:
    changed = replace(
        column,
        missing_allowed=column.missing_allowed and not _always_there(seen),
        sensitive=column.sensitive or seen.sensitive,
    )
    if column.kind in NUMERIC and column.minimum is None and column.maximum is None:
        minimum, maximum = _range(seen, sentinels)
        return replace(changed, minimum=minimum, maximum=maximum)
    # Personal values don't belong in a contract that is shown and shipped.
    if column.kind in ("category", "boolean") and column.categories is None and not changed.sensitive:
        return replace(changed, categories=_categories(seen))
    return changed


def _always_there(seen: ColumnProfile) -> bool:
    return seen.role == "feature" and seen.missing == 0 and seen.rows >= ENOUGH_ROWS


def _range(seen: ColumnProfile, sentinels: Iterable[float]) -> tuple[float | None, float | None]:
    """Smallest and largest value that is no sentinel; the whole range where not all values were kept."""
    if not (seen.state.get("counts_exact") and (odd := set(sentinels))):
        return seen.minimum, seen.maximum
    real = [value for value, _ in seen.state["counts"] if value not in odd]
    return (min(real), max(real)) if real else (seen.minimum, seen.maximum)


def _categories(seen: ColumnProfile) -> tuple[str, ...] | None:
    if not seen.state.get("counts_exact") or not 0 < seen.distinct <= MOST_COUNTED:
        return None
    write = written(seen.kind)
    return tuple(sorted(write(value) for value, _ in seen.state["counts"]))


def _masked(seen: ColumnProfile, data: Dataset, bins: int) -> ColumnProfile:
    """The same column, its values kept nowhere in clear."""
    column = replace(data.contract[seen.name], sensitive=True)
    return replace(profile_column(data.table[seen.name], column, bins=bins), target=seen.target)


def _associated(
    columns: tuple[ColumnProfile, ...], sample: pd.DataFrame, contract: Contract
) -> tuple[tuple[ColumnProfile, ...], tuple[tuple[str, str, float], ...]]:
    ready = coded(sample, contract)
    names = [c.name for c in contract.columns if c.role != "ignored"]
    target = ready.get(contract.target or "")
    told = tuple(replace(c, target=_with_target(c, ready, target)) for c in columns)
    return told, strongest(ready, names)


def _with_target(column: ColumnProfile, ready: dict[str, Coded], target: Coded | None) -> float | None:
    if target is None or column.role == "target" or column.name not in ready:
        return None
    return strength(ready[column.name], target)
