"""Personal data."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB121"


def check(context: Context) -> Iterator[Finding]:
    """Columns with e-mail addresses, phone, card or social security numbers, IBANs, names, IP and web addresses."""
    for column in context.columns:
        if column.sensitive and column.role != "ignored":
            what = column.meaning or "personal data"
            told = f"holds {what}; its values are masked here and kept out of logs."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"kind": what})
