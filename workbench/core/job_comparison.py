"""Two jobs beside each other: what went in, what they ran in, and what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd

# Kinds of differences, in the order in which they are told; each with its word for one and for several.
WENT_IN = {
    "notebook": ("cell of other code", "cells of other code"),
    "parameter": ("parameter", "parameters"),
    "kernel": ("kernel", "kernels"),
    "data": ("table", "tables"),
    "seed": ("seed", "seeds"),
}
CAME_OUT = {
    "state": ("outcome", "outcomes"),
    "result": ("result", "results"),
    "finding": ("finding", "findings"),
    "output": ("output", "outputs"),
    "figure": ("figure", "figures"),
}
AROUND = {
    "python": ("Python", "Pythons"),
    "package": ("package", "packages"),
    "platform": ("part of the machine", "parts of the machine"),
    "setting": ("setting", "settings"),
    "git": ("commit", "commits"),
}
KINDS = {**WENT_IN, **CAME_OUT, **AROUND}


@dataclass(frozen=True)
class Pair:
    """One thing on both sides.

    Parameters
    ----------
    name : str
        Of a number its path: ``metrics.roc_auc``.
    before, after : object
        Plain JSON; None where a side does not have it.
    same : bool
        Whether they are, within the tolerance.
    cell : int, optional
        Position in the second notebook, from 0; in the first where only that has it.
    noun : str
        Of the result that a number is of.
    """

    name: str
    before: Any
    after: Any
    same: bool
    cell: int | None = None
    noun: str = ""


@dataclass(frozen=True)
class JobDifference:
    """One difference of two jobs.

    Parameters
    ----------
    kind : str
        A key of :data:`KINDS`.
    name : str
        What differs: a parameter, a package, a number's path, an output.
    before, after : object
        Plain JSON; None where a side does not have it.
    cell : int, optional
        Position of its cell in the second notebook, from 0; in the first where only that has it.
    cause : str
        Why, where that is known; empty where it is not.
    """

    kind: str
    name: str
    before: Any = None
    after: Any = None
    cell: int | None = None
    cause: str = ""

    def __str__(self) -> str:
        where = "" if self.cell is None else f"cell {self.cell + 1}, "
        why = f" ({self.cause})" if self.cause else ""
        sides = "" if self.before is None is self.after else f": {shown(self.before)} → {shown(self.after)}"
        return f"{self.kind}: {where}{self.name}{sides}{why}"


@dataclass(frozen=True)
class FigurePair:
    """A figure on both sides.

    Parameters
    ----------
    kind : str
        ``png``, ``jpeg``, ``svg`` or ``plotly``.
    same : bool
        Whether they show the same, within the tolerance.
    told : str
        What differs, in words.
    before, after : str
        Base64 of a picture, or the text of a drawing; empty where a side has none, or it is too large to be kept.
    """

    kind: str
    same: bool
    told: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class CellPair:
    """A code cell on both sides.

    Parameters
    ----------
    positions : (int or None, int or None)
        In both notebooks, from 0 over all cells; None where a side does not have it.
    line : str
        Its first line that says what it does.
    same_code : bool
        Whether both are written alike.
    seconds : (float or None, float or None)
        How long it took.
    states : (str, str)
        How it ended: ``completed``, ``failed``, ``skipped``, ``pending``; empty where a side does not have it.
    differences : int
        In what came out of it.
    figures : tuple of FigurePair
    skipped : bool
        Whether its outputs were not compared, because its tags say that they differ each time.
    """

    positions: tuple[int | None, int | None]
    line: str
    same_code: bool
    seconds: tuple[float | None, float | None]
    states: tuple[str, str]
    differences: int = 0
    figures: tuple[FigurePair, ...] = ()
    skipped: bool = False


@dataclass(frozen=True)
class JobComparison(Result):
    """Two jobs beside each other. Made by :func:`workbench.reproduce`, and of any two by ``workbench compare``.

    Parameters
    ----------
    jobs : (str, str)
        Their ids.
    notebooks : (str, str)
        What they ran, as given.
    states : (str, str)
        Where they stand, and the error if there is one.
    started : (str, str)
        ISO 8601 with zone; empty where it did not start.
    seconds : (float or None, float or None)
        How long they took.
    differences : tuple of JobDifference
        What differs, in the order of :data:`KINDS`.
    cells : tuple of CellPair
        In the order of the second notebook.
    parameters, scores, findings_told, around : tuple of Pair
        Parameters; numbers and answers of the results; their findings; what they ran in: all, not only what differs.
    unknown : tuple of str
        What could not be compared, and why.
    compared : dict of str to int
        How many ``cells``, ``results``, ``outputs`` and ``figures`` were.
    tolerance : str
        By which numbers were, in words.
    again : bool
        Whether the second job ran the first one's notebook again.
    """

    jobs: tuple[str, str]
    notebooks: tuple[str, str]
    states: tuple[str, str]
    started: tuple[str, str]
    seconds: tuple[float | None, float | None]
    differences: tuple[JobDifference, ...]
    cells: tuple[CellPair, ...] = ()
    parameters: tuple[Pair, ...] = ()
    scores: tuple[Pair, ...] = ()
    findings_told: tuple[Pair, ...] = ()
    around: tuple[Pair, ...] = ()
    unknown: tuple[str, ...] = ()
    compared: dict[str, int] | None = None
    tolerance: str = "exact"
    again: bool = False

    noun: ClassVar[str] = "job_comparison"

    @property
    def identical(self) -> bool:
        """Whether the same went in and the same came out; what they ran in may differ, and is told besides."""
        return not any(one.kind in WENT_IN or one.kind in CAME_OUT for one in self.differences)

    def of(self, *kinds: str) -> tuple[JobDifference, ...]:
        """The differences of some kinds."""
        return tuple(one for one in self.differences if one.kind in kinds)

    def headline(self) -> str:
        """Identical, or what differs, in one line.

        >>> JobComparison(("a", "b"), ("n", "n"), ("", ""), ("", ""), (1.0, 1.0), ()).headline()
        'identical: nothing was shown that could be compared'
        """
        around = counted(self.of(*AROUND))
        if self.identical:
            what = counted_of(self.compared or {}) or "nothing was shown that could be compared"
            return f"identical: {what}" + (f"; in another environment: {around}" if around else "")
        return ", ".join(filter(None, ["different: " + counted(self.of(*WENT_IN, *CAME_OUT)), around]))

    def frame(self) -> pd.DataFrame:
        """One row a difference: kind, cell (from 1), name, before, after, cause."""
        rows = [{**asdict(one), "cell": None if one.cell is None else one.cell + 1} for one in self.differences]
        return self._frame(rows, columns=["kind", "cell", "name", "before", "after", "cause"])

    def results(self) -> dict[str, Any]:
        """How many differences there are of each kind."""
        return dict(Counter(one.kind for one in self.differences))

    def passing(self) -> tuple[str, ...]:
        """The ids of both jobs."""
        return self.jobs

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> JobComparison:
        """Read what :meth:`to_dict` wrote."""
        pairs = ("jobs", "notebooks", "states", "started", "seconds", "unknown")
        rows = ("parameters", "scores", "findings_told", "around")
        return cls(
            **{
                **content,
                **{name: tuple(content[name]) for name in pairs},
                **{name: tuple(Pair(**one) for one in content[name]) for name in rows},
                "differences": tuple(JobDifference(**one) for one in content["differences"]),
                "cells": tuple(map(_cell, content["cells"])),
            }
        )

    def __str__(self) -> str:
        lines = [
            self.headline(),
            *(f"  {one}" for one in self.differences),
            *(f"  not known: {one}" for one in self.unknown),
        ]
        return "\n".join(lines)


def counted(differences: Iterable[JobDifference]) -> str:
    """How many of each kind, in words.

    >>> counted([JobDifference("package", "numpy"), JobDifference("result", "a"), JobDifference("result", "b")])
    '2 results, 1 package'
    """
    numbers = Counter(one.kind for one in differences)
    return ", ".join(_number(numbers[kind], *words) for kind, words in KINDS.items() if numbers[kind])


def counted_of(compared: dict[str, int]) -> str:
    """What was compared, in words.

    >>> counted_of({"cells": 1, "results": 3, "figures": 0})
    '1 cell, 3 results'
    """
    words = {"cells": "cell", "results": "result", "outputs": "output", "figures": "figure"}
    told = [_number(compared[name], one, name) for name, one in words.items() if compared.get(name)]
    return ", ".join(told) if any(compared.get(name) for name in words if name != "cells") else ""


def shown(value: Any, most: int = 80) -> str:
    """One side of a difference, short; a dash where there is none."""
    if value is None:
        return "–"
    text = repr(value) if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _number(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def _cell(content: dict[str, Any]) -> CellPair:
    pairs = {name: tuple(content[name]) for name in ("positions", "seconds", "states")}
    return CellPair(**{**content, **pairs, "figures": tuple(FigurePair(**one) for one in content["figures"])})
