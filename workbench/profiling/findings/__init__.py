"""Checks of a table: one file a code, each a function from what was seen to findings.

A new check is a file with ``check(seen)``, its name in ``CHECKS`` and its paragraph in ``README.md``.
"""

from __future__ import annotations

from workbench.core.finding import Finding, sort
from workbench.profiling.findings.seen import Check, Seen

CHECKS: tuple[Check, ...] = ()


def find(seen: Seen) -> tuple[Finding, ...]:
    """Run all checks; worst first."""
    return sort(finding for check in CHECKS for finding in check(seen))
