"""How much memory and CPU a bundle's service takes, seen from outside while it answers its golden rows."""

from __future__ import annotations

import http.client
import json
import platform
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any, Literal
from urllib.parse import urlsplit

from workbench.core.needs import Needs, Reasoning
from workbench.errors import Refused
from workbench.packaging.process import Service

BATCH = 1000  # rows at once
ENOUGH = 0.04  # seconds of CPU that are measured of each kind of request
LONGEST = 0.6  # seconds that one request with reasons should take at most
MOST = 100  # requests of one kind
QUIET, PATIENCE = 0.05, 5.0  # seconds in which nothing is reckoned any more, and that are waited for it
PROCESSES = Path("/proc")
PLAIN, REASONED = "/predict?reasons=0", "/predict"


@dataclass(frozen=True)
class Watched:
    """A process that is looked at.

    Parameters
    ----------
    place : Path
        Its folder below ``/proc``, which only Linux has.
    """

    place: Path

    def memory(self, what: Literal["VmRSS", "VmHWM", "Pss"]) -> float | None:
        """What it holds now, the most that it ever held, or its share of what it holds; in MB."""
        file = "smaps_rollup" if what == "Pss" else "status"
        with suppress(OSError):
            found = re.search(rf"^{what}:\s+(\d+) kB$", (self.place / file).read_text(encoding="ascii"), re.MULTILINE)
            return None if found is None else int(found[1]) / 1024
        return None

    @property
    def clock(self) -> Literal["cpu", "wall"]:
        """What :meth:`seconds` are of."""
        return "cpu" if self._cpu() is not None else "wall"

    def seconds(self) -> float:
        """CPU seconds that all its threads took; of the wall's clock where the system does not tell."""
        cpu = self._cpu()
        return perf_counter() if cpu is None else cpu

    def _cpu(self) -> float | None:
        with suppress(OSError, ValueError, IndexError):
            threads = list((self.place / "task").iterdir())
            if threads:
                return sum(int((t / "schedstat").read_text(encoding="ascii").split()[0]) for t in threads) / 1e9
        return None


@dataclass(frozen=True)
class Start:
    """What a service had taken when it was ready: memory in MB and CPU seconds; None where the system does not tell."""

    memory: float | None
    cpu: float | None

    @classmethod
    def of(cls, service: Service) -> Start:
        """Of a service that has answered nothing yet."""
        watched = Watched(PROCESSES / str(service.process))
        return cls(watched.memory("VmRSS"), watched.seconds() if watched.clock == "cpu" else None)


def measured(service: Service, start: Start, rows: Sequence[Any]) -> Needs:
    """What a service takes for answers, which has answered some rows already, so that all is made that is made once.

    Parameters
    ----------
    service : Service
        That runs on this machine.
    start : Start
        What it had taken when it was ready.
    rows : sequence of mapping
        That it answers.
    """
    watched = Watched(PROCESSES / str(service.process))
    with _asking(service) as ask:
        _wait(watched)
        row = _taken(watched, ask, PLAIN, rows, 1)
        batch, batch_row = _batch(watched, ask, PLAIN, rows, BATCH)
    return Needs(
        start=start.memory,
        answers=watched.memory("VmHWM"),
        shared=watched.memory("Pss"),
        starting=start.cpu,
        row=row,
        batch_row=batch_row,
        batch=batch,
        clock=watched.clock,
        machine=platform.machine(),
    )


def reasoning(service: Service, rows: Sequence[Any], answers: float | None) -> Reasoning:
    """What a service takes for reasons, of as many rows at once as it explains in :data:`LONGEST` seconds.

    Parameters
    ----------
    service : Service
        That runs on this machine.
    rows : sequence of mapping
        That it explains.
    answers : float, optional
        The most memory that it took without reasons, in MB.
    """
    watched = Watched(PROCESSES / str(service.process))
    with _asking(service) as ask:
        _taken(watched, ask, REASONED, rows, 1)
        _wait(watched)
        row = _taken(watched, ask, REASONED, rows, 1)
        at_once = int(min(max(1.0, LONGEST / max(row / 1e3, 1e-6)), BATCH))
        batch, batch_row = _batch(watched, ask, REASONED, rows, at_once)
    most = watched.memory("VmHWM")
    return Reasoning(most, 0.0 if most is None or answers is None else max(0.0, most - answers), row, batch_row, batch)


Ask = Callable[[str, bytes], int]


@contextmanager
def _asking(service: Service) -> Iterator[Ask]:
    """One connection that is kept, as a client of many rows has it."""
    address = urlsplit(service.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)

    def ask(path: str, body: bytes) -> int:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status

    try:
        yield ask
    finally:
        connection.close()


def _taken(watched: Watched, ask: Ask, path: str, rows: Sequence[Any], at_once: int) -> float:
    """Milliseconds of a row, in the mean of some requests.

    Raises
    ------
    Refused
        If one is not answered.
    """
    bodies = [json.dumps({"rows": _some(rows, k, at_once)}).encode() for k in range(len(rows) if at_once == 1 else 1)]
    began, asked = watched.seconds(), 0
    while asked < MOST and (asked == 0 or watched.seconds() - began < ENOUGH):
        status = ask(path, bodies[asked % len(bodies)])
        if status != 200:
            raise Refused(f"The bundle's service answered {at_once} good rows with the status {status}.")
        asked += 1
    return 1e3 * (watched.seconds() - began) / (asked * at_once)


def _batch(watched: Watched, ask: Ask, path: str, rows: Sequence[Any], at_once: int) -> tuple[int, float]:
    """How many rows go at once, and the milliseconds of one; a service takes no body of any length."""
    while at_once > 1:
        status = ask(path, json.dumps({"rows": _some(rows, 0, at_once)}).encode())
        if status != http.client.REQUEST_ENTITY_TOO_LARGE:
            break
        at_once //= 2
    return at_once, _taken(watched, ask, path, rows, at_once)


def _some(rows: Sequence[Any], first: int, many: int) -> list[Any]:
    """Rows from one on, again from the first where there are no more."""
    return [rows[(first + k) % len(rows)] for k in range(many)]


def _wait(watched: Watched) -> None:
    """Until what is made behind the answers is made."""
    if watched.clock == "wall":
        return
    end = monotonic() + PATIENCE
    while monotonic() < end:
        before = watched.seconds()
        sleep(QUIET)
        if watched.seconds() - before < QUIET / 10:
            return
