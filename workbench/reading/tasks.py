"""What a target sets as the task, and what may order the rows in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.core.contract import Contract, Kind, Task
from workbench.core.wording import listed_values
from workbench.errors import BadParameter, BadTable, BadTarget

# Distinct texts beyond which a target is taken for no classes; with ``task="multiclass"`` it may have more.
MOST_CLASSES = 50
MOST_ASKED = 1000
# Whole numbers are classes where there are at most so many, each in at least so many rows: rarer ones can't be learnt
# as classes, while a number is learnt from its neighbours too.
MOST_WHOLE = 10
FEWEST_OF_A_CLASS = 10
# What has an order that may be that of time.
ORDERED: tuple[Kind, ...] = ("datetime", "number", "integer")


def infer_task(name: str, kind: Kind, known: int, distinct: int, rarest: int | None = None) -> Task:
    """The task that a target sets.

    Two values are two classes, unless they have decimals. Texts are classes, up to 50. Whole numbers are classes where
    there are at most 10 different ones, each in at least 10 rows, and else a number.

    Parameters
    ----------
    name, kind : str
        Of the target.
    known, distinct : int
        Rows with a value, and distinct values.
    rarest : int, optional
        Rows of the rarest value, where that is known.

    Raises
    ------
    BadTarget
        If it has no value, one class only, is a date, or has more classes than 50.

    Examples
    --------
    >>> infer_task("Churn", "category", 7043, 2), infer_task("price", "number", 100, 90)
    ('binary', 'regression')
    >>> infer_task("score", "integer", 500, 6, rarest=40), infer_task("score", "integer", 500, 6, rarest=2)
    ('multiclass', 'regression')
    """
    _check_values(name, kind, known, distinct)
    if distinct == 2 and kind != "number":
        return "binary"
    if kind in ("text", "category") and distinct > MOST_CLASSES:
        raise BadTarget(
            f"The target {name!r} has {distinct:,} distinct {kind} values, more than {MOST_CLASSES}. Choose another "
            f"column, or say that they are classes with task='multiclass' (up to {MOST_ASKED:,})."
        )
    few = kind == "integer" and distinct <= MOST_WHOLE and (rarest is None or rarest >= FEWEST_OF_A_CLASS)
    return "multiclass" if few or kind in ("category", "text", "boolean") else "regression"


def check_task(task: Task, name: str, kind: Kind, known: int, distinct: int) -> Task:
    """The task that somebody asks for, if the target allows it.

    Raises
    ------
    BadTarget
        If the target is of another kind, or has too many or too few classes for it.

    Examples
    --------
    >>> check_task("regression", "score", "integer", 500, 6), check_task("multiclass", "plant", "category", 5000, 80)
    ('regression', 'multiclass')
    """
    _check_values(name, kind, known, distinct)
    if task == "regression":
        if kind in ("category", "text"):
            raise BadTarget(f"A regression needs numbers, the target {name!r} has texts. Leave task= out.")
        return task
    if kind == "number":
        raise BadTarget(f"Classes need labels, the target {name!r} has numbers with fractions. Use task='regression'.")
    if task == "binary" and distinct != 2:
        raise BadTarget(
            f"task='binary' needs two classes, the target {name!r} has {distinct:,}. Use task='multiclass'."
        )
    if task == "multiclass" and distinct == 2:
        raise BadTarget(f"The target {name!r} has two classes only. Use task='binary', or leave it out.")
    if distinct > MOST_ASKED:
        raise BadTarget(
            f"The target {name!r} has {distinct:,} classes, at most {MOST_ASKED:,} are learnt. Merge the rare ones."
        )
    return task


def check_classes(classes: tuple[str, ...], name: str, counts: Mapping[str, int]) -> None:
    """Whether the classes that somebody names are those of the target.

    Parameters
    ----------
    classes : tuple of str
        As they stand in the table; whole numbers as ``"3"``, booleans as ``"true"`` and ``"false"``.
    name : str
        Of the target.
    counts : mapping of str to int
        Rows of each of its labels.

    Raises
    ------
    BadParameter
        If fewer than two are named.
    BadTarget
        If the target has others, or none of them.

    Examples
    --------
    >>> check_classes(("no", "yes"), "sold", {"yes": 3, "no": 9})
    """
    if len(classes) < 2:
        raise BadParameter(f"'classes' has {len(classes)} item. Name at least two, or leave it out.")
    strange = {label: n for label, n in counts.items() if label not in classes}
    if strange:
        raise BadTarget(
            f"The target {name!r} has {sum(strange.values()):,} rows with {listed_values(strange)}, none of the "
            f"classes {listed_values(classes)}. Name them too, or correct or leave out these rows."
        )


def label_of(value: Any, kind: Kind) -> str:
    """How a label of the target is written in ``classes``.

    >>> label_of(3.0, "integer"), label_of(1.0, "boolean"), label_of("yes ", "category")
    ('3', 'true', 'yes ')
    """
    if kind == "boolean":
        return "true" if value else "false"
    return str(int(value)) if kind == "integer" else str(value)


def check_time(contract: Contract, examples: Iterable[Any] = ()) -> None:
    """Whether the time column orders rows.

    Parameters
    ----------
    contract : Contract
    examples : iterable
        Some of its values.

    Raises
    ------
    BadTable
        If its values are neither moments nor numbers; the message names columns that may be the time.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> check_time(Contract((Column("at", "datetime", "time"),)))
    """
    name = contract.time
    if name is None or contract[name].kind in ORDERED:
        return
    what = {"boolean": "true and false"}.get(contract[name].kind, "texts that are no moments")
    shown = listed_values(dict.fromkeys(examples), 3)
    others = [c.name for c in contract.columns if c.name != name and c.role == "feature" and c.kind in ORDERED]
    moments = [n for n in others if contract[n].kind == "datetime"]
    advice = f"Moments are in {listed_values(moments)}." if moments else "No column holds moments"
    if not moments:
        advice += f"; numbers that may rise with time are in {listed_values(others)}." if others else "."
    raise BadTable(
        f"time= takes a column of moments or of numbers that rise with time; {name!r} holds {what}"
        f"{f', such as {shown}' if shown else ''}. {advice} Name such a column, make one, or leave time= out."
    )


def _check_values(name: str, kind: Kind, known: int, distinct: int) -> None:
    if not known:
        raise BadTarget(f"The target {name!r} has no value in any row. Choose another column.")
    if distinct == 1:
        raise BadTarget(f"The target {name!r} has one class only. Give rows of at least two classes.")
    if kind == "datetime":
        raise BadTarget(f"The target {name!r} has {distinct:,} distinct {kind} values. Choose classes or a number.")
