"""Which columns a model may use, and why the others are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from workbench.core.contract import Contract
from workbench.core.profile import Profile
from workbench.profiling.findings.wb117_follows_the_clock import beyond
from workbench.tables.written import written

# Findings that take a feature out, with the reason in words.
REASONS = {
    "WB101": "has one value only",
    "WB107": "identifies the row",
    "WB117": "follows the clock: its future values are never seen in training",
    "WB120": "gives the target away",
}
OWN_TEXT = "has a text of its own in each row, which is no words"
ROLES = {
    "id": "identifies the row",
    "time": "orders the rows",
    "group": "says which rows belong together",
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
        Its findings name constants, identifiers, clocks and leaks; columns without any value are left out too, and
        texts that are neither words nor levels (WB116).

    Returns
    -------
    dict of str to str
        In the table's order; the target is not among them.
    """
    flagged = {f.column: REASONS[f.code] for f in reversed(profile.findings) if f.code in REASONS and f.column}
    read = {f.column for f in profile.findings if f.code == "WB116"}
    reasons: dict[str, str] = {}
    for column in contract.columns:
        if column.role in ROLES:
            reasons[column.name] = ROLES[column.role]
        elif column.role == "feature" and column.name in profile and profile[column.name].count == 0:
            reasons[column.name] = "has no value"
        elif column.role == "feature" and column.name in flagged:
            reasons[column.name] = flagged[column.name]
        elif column.role == "feature" and column.kind == "text" and column.name not in read:
            reasons[column.name] = OWN_TEXT
    return reasons


def may_have_spoken(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """Columns left out that may have said something of the target: leaks, texts, and what follows the clock."""
    reasons = {OWN_TEXT, REASONS["WB117"], REASONS["WB120"]}
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


# Levels of a category from which on the target's mean stands for each of them; so many are codes of LightGBM.
MANY_LEVELS = 250
# Words a text has, on average, where it is read word by word; and rows with an equal one where it is a level too.
FEWEST_WORDS = 1.5
FEWEST_EQUAL = 2.0
# Different numbers that texts hold where they are numbers, and the share of the rows.
FEWEST_NUMBERS = 10
MOST_NUMBERS = 0.8


def made_of(table: pd.DataFrame, contract: Contract) -> dict[str, str]:
    """What is made of texts and of categories with many levels.

    Parameters
    ----------
    table : pandas.DataFrame
        The features, shape (n, features).
    contract : Contract

    Returns
    -------
    dict of str to {"words", "levels", "words and levels", "numbers and levels", "numbers and categories"}
        By column; those that it does not name are taken as they are. *words*: how often each word of the text comes.
        *levels*: the mean of the target by value. *numbers*: the number in the text, as in ``<5`` or ``3.4 GB``.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> rows = [f"number {i} was late" for i in range(900)]
    >>> made_of(pd.DataFrame({"note": pd.Series(rows, dtype="str")}), Contract((Column("note", "text"),)))
    {'note': 'words'}
    """
    texts = (name for name in table if contract[str(name)].kind in ("category", "text"))
    return {str(name): made for name in texts if (made := _made_of(table[name].dropna()))}


def _made_of(values: pd.Series) -> str | None:
    rows = values.value_counts()
    if _are_numbers(rows):
        return "numbers and categories" if len(rows) <= MANY_LEVELS else "numbers and levels"
    if len(rows) <= MANY_LEVELS:
        return None
    words = float((rows.index.str.count(r"\S+") * rows).sum() / rows.sum())
    if words < FEWEST_WORDS:
        return "levels"
    return "words and levels" if rows.sum() >= FEWEST_EQUAL * len(rows) else "words"


def _are_numbers(rows: pd.Series) -> bool:
    """Whether nearly all texts are numbers with something beside them: limits, ranges, units of several sizes.

    Digits alone were no number for a reason: they are codes.
    """
    numbers = np.array([written(text) for text in rows.index])
    known = ~np.isnan(numbers)
    if len(np.unique(numbers[known])) < FEWEST_NUMBERS or rows.to_numpy()[known].sum() < MOST_NUMBERS * rows.sum():
        return False
    return not rows.index.str.fullmatch(r"[-+]?\d+([.,]\d+)?").all() and not rows.index.str.match(r"0\d").any()
