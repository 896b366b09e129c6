"""From a dataset to its profile."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import polars as pl

from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.dataset import Dataset
from workbench.core.finding import sort
from workbench.core.parameters import make
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.progress import progress
from workbench.profiling.associations import associations, target_scores
from workbench.profiling.findings import Context, find
from workbench.profiling.sensitive import mask, sensitive_kind
from workbench.profiling.statistics import MOST_TOP, column_profile, column_state

# Rows on which associations are measured: a correlation's standard error is 0.7% at most.
SAMPLED = 20_000
SEED = 0


def profile(data: Dataset, *, bins: int = 20) -> Profile:
    """Look at a table: statistics of every column, what goes together, and what is to be known before training.

    Parameters
    ----------
    data : Dataset
        From :func:`workbench.dataset`.
    bins : int
        Bars of each histogram, 2 to 200.

    Returns
    -------
    Profile
        Its ``findings`` come worst first, each with a cure that can be run; its ``contract`` is a proposal.

    Raises
    ------
    BadParameter
        If ``bins`` is out of its range.

    Examples
    --------
    >>> import pandas as pd
    >>> from workbench.profiling.reading import dataset
    >>> found = profile(dataset(pd.DataFrame({"year": [2013] * 30, "x": range(30)})))
    >>> found["x"].mean, [f.code for f in found.findings if f.column == "year"]
    (14.5, ['WB101'])
    """
    make("profile", {"bins": bins})
    table, contract = data.table, data.contract
    with progress("Profiling", total=len(contract.columns) + 3) as tracker:
        columns = []
        for column in contract.columns:
            columns.append(_one(table, column, bins))
            tracker.advance(column.name)
        sample = table.sample(SAMPLED, random_state=SEED).sort_index() if len(table) > SAMPLED else table
        scores = target_scores(sample, contract, SEED)
        columns = [replace(c, target=scores.get(c.name)) for c in columns]
        tracker.advance("association with the target")
        pairs = associations(sample, contract)
        tracker.advance("associations")
        duplicates = int(pd.util.hash_pandas_object(table, index=False).duplicated().sum())
        context = Context(
            tuple(columns), contract, len(table), pairs, duplicates, sample=pl.from_pandas(sample), table=table
        )
        findings = sort(find(context))
        tracker.advance("findings")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Profile(
        len(table), tuple(columns), propose(columns, contract), findings, pairs,
        data.fingerprint, data.source, duplicates, now,
    )  # fmt: skip


def profile_columns(frame: pd.DataFrame, contract: Contract, *, bins: int = 20) -> tuple[ColumnProfile, ...]:
    """Statistics of a batch's columns alone, without associations and findings: quick.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (rows, columns), typed as the contract says. Columns that the contract does not have are left out, and
        those that the frame does not have.
    contract : Contract
        What each column is. Columns marked sensitive are kept as hashes.
    bins : int
        Bars of each histogram.
    """
    return tuple(_one(frame, column, bins, look=False) for column in contract.columns if column.name in frame)


def propose(columns: list[ColumnProfile] | tuple[ColumnProfile, ...], contract: Contract) -> Contract:
    """The contract with the ranges, categories and gaps that were seen."""
    seen = {c.name: c for c in columns}
    return replace(contract, columns=tuple(_proposed(c, seen[c.name]) for c in contract.columns))


def _one(table: pd.DataFrame, column: Column, bins: int, look: bool = True) -> ColumnProfile:
    values = table[column.name]
    secret = column.sensitive or (look and sensitive_kind(values, column.kind) is not None)
    if secret and column.kind in NUMERIC:
        # Statistics of card numbers would hold card numbers: they are looked at as texts, which keep hashes only.
        values, column = values.astype("str"), replace(column, kind="text")
    told = column_profile(column_state(values, column, bins, secret), column)
    return replace(told, top=_masked_top(values)) if secret else told


def _masked_top(values: pd.Series) -> tuple[tuple[str, int], ...]:
    counted = values.dropna().value_counts().head(MOST_TOP)
    return tuple((mask(str(value)), int(n)) for value, n in counted.items())


def _proposed(column: Column, seen: ColumnProfile) -> Column:
    low, high, categories = column.minimum, column.maximum, column.categories
    if column.kind in NUMERIC and not seen.sensitive:
        low = seen.minimum if low is None and seen.minimum is not None and math.isfinite(seen.minimum) else low
        high = seen.maximum if high is None and seen.maximum is not None else high
    if column.kind in ("category", "boolean") and categories is None and seen.state.get("counts"):
        categories = _levels(seen, column)
    missing = column.missing_allowed and (seen.missing > 0 or column.role != "feature" or not seen.rows)
    return replace(
        column, minimum=low, maximum=high, categories=categories, missing_allowed=missing, sensitive=seen.sensitive
    )


def _levels(seen: ColumnProfile, column: Column) -> tuple[str, ...]:
    values = (value for value, _ in seen.state["counts"])
    words = (("true" if v else "false") if column.kind == "boolean" else str(v) for v in values)
    return tuple(sorted(words))
