"""Whether an edited notebook can go on in a kernel where its first cells have run already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.errors import BadParameter

# Tags that change what a cell does.
TELLING = frozenset({"skip-execution", "raises-exception"})
INJECTED = "injected-parameters"
CURE = (
    "The kernel holds what it did: put it back, or run the notebook from its start in a new kernel: "
    "`workbench resume JOB --replay`, resume(…, replay=True)."
)


def runs(cell: Any) -> bool:
    """Whether a cell is code."""
    return bool(cell["cell_type"] == "code" and cell["source"].strip())


def kept_places(before: Sequence[Any], failed: int, after: Sequence[Any]) -> dict[int, int]:
    """Where each cell that has finished stands in the edited notebook.

    Parameters
    ----------
    before : sequence of cells
        The notebook as it ran.
    failed : int
        Position of the cell that it failed at.
    after : sequence of cells
        The notebook as it is to go on. Words and empty cells may stand anywhere.

    Raises
    ------
    BadParameter
        If a finished cell was changed, added or removed; it says which, and what to do.

    Examples
    --------
    >>> cell = lambda source, kind="code": {"cell_type": kind, "source": source, "metadata": {}}
    >>> kept_places([cell("n = 1"), cell("1 / 0")], 1, [cell("# Title", "markdown"), cell("n = 1"), cell("1 / 2")])
    {0: 1}
    >>> kept_places([cell("n = 1"), cell("1 / 0")], 1, [cell("n = 2"), cell("1 / 2")])
    Traceback (most recent call last):
    ...
    workbench.errors.BadParameter: Cell 1 (n = 1) has finished and was changed. The kernel holds what it did: ...
    """
    done = [i for i, cell in enumerate(before[:failed]) if runs(cell)]
    there = [i for i, cell in enumerate(after) if runs(cell)]
    old, new = [_meant(before[i]) for i in done], [_meant(after[i]) for i in there]
    for at, cell in enumerate(old):
        if at >= len(new) or cell != new[at]:
            raise _changed(at, before[done[at]], done[at], old, new, [after[i] for i in there], there)
    return dict(zip(done, there, strict=False))


def _meant(cell: Any) -> tuple[str, frozenset[str]]:
    return cell["source"].rstrip(), frozenset(tags(cell)) & TELLING


def tags(cell: Any) -> Sequence[str]:
    """The tags of a cell."""
    told = cell["metadata"].get("tags", ())
    return told if isinstance(told, (list, tuple)) else ()


def _changed(
    at: int, cell: Any, place: int, old: list[Any], new: list[Any], cells: list[Any], places: list[int]
) -> BadParameter:
    if INJECTED in tags(cell) and at < len(new) and INJECTED in tags(cells[at]):
        return BadParameter(f"The parameters of the job have other values than those that its cells ran with. {CURE}")
    if at >= len(new) or (at + 1 < len(old) and new[at] == old[at + 1]):
        return BadParameter(f"Cell {_told(place, cell)} has finished and was removed. {CURE}")
    if at + 1 < len(new) and new[at + 1] == old[at]:
        return BadParameter(f"Cell {_told(places[at], cells[at])} was added before cells that have finished. {CURE}")
    return BadParameter(f"Cell {_told(place, cell)} has finished and was changed. {CURE}")


def _told(place: int, cell: Any) -> str:
    return f"{place + 1} ({cell['source'].strip().splitlines()[0][:60]})"
