"""Counters of the service in Prometheus' text format."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.core.rollout import Rollout

# Upper ends in seconds, from one quick row to a slow batch.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ENDS = (*BUCKETS, float("inf"))
# Files that a monitor writes beside a log, and how much of one is read.
BESIDE, MOST_BYTES = ("report.prom", "incidents.prom"), 2**20
MOST_FLAGS = 200  # distinct flags: a client that sends ever new columns must not fill the memory


class Metrics:
    """What the service has done since it started.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.answered("/predict", 200, 0.002)
    >>> 'workbench_requests_total{path="/predict",status="200"} 1' in metrics.text(1)
    True
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[float] = Counter()
        self._total = 0.0
        self._predictions: Counter[tuple[int, str]] = Counter()
        self._flags: Counter[str] = Counter()
        self._failures: Counter[tuple[int, str, str]] = Counter()
        self._skipped: Counter[int] = Counter()
        self.trial: Rollout | None = None
        self.refused: Rollout | None = None
        self.broken: Rollout | None = None

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._turn:
            self._requests[path, status] += 1
            self._total += seconds
            self._seconds[_ENDS[bisect_left(BUCKETS, seconds)]] += 1

    def predicted(self, made_by: Iterable[tuple[int, str]], flags: Iterable[str]) -> None:
        """Count scored rows, a version and an arm (or an empty text) each, and their flags."""
        with self._turn:
            for one in made_by:  # few rows mostly: Counter.update takes longer to begin
                self._predictions[one] += 1
            for flag in flags:
                known = flag in self._flags or len(self._flags) < MOST_FLAGS
                self._flags[flag if known else "other"] += 1

    def failed(self, version: int, arm: str, fault: str, rows: int) -> bool:
        """Count rows that a version could not score; says whether this kind of fault is new."""
        with self._turn:
            new = (version, arm, fault) not in self._failures
            self._failures[version, arm, fault] += rows
            return new

    def skipped(self, version: int, rows: int) -> None:
        """Count rows that a shadow did not score since too many waited."""
        with self._turn:
            self._skipped[version] += rows

    def text(self, version: int, waiting: int = 0) -> str:
        """All counters; ``waiting`` is how many records the log has not committed."""
        with self._turn:
            return "\n".join(self._lines(version, waiting)) + "\n"

    def _lines(self, version: int, waiting: int) -> Iterator[str]:
        yield from ("# TYPE workbench_model_version gauge", f"workbench_model_version {version}")
        yield from ("# TYPE workbench_log_waiting_records gauge", f"workbench_log_waiting_records {waiting}")
        yield "# TYPE workbench_requests_total counter"
        for (path, status), n in sorted(self._requests.items()):
            yield f'workbench_requests_total{{path="{escaped(path)}",status="{status}"}} {n}'
        yield "# TYPE workbench_predictions_total counter"
        for (made_by, arm), n in sorted(self._predictions.items()):
            label = f',arm="{escaped(arm)}"' if arm else ""
            yield f'workbench_predictions_total{{version="{made_by}"{label}}} {n}'
        yield from self._of_trials()
        yield "# TYPE workbench_flags_total counter"
        for flag, n in sorted(self._flags.items()):
            yield f'workbench_flags_total{{flag="{escaped(flag)}"}} {n}'
        yield from self._histogram()

    def _of_trials(self) -> Iterator[str]:
        yield "# TYPE workbench_rollout_share gauge"
        for one, state in ((self.trial, "running"), (self.refused, "refused"), (self.broken, "broken")):
            if one is not None:
                labels = f'version="{one.version}",stage="{one.stage}",state="{state}"'
                yield f"workbench_rollout_share{{{labels}}} {one.share}"
        yield "# TYPE workbench_arm_failures_total counter"
        for (version, arm, fault), n in sorted(self._failures.items()):
            yield f'workbench_arm_failures_total{{version="{version}",arm="{escaped(arm)}",fault="{fault}"}} {n}'
        yield "# TYPE workbench_shadow_skipped_total counter"
        for version, n in sorted(self._skipped.items()):
            yield f'workbench_shadow_skipped_total{{version="{version}"}} {n}'

    def _histogram(self) -> Iterator[str]:
        yield "# TYPE workbench_request_seconds histogram"
        so_far = 0
        for end in _ENDS:
            so_far += self._seconds[end]
            yield f'workbench_request_seconds_bucket{{le="{"+Inf" if end == float("inf") else end}"}} {so_far}'
        yield f"workbench_request_seconds_sum {self._total}"
        yield f"workbench_request_seconds_count {so_far}"


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
