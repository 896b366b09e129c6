"""Parts of a date."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import Code, python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context

CODE = "WB135"

# What people call the parts, and between what each lies; of a date year and month are there at least.
WORDS = {
    "year": r"years?|yr|yyyy|jahr|ann[ée]e|a[ñn]o|anno|jaar",
    "month": r"months?|mon|mm|monat|mois|mes|mese|maand",
    "day": r"days?|dd|mday|day_?of_?month|tag|jour|d[ií]a|giorno|dag",
    "hour": r"hours?|hr|hh|stunde|heure|hora|ora|uur",
    "minute": r"minutes?|minuto?|mins?",
}
BETWEEN = {"year": (1500, 2500), "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59)}
ENDS = {part: re.compile(rf"(?is)(.*?)[\s_.-]*(?:{words})") for part, words in WORDS.items()}
WHOLE = (
    "import pandas as pd; data = data.assign(**{$name: pd.to_datetime(data.table[$columns].set_axis($parts, axis=1), "
    "errors='coerce')}); data = wb.dataset(data.table, contract=data.contract, time=$name)"
)
# Of a year and a month alone the first day is meant.
FIRST_DAY = (
    "import pandas as pd; data = data.assign(**{$name: pd.to_datetime(data.table[$columns].set_axis($parts, axis=1)"
    ".assign(day=1), errors='coerce')}); data = wb.dataset(data.table, contract=data.contract, time=$name)"
)


def check(context: Context) -> Iterator[Finding]:
    """Year, month, day and perhaps hour in columns of their own, where no column is the time."""
    if context.contract.time is not None or any(c.kind == "datetime" for c in context.features()):
        return
    for parts in _dates(context):
        columns = [c.name for c in parts.values()]
        message = f"is, with {', '.join(columns[1:])}, the part of a moment: as one column it can be the time."
        evidence = {"columns": columns, "parts": list(parts)}
        yield Finding(CODE, "info", message, columns[0], _cure(context, columns, list(parts)), evidence)
        return  # one clock is enough


def _dates(context: Context) -> Iterator[dict[str, ColumnProfile]]:
    """Columns of one date by part, in order of size."""
    by_stem: dict[str, dict[str, ColumnProfile]] = {}
    for column in context.features("integer", "number"):
        for part, pattern in ENDS.items():
            match = pattern.fullmatch(column.name)
            if match and _within(column, *BETWEEN[part]):
                by_stem.setdefault(match[1].casefold(), {}).setdefault(part, column)
    for parts in by_stem.values():
        if {"year", "month"} <= parts.keys():
            yield _without_holes(parts)


def _within(column: ColumnProfile, low: float, high: float) -> bool:
    whole = bool(column.state.get("whole"))
    return whole and column.minimum is not None and low <= column.minimum <= (column.maximum or 0) <= high


def _without_holes(parts: dict[str, ColumnProfile]) -> dict[str, ColumnProfile]:
    """Up to the first part that is not there: an hour without a day says nothing."""
    kept: dict[str, ColumnProfile] = {}
    for part in BETWEEN:
        if part not in parts:
            break
        kept[part] = parts[part]
    return kept


def _cure(context: Context, columns: list[str], parts: list[str]) -> Code:
    name = next(n for n in ("when", "moment", *(f"moment {i}" for i in range(9999))) if n not in context.contract)
    if "day" in parts:
        return python(WHOLE, name=name, columns=columns, parts=parts)
    return python(FIRST_DAY, name=name, columns=columns, parts=parts)
