"""Load a bundle's service with its own golden rows, and check each answer. Needs Python alone.

    python deploy/loadtest.py http://127.0.0.1:8080 --clients 8 --seconds 10

One Python process asks, so it can tell up to some thousand requests a second; for more, start several.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

KEY = "WORKBENCH_API_KEY"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "rows.json"
PATIENCE = 10  # seconds for one answer
SAME = 1e-9  # of a prediction, relative: another processor's exp may differ in the last digits


@dataclass
class Outcome:
    """What the clients saw.

    Parameters
    ----------
    seconds : float
        How long they asked.
    latencies : list of float
        Seconds of each request that got the right answer.
    errors : Counter
        How often what went wrong, by a few words.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """One line of figures, then one line for each kind of error.

        Examples
        --------
        >>> print(Outcome(2.0, [0.001, 0.002, 0.004, 0.003], Counter({"status 503": 1})))
        2.0 requests/s, p50 2.00 ms, p99 4.00 ms, 4 right answers, 1 error
        1 x status 503
        """
        n = sum(self.errors.values())
        rate, p50, p99 = len(self.latencies) / max(self.seconds, 1e-9), *self._milliseconds(0.5, 0.99)
        first = (
            f"{rate:.1f} requests/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms, "
            f"{len(self.latencies)} right answers, {n} error{'' if n == 1 else 's'}"
        )
        return "\n".join([first, *(f"{times} x {what}" for what, times in self.errors.most_common())])

    def _milliseconds(self, *shares: float) -> Iterator[float]:
        """The latencies below which these shares of the requests lie."""
        ordered = sorted(self.latencies)
        for share in shares:
            yield 1000 * ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan


@dataclass(frozen=True)
class Target:
    """Where the service answers.

    Parameters
    ----------
    address : SplitResult
        Of its URL.
    key : str
        Sent as ``X-API-Key`` where it is not empty.
    """

    address: SplitResult
    key: str = ""

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept from request to request."""
        secure = self.address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(self.address.hostname or "", self.address.port, timeout=PATIENCE)

    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {"Content-Type": "application/json", **({"X-API-Key": self.key} if self.key else {})}


def main(arguments: Sequence[str] | None = None) -> int:
    """Load a service as the command line says; returns 1 if a single answer was wrong or missing."""
    parser = _parser()
    given = parser.parse_args(arguments)
    target = Target(urlsplit(given.address), given.key or os.environ.get(KEY, ""))
    if target.address.scheme not in ("http", "https") or not target.address.hostname:
        parser.error(f"expected an address such as http://127.0.0.1:8080, got {given.address!r}")
    if not target.key and not on_loopback(target.address.hostname):
        parser.error(f"{target.address.hostname} is another machine: give --key, or set {KEY}, and load only your own")
    if not ready(target, given.wait):
        parser.error(f"no service is ready at {given.address}; start it, or give --wait SECONDS")
    outcome = load(target, _golden(given.golden), given.clients, given.seconds)
    sys.stdout.write(f"{outcome}\n")
    return 0 if outcome.latencies and not outcome.errors else 1


def on_loopback(host: str) -> bool:
    """Whether a host is this machine.

    Examples
    --------
    >>> [on_loopback(h) for h in ("localhost", "127.0.0.1", "::1", "10.0.0.7", "example.com")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ready(target: Target, wait: float) -> bool:
    """Whether the service is ready within ``wait`` seconds; asked at least once."""
    end = time.monotonic() + wait
    while not _is_ready(target):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def load(target: Target, golden: Sequence[tuple[bytes, Any]], clients: int, seconds: float) -> Outcome:
    """Ask row after row with several clients at once, each by a connection of its own."""
    parts = [Outcome() for _ in range(clients)]
    start = time.perf_counter()
    threads = [
        threading.Thread(target=_client, args=(target, islice(cycle(golden), i, None), start + seconds, part))
        for i, part in enumerate(parts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Outcome(time.perf_counter() - start)
    for part in parts:
        whole.latencies += part.latencies
        whole.errors.update(part.errors)
    return whole


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Load a bundle's service with its golden rows, and check each answer.")
    take = parser.add_argument
    take("address", help="such as http://127.0.0.1:8080")
    take("--key", default="", help=f"the service's key; {KEY} of the environment by default, which no one else sees")
    take("--clients", type=int, default=8, help="how many ask at once (8)")
    take("--seconds", type=float, default=10.0, help="how long (10)")
    take("--wait", type=float, default=0.0, help="seconds to wait until the service is ready (0)")
    take("--golden", type=Path, default=GOLDEN, help="golden/rows.json of the bundle")
    return parser


def _golden(path: Path) -> list[tuple[bytes, Any]]:
    """A body and its right prediction for each golden row."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [(json.dumps(row).encode(), p) for row, p in zip(content["rows"], content["predictions"], strict=True)]


def _is_ready(target: Target) -> bool:
    connection = target.connect()
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _client(target: Target, golden: Iterator[tuple[bytes, Any]], end: float, outcome: Outcome) -> None:
    connection, headers = target.connect(), target.headers()
    for body, right in golden:
        start = time.perf_counter()
        if start >= end:
            break
        wrong = _ask(connection, body, headers, right)
        if wrong:
            outcome.errors[wrong] += 1
            connection.close()  # the next request opens it anew
        else:
            outcome.latencies.append(time.perf_counter() - start)
    connection.close()


def _ask(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str], right: Any) -> str:
    """What is wrong with the answer to one row; an empty text if nothing is."""
    try:
        connection.request("POST", "/predict?reasons=0", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            return f"status {answer.status}"
        return "" if _same(json.loads(content)["prediction"], right) else "another prediction"
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return type(error).__name__


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, list):
        return isinstance(one, list) and len(one) == len(other) and all(map(_same, one, other))
    return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)


if __name__ == "__main__":
    raise SystemExit(main())
