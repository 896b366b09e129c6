"""Which columns a model may use, and why the others are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from workbench.core.contract import Contract
from workbench.core.profile import Profile
from workbench.profiling.findings.wb117_follows_the_clock import beyond

# Findings that take a feature out, with the reason in words.
REASONS = {
    "WB101": "has one value only",
    "WB107": "identifies the row",
    "WB116": "is free text, or has too many categories",
    "WB117": "follows the clock: its future values are never seen in training",
    "WB120": "gives the target away",
}
ROLES = {
    "id": "identifies the row",
    "time": "orders the rows",
    "group": "says which rows belong together",
    "weight": "says how much a row counts",
    "known_after": "is known only after the moment of prediction",
    "personal": "names persons, and nobody said why it is needed",
    "ignored": "was set aside",
}


def left_out(contract: Contract, profile: Profile) -> dict[str, str]:
    """Columns that the model does not use, by name, with the reason.

    Parameters
    ----------
    contract : Contract
        Roles of the columns.
    profile : Profile
        Its findings name constants, identifiers, free text, clocks and leaks; columns without any value are left out
        too.

    Returns
    -------
    dict of str to str
        In the table's order; the target is not among them.
    """
    flagged = {f.column: REASONS[f.code] for f in reversed(profile.findings) if f.code in REASONS and f.column}
    reasons: dict[str, str] = {}
    for column in contract.columns:
        if column.role in ROLES:
            reasons[column.name] = ROLES[column.role]
        elif column.role == "feature" and column.name in profile and profile[column.name].count == 0:
            reasons[column.name] = "has no value"
        elif column.role == "feature" and column.name in flagged:
            reasons[column.name] = flagged[column.name]
        elif column.role == "feature" and column.kind == "text":
            reasons[column.name] = REASONS["WB116"]
    return reasons


def may_have_spoken(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """Columns left out that may have said something of the target: leaks, texts, and what follows the clock."""
    reasons = {REASONS[code] for code in ("WB116", "WB117", "WB120")}
    return tuple(name for name, reason in left_out.items() if reason in reasons)


def suspicious(profile: Profile, features: Iterable[str]) -> tuple[str, ...]:
    """Features that nearly give the target (WB139): they are used, and the score without them is told."""
    suspects = {f.column for f in profile.findings if f.code == "WB139"}
    return tuple(name for name in features if name in suspects)


def follow_the_clock(table: pd.DataFrame, contract: Contract, order: np.ndarray) -> Iterator[tuple[str, str]]:
    """Features that grow with an order in time, with the reason, as finding WB117 has them where a time is named.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (n, columns).
    contract : Contract
    order : int array, shape (n,)
        Positions of the rows in order of time.
    """
    for column in contract.columns:
        if column.role == "feature" and column.kind in ("integer", "number", "datetime"):
            values = table[column.name].iloc[order].dropna()
            numbers = values.astype("int64") if column.kind == "datetime" else values
            if beyond(numbers.to_numpy(dtype=float)) is not None:
                yield column.name, REASONS["WB117"]
