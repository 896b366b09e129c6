"""Checks of a table: one file each, a code each; ``core/FINDINGS.md`` tells what each means."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from workbench.core.codes import CODES
from workbench.core.finding import Finding
from workbench.profiling.findings import wb108_sentinel, wb113_skewed, wb115_capped
from workbench.profiling.findings.context import Check, Context

__all__ = ["CHECKS", "Check", "Context", "find"]

CHECKS: tuple[Check, ...] = tuple(
    cast("Check", import_module(f"{__name__}.{name}"))
    for name in sorted(module.name for module in iter_modules(__path__))
    if name.startswith("wb")
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
            title = CODES[check.CODE].title.lower()
            told = f"The check {check.CODE} ({title}) failed with {type(error).__name__}: please report it."
            found.append(Finding("WB199", "info", told, None, "", {"check": check.CODE}))
    sentinels = {f.column for f in found if f.code == wb108_sentinel.CODE}
    # What a sentinel does to the shape of a column is told by the sentinel.
    shapes = (wb113_skewed.CODE, wb115_capped.CODE)
    return (f for f in found if f.code not in shapes or f.column not in sentinels)
