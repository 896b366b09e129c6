"""Missing together."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB104"
TITLE = "Missing together"

LEAST = 10


def check(context: Context) -> Iterator[Finding]:
    """Groups of columns that are empty in exactly the same rows."""
    if context.table is None:
        return
    groups: dict[str, list[str]] = {}
    for column in context.features():
        if column.missing >= LEAST and column.missing < column.rows:
            empty = np.packbits(context.table[column.name].isna().to_numpy()).tobytes()
            groups.setdefault(sha256(empty).hexdigest(), []).append(column.name)
    for names in groups.values():
        if len(names) > 1:
            n = int(context.table[names[0]].isna().sum())
            told = f"is empty in the same {n:,} rows as {', '.join(names[1:])}."
            cure = f"data.table[data.table[{names[0]!r}].isna()].head()  # look at what these rows share"
            yield Finding(CODE, "info", told, names[0], cure, {"columns": names, "rows": n})
