"""Counters and gauges of the service in Prometheus' text format; those of several processes add up."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import add
from pathlib import Path
from typing import Any, Literal

from workbench.core.rollout import Rollout

# Upper ends in seconds, from one quick row to a slow batch.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ENDS = (*map(str, BUCKETS), "+Inf")
# Files that a monitor writes beside a log, and how much of one is read.
BESIDE, MOST_BYTES = ("report.prom", "incidents.prom"), 2**20
MOST_EXTRAS = 100  # columns beyond the contract: a client that sends ever new ones must not fill the memory
MOST_FAULTS = 100  # kinds of faults, likewise
OTHER = "other"  # what is beyond
EXTRA = "extra_column"  # the flag of a column that the contract has not

Labels = tuple[Any, ...]
Gauges = Mapping[str, Mapping[Labels, float]]


@dataclass(frozen=True)
class Family:
    """One metric with its labels.

    Parameters
    ----------
    name, help : str
        As they are told.
    labels : tuple of str
        Names of the labels; one without a value is left out.
    kind : {"counter", "gauge", "histogram"}
        As it is told.
    whole : {"sum", "max", "min"}
        What several processes show as one.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Literal["counter", "gauge", "histogram"] = "counter"
    whole: Literal["sum", "max", "min"] = "sum"


COUNTERS = (
    Family("workbench_requests_total", "Requests, by address and status.", ("path", "status")),
    Family(
        "workbench_unanswered_total",
        "Requests that were refused since too much waited (crowded), or that took too "
        "long (late), or whose client hung up (left).",
        ("path", "why"),
    ),
    Family(
        "workbench_errors_total", "Requests on which the service failed, by the class of the fault.", ("path", "fault")
    ),
    Family("workbench_predictions_total", "Rows that were scored, by version and arm.", ("version", "arm")),
    Family(
        "workbench_scoring_seconds_total", "Seconds in which rows were scored, waiting included.", ("version", "arm")
    ),
    Family(
        "workbench_arm_failures_total",
        "Rows that a version could not score, by the class of the fault.",
        ("version", "arm", "fault"),
    ),
    Family("workbench_shadow_skipped_total", "Rows that a shadow did not score, since too many waited.", ("version",)),
    Family("workbench_flags_total", "Unusual values of rows, by column.", ("flag", "kind", "column")),
)
GAUGES = (
    Family("workbench_model_version", "Version that answers.", (), "gauge", "max"),
    Family("workbench_ready", "Whether predictions are answered.", (), "gauge", "min"),
    Family("workbench_log_waiting_records", "Records that the log has not committed.", (), "gauge"),
    Family("workbench_waiting_requests", "Requests that wait for a thread or are worked on there.", ("version",),
           "gauge"),
    Family("workbench_waiting_rows", "Their rows.", ("version",), "gauge"),
    Family("workbench_expected_wait_seconds", "What a row more would wait for others.", (), "gauge", "max"),
    Family("workbench_loop_late_seconds", "How far the event loop is behind.", (), "gauge", "max"),
    Family("workbench_shadow_waiting_rows", "Rows that wait to be scored behind their answers.", ("version",),
           "gauge"),
    Family("workbench_rollout_share", "What is tried out, and its share.", ("version", "stage", "state"), "gauge",
           "max"),
    Family("workbench_arm_broken", "Arms that have failed too often and take no more rows.", ("version", "arm"),
           "gauge", "max"),
    Family("process_resident_memory_bytes", "Memory that the process holds.", (), "gauge"),
    Family("process_cpu_seconds_total", "CPU seconds that the process has used.", (), "counter"),
    Family("process_open_fds", "Open descriptors.", (), "gauge"),
    Family("process_max_fds", "Descriptors that may be open.", (), "gauge"),
    Family("process_start_time_seconds", "When the process began, since 1970.", (), "gauge", "min"),
)  # fmt: skip
_WHOLE: dict[str, Callable[[float, float], float]] = {"sum": add, "max": max, "min": min}
_SECONDS = Family("workbench_request_seconds", "What requests took.", ("path",), "histogram")
_PARTS, _SUM = "workbench_request_seconds_bucket", "workbench_request_seconds_sum"


class Metrics:
    """What the service has done since it started.

    Parameters
    ----------
    measure : callable, optional
        Gives the gauges of this moment, by name and labels.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.answered("/predict", 200, 0.002)
    >>> 'workbench_requests_total{path="/predict",status="200"} 1' in metrics.text(1)
    True
    >>> whole = Metrics.of([metrics.state(), metrics.state()])
    >>> 'workbench_requests_total{path="/predict",status="200"} 2' in whole.text()
    True
    """

    def __init__(self, measure: Callable[[], Gauges] = dict) -> None:
        self._turn = threading.Lock()
        self._counts: dict[str, Counter[Labels]] = {one.name: Counter() for one in COUNTERS}
        self._parts: Counter[Labels] = Counter()
        self._sums: Counter[Labels] = Counter()
        self._requests = self._counts["workbench_requests_total"]
        self._predictions = self._counts["workbench_predictions_total"]
        self._seconds = self._counts["workbench_scoring_seconds_total"]
        self._flags = self._counts["workbench_flags_total"]
        self._extras: set[str] = set()
        self._out: dict[Labels, float] = {}
        self._counts |= {_PARTS: self._parts, _SUM: self._sums}
        self.measure = measure
        self.trial: Rollout | None = None
        self.refused: Rollout | None = None
        self.broken: Rollout | None = None

    @classmethod
    def of(cls, states: Iterable[Mapping[str, Any]]) -> Metrics:
        """Several processes as one, each as :meth:`state` told it; counters add up, gauges as their family says."""
        told = list(states)
        gauges = {one.name: _together(one, [state["gauges"].get(one.name, []) for state in told]) for one in GAUGES}
        whole = cls(lambda: gauges)
        for state in told:
            for name, lines in state["counts"].items():
                if name in whole._counts:  # a newer version's process may tell more while it takes over
                    whole._counts[name].update({tuple(labels): n for labels, n in lines})
        return whole

    def state(self) -> dict[str, Any]:
        """Everything as plain JSON, for :meth:`of`: counts and gauges by name, each a list of labels and number."""
        gauges = self._gauges()
        with self._turn:
            counts = {name: _lines(counter) for name, counter in self._counts.items()}
        return {"counts": counts, "gauges": {name: _lines(gauge) for name, gauge in gauges.items()}}

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._turn:
            self._requests[path, status] += 1
            self._sums[path,] += seconds  # type: ignore[assignment]  # of seconds
            self._parts[path, bisect_left(BUCKETS, seconds)] += 1

    def unanswered(self, path: str, why: str) -> None:
        """Count a request that got no answer though nothing was wrong with it."""
        self._count("workbench_unanswered_total", path, why)

    def erred(self, path: str, fault: str) -> None:
        """Count a request on which the service failed."""
        self._count("workbench_errors_total", path, fault)

    def predicted(self, made_by: Iterable[tuple[int, str]], flags: Iterable[str], seconds: float = 0.0) -> None:
        """Count scored rows, a version and an arm (or an empty text) each, their flags, and the seconds they took."""
        rows = list(made_by)
        each = seconds / max(1, len(rows))
        with self._turn:
            for one in rows:  # few rows mostly: Counter.update takes longer to begin
                self._predictions[one] += 1
                self._seconds[one] += each  # type: ignore[assignment]  # of seconds
            for flag in flags:
                self._flags[self._told_flag(flag)] += 1

    def failed(self, version: int, arm: str, fault: str, rows: int) -> None:
        """Count rows that a version could not score."""
        self._count("workbench_arm_failures_total", version, arm, fault, n=rows)

    def out(self, version: int, arm: str, broken: int = 1) -> None:
        """Note that an arm takes no more rows, or is tried again."""
        with self._turn:
            self._out[version, arm] = broken

    def skipped(self, version: int, rows: int) -> None:
        """Count rows that a shadow did not score since too many waited."""
        if rows:
            self._count("workbench_shadow_skipped_total", version, n=rows)

    def text(self, version: int | None = None, waiting: int | None = None) -> str:
        """Everything as Prometheus reads it; a version and the log's waiting records in place of the measured ones."""
        given = {"workbench_model_version": version, "workbench_log_waiting_records": waiting}
        gauges = {**self._gauges(), **{name: {(): n} for name, n in given.items() if n is not None}}
        with self._turn:
            return "\n".join(self._told(gauges)) + "\n"

    def _count(self, name: str, *labels: Any, n: int = 1) -> None:
        """One more; of too many kinds the rest is one kind."""
        counter = self._counts[name]
        with self._turn:
            known = labels in counter or len(counter) < MOST_FAULTS
            counter[labels if known else (*labels[:-1], OTHER)] += n

    def _told_flag(self, flag: str) -> Labels:
        kind, column = _parted(flag)
        if kind == EXTRA and column not in self._extras:
            if len(self._extras) >= MOST_EXTRAS:
                return f"{EXTRA}:{OTHER}", EXTRA, OTHER
            self._extras.add(column)
        return flag, kind, column

    def _gauges(self) -> dict[str, Mapping[Labels, float]]:
        states = ((self.trial, "running"), (self.refused, "refused"), (self.broken, "broken"))
        shares = {(one.version, one.stage, state): one.share for one, state in states if one is not None}
        with self._turn:
            gauges: dict[str, Mapping[Labels, float]] = {"workbench_arm_broken": dict(self._out)}
        gauges["workbench_rollout_share"] = shares
        return {"workbench_log_waiting_records": {(): 0}, **gauges, **self.measure()}

    def _told(self, gauges: Gauges) -> Iterator[str]:
        for family in GAUGES:
            yield from _of_family(family, gauges.get(family.name, {}))
        for family in COUNTERS:
            yield from _of_family(family, self._counts[family.name])
        yield from self._histogram()

    def _histogram(self) -> Iterator[str]:
        yield from _head(_SECONDS)
        for (path,), seconds in sorted(self._sums.items()):
            label, so_far = f'path="{escaped(path)}"', 0
            for i, end in enumerate(_ENDS):
                so_far += self._parts[path, i]
                yield f'{_PARTS}{{{label},le="{end}"}} {so_far}'
            yield f"{_SUM}{{{label}}} {seconds}"
            yield f"{_SECONDS.name}_count{{{label}}} {so_far}"


@lru_cache(4096)
def _parted(flag: str) -> tuple[str, str]:
    kind, _, column = flag.partition(":")
    return kind, column


def _together(family: Family, told: list[list[list[Any]]]) -> dict[Labels, float]:
    whole: dict[Labels, float] = {}
    for labels, number in (line for lines in told for line in lines):
        key, before = tuple(labels), whole.get(tuple(labels))
        whole[key] = number if before is None else _WHOLE[family.whole](before, number)
    return whole


def _lines(numbers: Mapping[Labels, float]) -> list[list[Any]]:
    return [[list(labels), number] for labels, number in numbers.items()]


def _head(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} {family.kind}"


def _of_family(family: Family, numbers: Mapping[Labels, float]) -> Iterator[str]:
    yield from _head(family)
    for labels, number in sorted(numbers.items(), key=lambda item: tuple(map(str, item[0]))):
        shown = [f'{name}="{escaped(str(v))}"' for name, v in zip(family.labels, labels, strict=True) if v != ""]
        yield f"{family.name}{{{','.join(shown)}}} {number}" if shown else f"{family.name} {number}"


def kept_beside(log: Path) -> str:
    """What a monitor has written for Prometheus beside the log of a service, in whole lines; nothing where none has.

    >>> kept_beside(Path("/nowhere/log.sqlite"))
    ''
    """
    return "".join(_kept(log.with_name(name)) for name in BESIDE)


def _kept(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    return text[: text.rfind("\n") + 1]


def escaped(label: str) -> str:
    """A text as the value of a label.

    >>> escaped('a"b')
    'a\\\\"b'
    """
    plain = label.encode("utf-8", "replace").decode()
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
