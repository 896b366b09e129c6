"""Pairs left out."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context
from workbench.profiling.pairs import MOST_PAIRS, WIDE

CODE = "WB134"


def check(context: Context) -> Iterator[Finding]:
    """A table so wide that not every pair of columns was looked at."""
    if context.pairs_left_out:
        message = (
            f"The table has {len(context.columns):,} columns: of their pairs the {MOST_PAIRS:,} that a screen on some "
            f"rows found strongest were looked at, and {context.pairs_left_out:,} were not."
        )
        cure = python("profile = wb.profile(data.table.iloc[:, :$most])  # or those that you mean", most=WIDE)
        yield Finding(CODE, "info", message, None, cure, {"left_out": context.pairs_left_out})
