"""Personal data."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB121"


def check(context: Context) -> Iterator[Finding]:
    """Columns with e-mail addresses, phone, card or social security numbers, IBANs, names, IP and web addresses."""
    for column in context.columns:
        what = column.meaning or "personal data"
        if column.role == "personal":
            told = (
                f"holds {what}, so it is no feature; its values are masked. To use it all the same, say why: "
                f"data.with_personal({column.name!r}, reason=…)."
            )
            yield Finding(CODE, "info", told, column.name, "", {"kind": what})
        elif column.sensitive and column.role != "ignored":
            told = f"holds {what}; its values are masked here and kept out of logs."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"kind": what})
