"""Whether a version may answer in another one's place: the same question, of the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.bundle import Bundle
from workbench.core.contract import Column, Kind
from workbench.core.reading import Form
from workbench.errors import Refused

# Kinds that take the same values: what one of them refuses the champion answers.
ALIKE: tuple[set[Kind], ...] = ({"number", "integer"}, {"category", "text"})


def check_fits(new: Bundle, old: Bundle) -> None:
    """Refuse a version that can't take the rows of another one, or answers another question.

    A column more that is needed, of another kind, another unit or read otherwise, another target or id makes another
    contract. Other categories and ranges do not: they are what later rows bring, and flagged. Nor does a column less,
    and a row that is refused for a missing value is answered by the champion.

    Parameters
    ----------
    new, old : Bundle
        What is tried out, and the champion.

    Raises
    ------
    Refused
        Naming the first thing that differs.
    """
    for problem in problems(new, old):
        raise Refused(
            f"{new.name} version {new.version} {problem}, so it can't be tried out beside version {old.version}. "
            "Train it on the same columns and target, or promote it at once."
        )


def check_follows(new: Bundle, old: Bundle) -> None:
    """Refuse a champion that can't take the rows of the one before, while a service runs.

    Parameters
    ----------
    new, old : Bundle
        What would answer from now on, and what does.

    Raises
    ------
    Refused
        Naming the first thing that differs.
    """
    for problem in _differences(new, old):
        raise Refused(
            f"{new.name} version {new.version} {problem}, so a service can't go over to it between two requests: "
            f"version {old.version} answers on. Train it on the same columns and target, or start the service anew."
        )


def problems(new: Bundle, old: Bundle) -> Iterator[str]:
    """Why a version can't be tried out beside another one; nothing where it can."""
    if new.version == old.version:
        yield "is the champion already"
    yield from _differences(new, old)


def _differences(new: Bundle, old: Bundle) -> Iterator[str]:
    """Why a version can't take the rows of another one."""
    if new.name != old.name:
        yield f"is another bundle than {old.name}"
    if (new.task, new.classes) != (old.task, old.classes):
        yield f"answers another question ({new.task}, classes {', '.join(map(repr, new.classes)) or 'none'})"
    target, before = new.contract.target, old.contract.target
    if target != before:
        yield f"answers another question (the target {target!r} and not {before!r})"
    if old.contract.id not in (None, new.contract.id):
        yield f"takes the id of a row from {new.contract.id!r} and not from {old.contract.id!r}"
    for name in new.features:
        yield from _of_column(new.contract[name], old.contract.by_name.get(name), name in old.features)


def _of_column(new: Column, old: Column | None, asked: bool) -> Iterator[str]:
    if old is None or not asked:
        yield f"needs the column {new.name!r}"
    elif new.kind != old.kind and {new.kind, old.kind} not in ALIKE:
        yield f"takes {new.name!r} as {new.kind} and not as {old.kind}"
    elif new.unit and old.unit and new.unit != old.unit:
        yield f"takes {new.name!r} in {new.unit} and not in {old.unit}"
    elif _reads_otherwise(new.form or Form(), old.form or Form()):
        yield f"reads {new.name!r} {_said(new)} and not {_said(old)}"


def _reads_otherwise(new: Form, old: Form) -> bool:
    """Whether the same text is another value."""
    groups = new.thousands and old.thousands and new.thousands != old.thousands
    moments = new.moments and old.moments and not {*new.moments} & {*old.moments}
    return new.decimal != old.decimal or bool(groups or moments) or bool({*new.true} & {*old.false})


def _said(column: Column) -> str:
    """How a column's texts are read, in words."""
    return (column.form.described() if column.form else "") or "as programs write them"
