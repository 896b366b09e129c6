"""Spellings of one category."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB110"
TITLE = "Spellings of one category"


def check(context: Context) -> Iterator[Finding]:
    """Categories that differ in case, blanks or punctuation only."""
    for column in context.features("category"):
        if column.sensitive or not column.state.get("counts"):
            continue
        groups: dict[str, list[str]] = {}
        for value, _ in column.state["counts"]:
            groups.setdefault(re.sub(r"[\s_.-]+", " ", value).strip().casefold(), []).append(value)
        several = {k: sorted(v) for k, v in groups.items() if len(v) > 1 and k}
        if several:
            example = next(iter(several.values()))
            told = f"spells {len(several)} categories in several ways, such as {', '.join(map(repr, example[:3]))}."
            folded = f"data.table[{column.name!r}].str.strip().str.casefold()"
            cure = f"data = data.assign(**{{{column.name!r}: {folded}}})"
            yield Finding(CODE, "warning", told, column.name, cure, {"spellings": list(several.values())[:20]})
