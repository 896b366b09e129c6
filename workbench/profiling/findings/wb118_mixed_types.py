"""Mixed types."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB118"
TITLE = "Mixed types"


def check(context: Context) -> Iterator[Finding]:
    """Texts that are partly numbers."""
    if context.table is None:
        return
    for column in context.features("category", "text"):
        texts = context.table[column.name].dropna().head(5000).str.strip()
        numbers = texts.str.fullmatch(r"[-+]?\d+(?:\.\d+)?")
        share = float(numbers.mean())
        if 0.2 <= share < 0.95 and texts[numbers].nunique() > 10:
            old = f"data.table[{column.name!r}]"
            told = f"mixes numbers ({share:.0%} of the rows) with words."
            cure = f"data.table.loc[~{old}.str.fullmatch(r'[-+.0-9]+', na=True), {column.name!r}].unique()"
            yield Finding(CODE, "warning", told, column.name, cure, {"share": share})
