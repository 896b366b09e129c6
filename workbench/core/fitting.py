"""Whether a version may answer in another one's place: the same question, of the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.bundle import Bundle
from workbench.core.contract import Column, Kind
from workbench.errors import Refused

# Kinds that take the same values: what one of them refuses the champion answers.
ALIKE: tuple[set[Kind], ...] = ({"number", "integer"}, {"category", "text"})


def check_fits(new: Bundle, old: Bundle) -> None:
    """Refuse a version that can't take the rows of another one, or answers another question.

    A column more that is needed, of another kind or another unit, makes another contract; other categories and ranges
    are what later rows bring, and a row that is refused for a missing value is answered by the champion.

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


def problems(new: Bundle, old: Bundle) -> Iterator[str]:
    """Why a version can't take the rows of another one; nothing where it can."""
    if new.name != old.name:
        yield f"is another bundle than {old.name}"
    if new.version == old.version:
        yield "is the champion already"
    if (new.task, new.classes) != (old.task, old.classes):
        yield f"answers another question ({new.task}, classes {', '.join(map(repr, new.classes)) or 'none'})"
    for name in new.features:
        yield from _of_column(new.contract[name], old.contract.by_name.get(name), name in old.features)


def _of_column(new: Column, old: Column | None, asked: bool) -> Iterator[str]:
    if old is None or not asked:
        yield f"needs the column {new.name!r}"
    elif new.kind != old.kind and {new.kind, old.kind} not in ALIKE:
        yield f"takes {new.name!r} as {new.kind} and not as {old.kind}"
    elif new.unit and old.unit and new.unit != old.unit:
        yield f"takes {new.name!r} in {new.unit} and not in {old.unit}"
