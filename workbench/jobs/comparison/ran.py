"""What ran in a job, read from its notebook: its code cells, how long each took, and what it showed."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.result import MIME
from workbench.errors import StoreError
from workbench.jobs.comparison.volatile import NOT_SHOWN, TAGS, is_passing
from workbench.jobs.notebook.outcome import record_of
from workbench.storage.files import read

if TYPE_CHECKING:
    from workbench.core.job import Job

INJECTED = "injected-parameters"


@dataclass(frozen=True)
class Shown:
    """One output of a cell.

    Parameters
    ----------
    data : dict
        By MIME type.
    record : dict, optional
        Of a result of ours.
    """

    data: dict[str, Any]
    record: dict[str, Any] | None = None


@dataclass(frozen=True)
class Ran:
    """A code cell that holds something.

    Parameters
    ----------
    position : int
        From 0 over all cells.
    source : str
    names : tuple of str
        What it is known by in both notebooks, the surest first: its step, its tag, its id, its source.
    status : str
        As papermill writes it; empty where nothing ran.
    seconds : float, optional
    volatile : bool
        Whether its tags say that its outputs differ each time.
    streams : dict of str to str
        Whole, by name: in which pieces they came, and between which outputs, depends on the machine.
    errors : tuple of str
    shown : tuple of Shown
        All else, in its order.
    """

    position: int
    source: str
    names: tuple[str, ...] = ()
    status: str = ""
    seconds: float | None = None
    volatile: bool = False
    streams: dict[str, str] | None = None
    errors: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()

    @property
    def injected(self) -> bool:
        """Whether it holds the parameters that were given."""
        return INJECTED in self.names

    @property
    def line(self) -> str:
        """What it says it does: its first line that is more than an import."""
        lines = [line.strip() for line in self.source.splitlines() if line.strip()]
        first = next((line for line in lines if not line.startswith(("import ", "from ", "%"))), lines[0])
        return first[:120]


def cells_of(job: Job) -> tuple[tuple[Ran, ...], str]:
    """The code cells of a job, and why they are not those that ran; empty where they are."""
    for path, problem in ((job.output, ""), (job.path / "input.ipynb", f"{job.id} has no output notebook")):
        if os.path.lexists(path):
            try:
                return read_cells(path), problem
            except StoreError as error:
                return (), f"the output notebook of {job.id} can't be read ({error})"
    return (), f"{job.id} has no notebook any more"


def read_cells(notebook: Path) -> tuple[Ran, ...]:
    """The code cells of a notebook that hold something.

    Raises
    ------
    Damaged
        If it is none.
    """
    return read(notebook, lambda content: tuple(_cells(content)), newest=10**9)


def _cells(content: dict[str, Any]) -> Iterator[Ran]:
    for position, cell in enumerate(content["cells"]):
        source = _joined(cell["source"])
        if cell["cell_type"] == "code" and source.strip():
            yield _ran(position, source, cell)


def _ran(position: int, source: str, cell: dict[str, Any]) -> Ran:
    metadata = _dict(cell.get("metadata"))
    tags = [tag for tag in metadata.get("tags") or () if isinstance(tag, str)]
    told, step = _dict(metadata.get("papermill")), _dict(metadata.get("workbench")).get("step")
    names = (f"step {step}" if step else "", INJECTED if INJECTED in tags else "", f"id {cell.get('id')}", source)
    outputs = [one for one in cell.get("outputs") or () if isinstance(one, dict) and not is_passing(one)]
    duration = told.get("duration")
    return Ran(
        position,
        source,
        tuple(name for name in names if name and name != "id None"),
        str(told.get("status") or ""),
        float(duration) if isinstance(duration, (int, float)) else None,
        bool(TAGS.intersection(tags)),
        _streams(outputs),
        tuple(f"{one.get('ename')}: {one.get('evalue')}" for one in outputs if one.get("output_type") == "error"),
        tuple(_shown(outputs)),
    )


def _streams(outputs: list[dict[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in outputs:
        if one.get("output_type") == "stream":
            name = str(one.get("name"))
            found[name] = found.get(name, "") + _joined(one.get("text", ""))
    return found


def _shown(outputs: list[dict[str, Any]]) -> Iterator[Shown]:
    for one in outputs:
        data = {name: part for name, part in _dict(one.get("data")).items() if name not in NOT_SHOWN}
        if data:
            yield Shown(data, record_of(data.get(MIME)))


def paired(before: tuple[Ran, ...], after: tuple[Ran, ...]) -> list[tuple[Ran | None, Ran | None]]:
    """Which cell is which, in the order of the second notebook.

    Cells that have a name in common are one: by step, by tag, by id, then by source. Of the rest those between two
    that were found are paired by their place.
    """
    first, second = _keys(before, after)
    pairs: list[tuple[Ran | None, Ran | None]] = []
    for what, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        left, right = list(before[a:b]), list(after[c:d])
        both = min(len(left), len(right)) if what in ("equal", "replace") else 0
        pairs += [*zip(left[:both], right[:both], strict=True)]
        pairs += [(one, None) for one in left[both:]] + [(None, one) for one in right[both:]]
    return _moved(pairs, {cell.position: key for cell, key in zip(before, first, strict=True)},
                  {cell.position: key for cell, key in zip(after, second, strict=True)})  # fmt: skip


def _moved(
    pairs: list[tuple[Ran | None, Ran | None]], first: dict[int, str], second: dict[int, str]
) -> list[tuple[Ran | None, Ran | None]]:
    """Cells that stand alone on both sides under one key have moved: they are one."""
    lost = {first[a.position]: a for a, b in pairs if a and not b}
    found = [(lost.pop(second[b.position], None) if b and not a else a, b) for a, b in pairs]
    taken = {a.position for a, b in found if a and b}
    return [(a, b) for a, b in found if b or (a and a.position not in taken)]


def _keys(before: tuple[Ran, ...], after: tuple[Ran, ...]) -> tuple[list[str], list[str]]:
    """For each cell of both sides its surest name that the other side has, too, and each side once."""
    sides = [Counter(name for cell in cells for name in cell.names) for cells in (before, after)]
    both = {name for name in sides[0] if sides[0][name] == sides[1][name] == 1}
    shared = {cell.source for cell in before} & {cell.source for cell in after}
    return tuple(
        [
            next((name for name in cell.names if name in both or name in shared), f"{side} {cell.position}")
            for cell in cells
        ]
        for side, cells in enumerate((before, after))
    )  # type: ignore[return-value]  # two of them


def imported(cells: tuple[Ran, ...]) -> set[str]:
    """Names of the packages that a notebook imports by a line of its own."""
    found = re.findall(r"^\s*(?:import|from)\s+(\w+)", "\n".join(cell.source for cell in cells), re.MULTILINE)
    return set(found)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
