"""Spellings of one category."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context

CODE = "WB110"

FOLDED = "data = data.assign(**{$column: data.table[$column].str.strip().str.casefold()})"
# Fewer classes may be another task.
FOLDED_TARGET = (
    "data = wb.dataset(data.table.assign(**{$column: data.table[$column].str.strip().str.casefold()}), "
    "contract=data.contract)"
)


def check(context: Context) -> Iterator[Finding]:
    """Categories that differ in case, blanks or punctuation only."""
    target = (c for c in context.columns if c.role == "target" and c.kind == "category")
    for column in (*context.features("category"), *target):
        if column.sensitive or not column.state.get("counts"):
            continue
        groups: dict[str, list[str]] = {}
        for value, _ in column.state["counts"]:
            groups.setdefault(folded_text(value), []).append(value)
        several = {k: sorted(v) for k, v in groups.items() if len(v) > 1 and k}
        # Classes that look alike may be two; that they are one is for the person who made them to say.
        several = several or (typing_errors(column) if column.role == "feature" else {})
        if several:
            example = next(iter(several.values()))
            what = "classes" if column.role == "target" else "categories"
            message = f"spells {len(several)} {what} in several ways, such as {', '.join(map(repr, example[:3]))}."
            cure = python(FOLDED, column=column.name)
            if column.role == "target":
                cure = python(FOLDED_TARGET, column=column.name)
            yield Finding(CODE, "warning", message, column.name, cure, {"spellings": list(several.values())[:20]})


def folded_text(value: str) -> str:
    """What is left when case, accents, blanks and punctuation are taken off.

    >>> folded_text(" São_Paulo ") == folded_text("sao paulo")
    True
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return re.sub(r"[\s_.,;:/-]+", " ", bare).strip().casefold()


def typing_errors(column: ColumnProfile) -> dict[str, list[str]]:
    """Rare levels that are a common one with a letter more, less or other."""
    from difflib import SequenceMatcher

    counts = {value: n for value, n in column.state["counts"] if LEAST_LETTERS <= len(value) <= 40 and value.isalpha()}
    if len(counts) > MOST_LEVELS:
        return {}
    spellings: dict[str, list[str]] = {}
    for rare, n in counts.items():
        for common, m in counts.items():
            close = abs(len(rare) - len(common)) <= 1 and rare[0] == common[0]
            if n <= RARE * m and close and SequenceMatcher(None, rare, common).ratio() >= ALIKE:
                spellings.setdefault(common, [common]).append(rare)
    return spellings


# A level is an error of typing when it has at most this share of the rows of the level it looks like.
RARE = 0.1
ALIKE = 0.85
LEAST_LETTERS = 5
MOST_LEVELS = 100
