"""Sentinel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB108"
TITLE = "Sentinel"

NUMBERS = (-9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0)
# 1900-01-01, 1970-01-01, 9999-12-31 in seconds.
DATES = (-2208988800.0, 0.0, 253402214400.0)


def check(context: Context) -> Iterator[Finding]:
    """Numbers or dates that stand for a missing value, such as -999."""
    if context.table is None:
        return
    for column in context.features("integer", "number", "datetime"):
        values = context.table[column.name].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        for code in DATES if column.kind == "datetime" else NUMBERS:
            if code in (values.min(), values.max()) and stands_apart(values, code):
                n = int((values == code).sum())
                value = column_value(code, column.kind)
                told = f"has {value} in {n:,} rows, far from every other value: it may stand for missing."
                old = f"data.table[{column.name!r}]"
                cure = f"data = data.assign(**{{{column.name!r}: {old}.mask({old} == {value!r})}})"
                yield Finding(CODE, "warning", told, column.name, cure, {"value": code, "rows": n})


def stands_apart(values: np.ndarray, code: float) -> bool:
    """Whether the code comes several times, and half the range of the others lies between it and them."""
    rest = values[values != code]
    if rest.size < 0.3 * values.size or values.size - rest.size < 3:
        return False
    gap = rest.min() - code if code < rest.min() else code - rest.max()
    return bool(gap > 0.5 * (rest.max() - rest.min()) and gap > 0)


def column_value(code: float, kind: str) -> int | str:
    """The value as the user writes it."""
    return str(np.datetime64(int(code), "s"))[:10] if kind == "datetime" else int(code)
