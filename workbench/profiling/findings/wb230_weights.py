"""WB230: rows count differently."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.wording import how_many
from workbench.profiling.findings.context import Context

CODE = "WB230"


def check(context: Context) -> Iterator[Finding]:
    """What is told by weight, and what is not."""
    by, told = context.contract.weight, next((c.weighted for c in context.columns if c.weighted), None)
    if by is None or told is None:
        return
    sampled = f", of {how_many(told.rows, 'sampled row')}, shares ± {100 * told.error:.1f}%" if told.error else ""
    message = (
        f"Rows count by {by!r}: mean, quantiles and shares by weight stand beside those of the rows{sampled}. "
        "All else counts rows, for later rows come without weights."
    )
    yield Finding(CODE, "info", message, by)
