"""Classes that come in an order: how far an answer is off is a matter of their ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workbench.core.contract import Contract


class Ranked(tuple[Any, ...]):
    """Labels in the order of the probabilities, with the rank of each.

    Parameters
    ----------
    labels : iterable
        As the model sorts them.
    ranks : iterable of int
        The place of each in the order that is meant, 0 the least.

    Examples
    --------
    >>> sizes = Ranked(("large", "medium", "small"), (2, 1, 0))
    >>> sizes, sizes.ranks
    (('large', 'medium', 'small'), (2, 1, 0))
    """

    ranks: tuple[int, ...]

    def __new__(cls, labels: Iterable[Any], ranks: Iterable[int]) -> Ranked:
        """A tuple of the labels that knows their ranks."""
        made = super().__new__(cls, labels)
        made.ranks = tuple(ranks)
        return made

    @property
    def ordered(self) -> list[Any]:
        """The labels, the least first."""
        return [label for _, label in sorted(zip(self.ranks, self, strict=True))]

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> Any:
        return Ranked, (tuple(self), self.ranks)


def ranked(classes: Sequence[Any], contract: Contract) -> tuple[Any, ...]:
    """The classes, with their ranks where the contract says that they come in an order.

    Parameters
    ----------
    classes : sequence
        Labels in the order of the probabilities.
    contract : Contract
        Its target is ``ordered``: by its ``categories``, the least first, else by value.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> sizes = Column("size", "category", "target", categories=("small", "medium", "large"), ordered=True)
    >>> ranked(("large", "medium", "small"), Contract((sizes,), task="multiclass")).ranks
    (2, 1, 0)
    """
    column = contract.by_name.get(contract.target or "")
    if column is None or not column.ordered or len(classes) < 3:
        return tuple(classes)
    if column.categories is None:
        return Ranked(classes, range(len(classes)))
    place = {label: k for k, label in enumerate(column.categories)}
    known = sorted(place[_said(label)] for label in classes)
    return Ranked(classes, (known.index(place[_said(label)]) for label in classes))


def _said(label: Any) -> str:
    """A label as ``classes=`` of a dataset has it."""
    return str(int(label)) if isinstance(label, float) else str(label)
