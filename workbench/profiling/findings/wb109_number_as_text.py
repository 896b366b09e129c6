"""Number, date or amount kept as text."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import Code, python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import COMMAS, DATES, MEASURES, Context

CODE = "WB109"


def check(context: Context) -> Iterator[Finding]:
    """Numbers and dates that are written as text: with blanks, signs, units, separators, or month names."""
    for column in context.features("category", "text"):
        if column.meaning in MEASURES:
            example = f", such as {column.top[0][0]}" if column.top and not column.sensitive else ""
            message = f"holds {column.meaning}{example}, as text."
            yield Finding(CODE, "warning", message, column.name, _cure(column), {"meaning": column.meaning})


_BARE = "data.table[$column].str.replace(r'[^0-9.,eE-]', '', regex=True)"
_READ = {
    DATES: "import pandas as pd; data = wb.dataset(data.table.assign(**{$column: "
    "pd.to_datetime(data.table[$column], errors='coerce', format='mixed')}))",
    COMMAS: "data = data.assign(**{$column: " + _BARE + ".str.replace('.', '').str.replace(',', '.').astype(float)})",
}
_READ_NUMBER = "data = data.assign(**{$column: " + _BARE + ".str.replace(',', '').astype(float)})"


def _cure(column: ColumnProfile) -> Code:
    return python(_READ.get(column.meaning or "", _READ_NUMBER), column=column.name)
