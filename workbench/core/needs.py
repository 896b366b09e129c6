"""What a bundle needs to be served: memory and CPU, as its own service took them when it was packaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self

from workbench.core.saved import Flat, Saved

FILE = "needs.json"
Asked = Literal["auto", "always", "never"]
# Head-room: other rows are longer, allocators keep what they had, and a second request may be under way.
ASKED, ALLOWED, BESIDE = 1.25, 2.0, 64.0  # times the peak, and MB besides
STEP = 16  # memory is told in steps of so many MB
ROWS_A_SECOND = 50  # single rows for which CPU is asked
LEAST_CPU, MOST_CPU = 50, 1000  # thousandths of a core that are asked for


@dataclass(frozen=True)
class Reasoning(Flat):
    """What reasons took.

    Parameters
    ----------
    memory : float, optional
        The most memory of the service by then, in MB; None where the system does not tell.
    more : float
        MB of these that answers without reasons did not take.
    row, batch_row : float
        CPU milliseconds of a row that comes alone, and of one of a batch.
    batch : int
        Rows of a batch.
    """

    memory: float | None
    more: float
    row: float
    batch_row: float
    batch: int


@dataclass(frozen=True)
class Needs(Saved):
    """What the service of a bundle took, in a process of its own, while it answered the golden rows.

    Parameters
    ----------
    start : float, optional
        Memory once it was ready, in MB; None where the system does not tell.
    answers : float, optional
        The most memory while it answered without reasons, :attr:`batch` rows at once among them, in MB.
    shared : float, optional
        Memory in the end, with what processes share counted in parts (PSS), in MB: what each worker more takes.
    starting : float, optional
        CPU seconds until it was ready.
    row, batch_row : float
        CPU milliseconds of a row that comes alone, and of one of a batch, without reasons.
    batch : int
        Rows of a batch.
    reasons : Reasoning, optional
        What reasons took as this machine tells them; None where the model gives none.
    by_numpy : Reasoning, optional
        What they take without the compiled loops over trees, where this machine has these and the model has trees.
    clock : {"cpu", "wall"}
        What the times are of; where the system tells no CPU of a process, of the whole request.
    machine : str
        Such as ``x86_64``.
    asked : {"auto", "always", "never"}
        Whether the one who packaged it wants its service to tell reasons; ``auto``: where they are within the limits.
    most_cpu, most_memory_of_reasons : float
        CPU milliseconds a row, and MB, that reasons may take.

    Examples
    --------
    >>> needs = Needs(60.0, 80.0, 50.0, 0.4, 0.2, 0.01, 1000, Reasoning(160.0, 80.0, 70.0, 60.0, 8))
    >>> needs.memory, needs.most_memory, needs.cpu
    (112, 224, 50)
    >>> needs.refusal(loops=True)
    "Reasons of this model take 70 ms of CPU a row and 80 MB, where 50 ms and 500 MB are the limits, so this bundle \
tells none. To have them all the same, package it with wb.package(…, reasons='always')."
    """

    start: float | None
    answers: float | None
    shared: float | None
    starting: float | None
    row: float
    batch_row: float
    batch: int
    reasons: Reasoning | None = None
    by_numpy: Reasoning | None = None
    clock: Literal["cpu", "wall"] = "cpu"
    machine: str = ""
    asked: Asked = "auto"
    most_cpu: float = 50.0
    most_memory_of_reasons: float = 500.0

    noun: ClassVar[str] = "needs"

    def refusal(self, loops: bool) -> str:
        """Why no reasons are told, and how to have them; nothing where they are, or where the model has none.

        Parameters
        ----------
        loops : bool
            Whether the compiled loops over trees are there.
        """
        took = self._took(loops)
        if took is None or self.asked == "always":
            return ""
        if self.asked == "never":
            return "This bundle was packaged to tell no reasons. To have them, use wb.package(…, reasons='auto')."
        if took.row <= self.most_cpu and took.more <= self.most_memory_of_reasons:
            return ""
        cheaper = loops or self.by_numpy is None or bool(self.refusal(loops=True))
        where = "" if cheaper else " With a C compiler where it runs they take less, and are told."
        return (
            f"Reasons of this model take {_short(took.row)} ms of CPU a row and {took.more:.0f} MB, where "
            f"{_short(self.most_cpu)} ms and {self.most_memory_of_reasons:.0f} MB are the limits, so this bundle tells "
            f"none.{where} To have them all the same, package it with wb.package(…, reasons='always')."
        )

    def _took(self, loops: bool) -> Reasoning | None:
        return self.reasons if loops or self.by_numpy is None else self.by_numpy

    @property
    def _told(self) -> tuple[Reasoning, ...]:
        """What reasons take where they are told."""
        each = (self._took(loops) for loops in (True, False) if not self.refusal(loops))
        return tuple(took for took in each if took is not None)

    @property
    def peak(self) -> float | None:
        """The most memory of what it does, with the compiled loops or without them, in MB."""
        if self.answers is None:
            return None
        return max([self.answers, *(took.memory for took in self._told if took.memory is not None)])

    @property
    def memory(self) -> int | None:
        """MB to ask for: a quarter more than the peak."""
        return None if self.peak is None else _up(ASKED * self.peak)

    @property
    def most_memory(self) -> int | None:
        """MB at which it may be stopped: twice the peak and 64 MB besides."""
        return None if self.peak is None else _up(ALLOWED * self.peak + BESIDE)

    @property
    def dearest(self) -> float:
        """CPU milliseconds of a row as it is usually asked for: with reasons, where they are told."""
        return max([self.row, *(took.row for took in self._told[:1])])

    @property
    def cpu(self) -> int:
        """Thousandths of a core to ask for: what fifty single rows a second take, from 50 to 1,000."""
        return int(min(max(LEAST_CPU, ROWS_A_SECOND * self.dearest), MOST_CPU))

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """What is done, the memory and the CPU of it: for a card, and for whoever deploys it."""
        yield "ready to answer", _mb(self.start), "" if self.starting is None else f"{self.starting:.2g} s"
        yield "a row alone", "", f"{_short(self.row)} ms"
        yield f"{self.batch:,} rows at once", _mb(self.answers), f"{_short(self.batch_row)} ms a row"
        for took, how in ((self.reasons, ""), (self.by_numpy, ", without compiled loops")):
            if took is not None:
                yield f"a row alone with reasons{how}", "", f"{_short(took.row)} ms"
                many = f"{took.batch:,} rows at once with reasons{how}"
                yield many, _mb(took.memory), f"{_short(took.batch_row)} ms a row"
        if self.shared is not None:
            yield "each worker more", _mb(self.shared), ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        parts = {name: content.get(name) for name in ("reasons", "by_numpy")}
        return cls(**{**content, **{name: None if p is None else Reasoning(**p) for name, p in parts.items()}})


def _mb(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} MB"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _up(value: float) -> int:
    return int(-(-value // STEP) * STEP)
