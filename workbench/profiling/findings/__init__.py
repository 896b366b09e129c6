"""Checks of a table: one file each, a code each; README.md tells what each means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from workbench.core.finding import Finding
from workbench.profiling.findings import (
    wb101_constant,
    wb102_near_constant,
    wb103_mostly_missing,
    wb104_missing_together,
    wb105_duplicate_rows,
    wb106_duplicate_column,
    wb107_identifier,
    wb108_sentinel,
    wb109_number_as_text,
    wb110_spellings,
    wb111_infinities,
    wb112_outliers,
    wb113_skewed,
    wb114_imbalanced,
    wb115_capped,
    wb116_too_many_categories,
    wb117_follows_the_clock,
    wb118_mixed_types,
    wb119_future_dates,
    wb120_leak,
    wb121_sensitive,
    wb122_order_of_rows,
    wb123_many_zeros,
    wb124_yes_and_no,
    wb125_gap_in_dates,
    wb126_nested,
)
from workbench.profiling.findings.context import Check, Context

__all__ = ["CHECKS", "Check", "Context", "find"]

CHECKS: tuple[Check, ...] = cast(
    "tuple[Check, ...]",
    (
        wb101_constant,
        wb102_near_constant,
        wb103_mostly_missing,
        wb104_missing_together,
        wb105_duplicate_rows,
        wb106_duplicate_column,
        wb107_identifier,
        wb108_sentinel,
        wb109_number_as_text,
        wb110_spellings,
        wb111_infinities,
        wb112_outliers,
        wb113_skewed,
        wb114_imbalanced,
        wb115_capped,
        wb116_too_many_categories,
        wb117_follows_the_clock,
        wb118_mixed_types,
        wb119_future_dates,
        wb120_leak,
        wb121_sensitive,
        wb122_order_of_rows,
        wb123_many_zeros,
        wb124_yes_and_no,
        wb125_gap_in_dates,
        wb126_nested,
    ),
)


def find(context: Context) -> Iterator[Finding]:
    """All that the checks find, in the order of their codes.

    A check that fails is told (WB199) and keeps no other from looking.
    """
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check.check(context)
        except Exception as error:  # noqa: BLE001 - whatever a strange column does to one check, the others go on
            told = (
                f"The check {check.CODE} ({check.TITLE.lower()}) failed with {type(error).__name__}: please report it."
            )
            found.append(Finding("WB199", "info", told, None, "", {"check": check.CODE}))
    sentinels = {f.column for f in found if f.code == "WB108"}
    # What a sentinel does to the shape of a column is told by the sentinel.
    return (f for f in found if f.code not in ("WB113", "WB115") or f.column not in sentinels)
