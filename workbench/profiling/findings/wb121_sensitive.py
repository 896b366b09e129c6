"""Personal data."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context, without

CODE = "WB121"


def check(context: Context) -> Iterator[Finding]:
    """Columns with e-mail addresses, phone, card or social security numbers, IBANs, names, IP and web addresses."""
    for column in context.columns:
        what = column.meaning or "personal data"
        if column.role == "personal":
            feature = python("data.with_personal($column, reason=...)", column=column.name)
            message = f"holds {what}, so it is no feature; its values are masked. To use it, say why: {feature}"
            yield Finding(CODE, "info", message, column.name, "", {"kind": what})
        elif column.sensitive and column.role != "ignored":
            message = f"holds {what}; its values are masked here and kept out of logs."
            yield Finding(CODE, "warning", message, column.name, without(column.name), {"kind": what})
