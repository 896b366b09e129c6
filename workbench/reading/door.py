"""Where a verb takes a dataset, whatever holds a table becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from workbench.core.dataset import Dataset
from workbench.core.literals import Code, Cure, call, python
from workbench.core.parameters import DatasetStep, listed, take
from workbench.errors import BadParameter, BadTable, shortened
from workbench.reading.sources import source_of
from workbench.reading.tasks import Seen, infer_task

# Names that a column to predict mostly has.
USUAL_TARGETS = ("target", "label", "class", "outcome", "y", "churn")


def roles_asked(**asked: Any) -> dict[str, Any]:
    """The keywords of :func:`workbench.dataset` as somebody gave them to another verb, checked.

    Raises
    ------
    BadParameter
        If one takes a text or names, and something else came.

    Examples
    --------
    >>> roles_asked(target="Churn")["target"]
    'Churn'
    """
    step = take(DatasetStep, {name: listed(value) for name, value in asked.items()}, elsewhere=("source",))
    return {name: getattr(step, name) for name in asked}


def as_dataset(data: Any, **asked: Any) -> Dataset:
    """A dataset as it is, with further roles; a path, a frame, a query and the like made into one.

    Parameters
    ----------
    data : Dataset, or anything that :func:`workbench.dataset` reads
        What the verb was given.
    **asked
        As :func:`roles_asked` gives them.

    Raises
    ------
    BadTable, BadTarget, ColumnNotFound
        As :func:`workbench.dataset`.
    BadParameter
        If a dataset has another target, time, group or id than was asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> as_dataset(pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}), target="y").contract.target
    'y'
    """
    if isinstance(data, Dataset):
        return with_roles(data, **asked)
    from workbench.reading.dataset import dataset  # loads pandas, which a profile needs not

    return dataset(data, **asked)


def to_learn_from(data: Any, **asked: Any) -> Dataset:
    """The same for a verb that needs a target.

    Raises
    ------
    BadTable
        If nobody said which column is to be predicted; it names the columns.
    """
    if asked.get("target") is None and not (isinstance(data, Dataset) and data.contract.target):
        raise _without_target(data)
    return as_dataset(data, **asked)


def with_roles(
    data: Dataset, *, known_after: Iterable[str] = (), ignore: Iterable[str] = (), **single: str | None
) -> Dataset:
    """A dataset with the roles that were asked for; those that it has already are not overruled.

    Raises
    ------
    BadParameter
        If it has another target, time, group or id.
    ColumnNotFound
        If it has no such column.
    """
    for role, name in single.items():
        if name is not None and name != getattr(data.contract, role):
            data = _with_target(data, name) if role == "target" else _refused(data, role, name)
    return data.known_after(*known_after).without(*ignore)


def aimed_at(data: Dataset, name: str | None) -> Dataset:
    """A dataset with another target, or with none; what was the target becomes a feature."""
    contract = data.contract
    if contract.target is not None:
        contract = contract.change(contract.target, role="feature")
    if name is None:
        return replace(data, contract=replace(contract, task=None))
    contract = contract.change(name, role="target")
    counts = data.columns([name])[name].value_counts()
    seen = Seen(name, contract[name].kind, int(counts.sum()), len(counts), list(counts.items()))
    task = infer_task(seen)
    return replace(data, contract=replace(contract, task=task))


def _with_target(data: Dataset, name: str) -> Dataset:
    return aimed_at(data, name) if data.contract.target is None else _refused(data, "target", name)


def _refused(data: Dataset, role: str, name: str) -> Dataset:
    has = getattr(data.contract, role)
    there = f"has {has!r} as its {role}" if has else f"was made without {role}="
    raise BadParameter(
        f"The dataset {there}, and {role}={name!r} asks for another. "
        f"Leave {role}= out, or make a dataset anew: {python(_ANEW.get(role, ''), name=name)}."
    )


_ANEW = {
    "target": "wb.dataset(source, target=$name)",
    "time": "wb.dataset(source, time=$name)",
    "group": "wb.dataset(source, group=$name)",
    "id": "wb.dataset(source, id=$name)",
}


def _without_target(data: Any) -> BadTable:
    names = data.contract.names if isinstance(data, Dataset) else source_of(data).names
    return BadTable(
        f"Which column is to be predicted? Say it: {_asking(data)}. Columns: {shortened(list(names))}."
    ).cured_by(_guess(data, names))


def _asking(data: Any) -> Code:
    if isinstance(data, Dataset):
        return python("wb.train(data, target='column')")
    return python("wb.train($path, target='column')", path=data) if isinstance(data, str) else python(_FRAME)


_FRAME = "wb.train(frame, target='column')"


def _guess(data: Any, names: Iterable[str]) -> Cure:
    """Where one column alone is called as targets mostly are, the line that takes it."""
    likely = [n for n in names if n.lower() in USUAL_TARGETS]
    return call("wb.train", data, target=likely[0]) if isinstance(data, str) and len(likely) == 1 else ""
