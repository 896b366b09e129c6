"""The task that a target sets."""

from __future__ import annotations

from workbench.core.contract import Kind, Task
from workbench.errors import BadTarget

# Classes beyond this are no classes.
MOST_CLASSES = 50


def infer_task(name: str, kind: Kind, known: int, distinct: int) -> Task:
    """The task that a target sets.

    Parameters
    ----------
    name, kind : str
        Of the target.
    known, distinct : int
        Rows with a value, and distinct values.

    Raises
    ------
    BadTarget
        If it has no value, one class only, or is free text.

    Examples
    --------
    >>> infer_task("Churn", "category", 7043, 2), infer_task("price", "number", 100, 90)
    ('binary', 'regression')
    """
    if not known:
        raise BadTarget(f"The target {name!r} has no value in any row. Choose another column.")
    if distinct == 1:
        raise BadTarget(f"The target {name!r} has one class only. Give rows of at least two classes.")
    if kind == "datetime" or (kind in ("text", "category") and distinct > MOST_CLASSES):
        raise BadTarget(f"The target {name!r} has {distinct:,} distinct {kind} values. Choose classes or a number.")
    if distinct == 2:
        return "binary"
    classes = kind in ("category", "text", "boolean") or (kind == "integer" and distinct <= 10)
    return "multiclass" if classes else "regression"
