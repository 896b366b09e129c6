"""A contract as JSON Schema: what a row of features must look like, in a language that other tools read.

It refuses exactly what scoring refuses (a column that is absent, a value of another kind, a missing value where none is
allowed) and notes what scoring merely flags (a number outside the usual range, an unseen category). ``strict`` refuses
that too.
"""

from __future__ import annotations

from typing import Any

from workbench.core.contract import Column, Contract

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# Moments as people write them: ISO 8601 with or without a time and a zone, where the format "date-time" wants both.
MOMENT = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)?)?$"
)
# Usual values that a note repeats.
MOST_EXAMPLES = 50


def json_schema(contract: Contract, *, strict: bool = False) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one row, as an object of columns and values.

    Parameters
    ----------
    contract : Contract
        Its features are required; other columns are described where they are given; ignored ones are left out.
    strict : bool
        True: ranges are bounds, categories are an enumeration, and columns that the contract lacks are refused.

    Returns
    -------
    dict
        Draft 2020-12. ``x-role``, ``x-unit``, ``x-sensitive`` and ``x-usual`` carry what JSON Schema has no word for.

    Examples
    --------
    >>> row = json_schema(Contract((Column("age", "integer", maximum=99.0, missing_allowed=False),)))
    >>> row["required"], row["properties"]["age"]
    (['age'], {'type': 'integer', 'x-role': 'feature', 'x-usual': {'maximum': 99.0}})
    """
    columns = [c for c in contract.columns if c.role != "ignored"]
    schema: dict[str, Any] = {
        "$schema": DRAFT,
        "type": "object",
        "properties": {c.name: _column(c, strict) for c in columns},
        "required": list(contract.features),
        "additionalProperties": not strict,
    }
    return {**schema, **({"x-task": contract.task} if contract.task else {})}


def _column(column: Column, strict: bool) -> dict[str, Any]:
    notes: dict[str, Any] = {"x-role": column.role}
    if column.unit:
        notes["x-unit"] = column.unit
    if column.sensitive:
        notes["x-sensitive"] = True
    return {**_kind(column, strict), **notes, **({} if strict else _usual(column))}


def _kind(column: Column, strict: bool) -> dict[str, Any]:
    if column.kind == "boolean":
        # 0 and 1 are what tables hold; None says that the column may be empty.
        return {"enum": [False, True, 0, 1, *([None] if column.missing_allowed else [])]}
    if strict and column.kind == "category" and column.categories is not None:
        return {"enum": [*column.categories, *([None] if column.missing_allowed else [])]}
    name = {"number": "number", "integer": "integer"}.get(column.kind, "string")
    schema: dict[str, Any] = {"type": [name, "null"] if column.missing_allowed else name}
    if column.kind == "datetime":
        schema["pattern"] = MOMENT
    return {**schema, **(_range(column) if strict else {})}


def _range(column: Column) -> dict[str, float]:
    if column.kind not in ("number", "integer"):
        return {}
    ends = {"minimum": column.minimum, "maximum": column.maximum}
    return {name: end for name, end in ends.items() if end is not None}


def _usual(column: Column) -> dict[str, Any]:
    """What is usual, as notes; the values of a sensitive column are nobody's business."""
    if column.sensitive:
        return {}
    if column.kind == "category" and column.categories:
        return {"examples": list(column.categories[:MOST_EXAMPLES])}
    found = _range(column)
    return {"x-usual": found} if found else {}
