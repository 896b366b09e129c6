"""Number kept as text."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB109"
TITLE = "Number kept as text"

_SIGN = r"(?:[$€£¥]|USD|EUR|GBP)"
_UNIT = r"(?:%|k|kg|g|km|m|cm|mm|lb|h|min|s)"
MONEY = rf"[-+]?{_SIGN}?\s?[-+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?\s?(?:{_SIGN}|{_UNIT})?"


def check(context: Context) -> Iterator[Finding]:
    """Numbers that are written as text, with units, currencies or blanks."""
    if context.table is None:
        return
    for name, note in dict(context.table.attrs.get("read_as", {})).items():
        told = (
            f"is a {note['kind']} that was kept as text; {note['unread']:,} rows could not be read and are missing now."
        )
        yield Finding(CODE, "info", told, str(name), "", dict(note))
    for column in context.features("category", "text"):
        texts = context.table[column.name].dropna().head(5000).str.strip()
        share = texts.str.fullmatch(MONEY).mean()
        if share >= 0.9:
            bare = f"data.table[{column.name!r}].str.replace(r'[^0-9.eE-]', '', regex=True).astype(float)"
            example = column.top[0][0] if column.top else ""
            told = f"holds numbers with signs or units in {share:.0%} of the rows, such as {example}."
            cure = f"data = data.assign(**{{{column.name!r}: {bare}}})"
            yield Finding(CODE, "warning", told, column.name, cure, {"share": float(share)})
