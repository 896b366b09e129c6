"""Personal data."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without
from workbench.profiling.sensitive import sensitive_kind

CODE = "WB121"
TITLE = "Personal data"


def check(context: Context) -> Iterator[Finding]:
    """Columns with e-mail addresses, phone, card or social security numbers, IBANs, IP addresses."""
    if context.table is None:
        return
    for column in context.columns:
        word = sensitive_kind(context.table[column.name], column.kind) if column.sensitive else None
        if word and column.role != "ignored":
            told = f"holds {word}; its values are masked here and kept out of logs."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"kind": word})
