"""What was measured, as Markdown: the goals, the figures, the ratios, the limits and the bad rows."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from serving_bad_input import Seen, bad_input_table, our_words, plain
from serving_peers import EMPTY, MLFLOW, OURS, PEERS, REASONS

from workbench.compiling.rounding import LOGISTIC

SAME = LOGISTIC  # floats travel as text and back unchanged; an exponential may be another in its last digits
MOST_FAILED = 0.01  # of the requests of a window; a server that refuses more has no figure there


@dataclass(frozen=True)
class Turn:
    """One start of one server.

    Parameters
    ----------
    cold : float
        Seconds from its start to its first answer.
    difference : float
        Largest difference from the pipeline's own predictions; of labels: the share that differs.
    windows : dict
        By name: what the client told, and ``cpu``, milliseconds of all its processes a request.
    pss, mb, packages : float
        Proportional memory after the windows in MB, size of the environment's packages in MB, and their number.
    reason : str
        Why there is nothing of the above.
    """

    cold: float = 0.0
    difference: float = 0.0
    windows: dict[str, dict[str, float]] = field(default_factory=dict)
    pss: float = 0.0
    mb: float = 0.0
    packages: int = 0
    reason: str = ""


def of_window(name: str, figure: str, times: float = 1.0) -> Callable[[Turn], float | None]:
    def figure_of(turn: Turn) -> float | None:
        window = turn.windows.get(name)
        if not window or not window["n"] or window["failed"] > MOST_FAILED * window["n"]:
            return None
        return times * window[figure]

    return figure_of


@dataclass(frozen=True)
class Figure:
    """A column of the table: its title, how it is read from a turn, how it is written, and whether more is better."""

    title: str
    of: Callable[[Turn], float | None]
    form: str
    more: bool = False


FIGURES = {
    "cold": Figure("cold start, s", lambda turn: turn.cold, ".2f"),
    "p50": Figure("1 row: p50, ms", of_window("c1", "p50"), ".3f"),
    "p99": Figure("p99, ms", of_window("c1", "p99"), ".2f"),
    "cpu": Figure("its CPU, ms", of_window("c1", "cpu"), ".3f"),
    "rps1": Figure("requests/s, 1 client", of_window("c1", "rps"), ",.0f", True),
    "rps8": Figure("8 clients", of_window("c8", "rps"), ",.0f", True),
    "rps32": Figure("32 clients", of_window("c32", "rps"), ",.0f", True),
    "batch": Figure("1,000-row batches, rows/s", of_window("batch", "rps", 1000), ",.0f", True),
    "pss": Figure("memory (PSS), MB", lambda turn: turn.pss, ".0f"),
    "mb": Figure("installed, MB", lambda turn: turn.mb, ".0f"),
    "packages": Figure("packages", lambda turn: turn.packages, ".0f"),
}
Turns = dict[str, list[Turn]]
BEST, FIXED = "the best", "fixed"


@dataclass(frozen=True)
class Goal:
    """How many times better ours has to be in a figure than MLflow's, the best, the limit; or a bound of its own."""

    text: str
    figure: str
    against: str
    times: float
    whose: str = OURS


GOALS = (
    Goal("single row p50, at most 1/40 of MLflow's", "p50", MLFLOW, 40),
    Goal("single row p50, at most 1.5 times the empty endpoint's", "p50", EMPTY, 1 / 1.5),
    Goal("single row p50, at most 1/20 of the best pandas-based server's", "p50", BEST, 20),
    Goal("requests/s at 8 clients, at least 40 x MLflow's", "rps8", MLFLOW, 40),
    Goal("requests/s at 32 clients, at least 40 x MLflow's", "rps32", MLFLOW, 40),
    Goal("1,000-row batches, at least 3 x MLflow's", "batch", MLFLOW, 3),
    Goal("1,000-row batches, at least 5 x the best", "batch", BEST, 5),
    Goal("single row p99, at most 1/5 of the best", "p99", BEST, 5),
    Goal("cold start to first answer, at most 1/10 of MLflow's", "cold", MLFLOW, 10),
    Goal("cold start to first answer, at most 1/5 of the best", "cold", BEST, 5),
    Goal("proportional memory, at most 1/4 of MLflow's", "pss", MLFLOW, 4),
    Goal("installed size, at most 1/6 of MLflow's", "mb", MLFLOW, 6),
    Goal("with reasons: single row p50, at most 1/5 of the best without", "p50", BEST, 5, REASONS),
    Goal("with reasons: single row p50, at most 0.45 ms", "p50", FIXED, 0.45, REASONS),
    Goal("with reasons: 1,000-row batches, at least 100,000 rows/s", "batch", FIXED, 100_000, REASONS),
    Goal("installed, at most 100 MB", "mb", FIXED, 100),
    Goal("installed, at most 12 packages", "packages", FIXED, 12),
)
# What the goals do not ask for, in the same form: the same figures against the best where they are against MLflow's.
BESIDE = (
    Goal("CPU of a single row, by MLflow's", "cpu", MLFLOW, 0),
    Goal("CPU of a single row, by the best", "cpu", BEST, 0),
    Goal("requests/s at 8 clients, by the best", "rps8", BEST, 0),
    Goal("requests/s at 32 clients, by the best", "rps32", BEST, 0),
    Goal("proportional memory, by the best", "pss", BEST, 0),
    Goal("installed size, by the best", "mb", BEST, 0),
)


@dataclass(frozen=True)
class Run:
    """All that a run found, and how it was done."""

    turns: Turns
    inside: list[dict[str, float]]  # of one row, of a thousand
    bad: dict[str, dict[str, Seen]]
    versions: dict[str, str]
    table: str
    seconds: float
    loads: tuple[float, float]  # of the machine at its begin and end
    minutes: float
    odd: Sequence[str | list[str]] = ()  # what is told of odd models


def told(run: Run) -> str:
    """The whole file."""
    parts = ["# Serving, side by side", *how(run), *failures(run.turns), "## Goals", goals_table(run.turns)]
    parts += [
        "## Figures",
        figures_table(run.turns),
        *differences(run.turns),
        "## How many times better ours is",
        ratios_table(run.turns),
    ]
    parts += ["## The limit, and where the time goes", *limit(run), *run.odd, "## Bad input", *bad_input(run.bad)]
    parts += ["## Versions", "; ".join(f"{name}: {words}" for name, words in run.versions.items()) + "."]
    return written(parts)


def written(parts: Iterable[str | Iterable[str]]) -> str:
    return "\n\n".join(part if isinstance(part, str) else "\n".join(part) for part in parts) + "\n"


def how(run: Run) -> Iterator[str]:
    turns = max(map(len, run.turns.values()), default=0)
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {run.minutes:.0f} minutes. Load average {run.loads[0]:.1f} at the "
        f"begin and {run.loads[1]:.1f} at the end, the servers and the client among it."
    )
    yield (
        f"One scikit-learn pipeline (impute, scale, one-hot, HistGradientBoosting of 100 trees) on `{run.table}` and "
        "the same rows for all. Same client for all"
        f"{', wrk' if shutil.which('wrk') else ''}: keep-alive, closed loop, on loopback, sharing the cores. One "
        "worker and `OMP_NUM_THREADS=1`, also for OpenBLAS and MKL, for every server. "
        f"{f'Windows of {run.seconds:g} s' if run.seconds else 'No windows'}, medians of {turns}; the servers take "
        "turns (ABC…ABC…), each started anew. Ours with the check by the contract, the prediction log and the metrics "
        "on; the peers as they come, without access logs. Modules are compiled and files in memory before a start."
    )


def failures(turns: Turns) -> Iterator[str]:
    for name, those in turns.items():
        reasons = [turn.reason for turn in those if turn.reason]
        if reasons:
            yield f"**{name}** failed in {len(reasons)} of {len(those)}: {plain(reasons[-1])}"


def value(turns: Turns, name: str, figure: str) -> float | None:
    """The median over the repeats; None where it has none."""
    return median(turns, name, FIGURES[figure].of)


def median(turns: Turns, name: str, of: Callable[[Turn], float | None]) -> float | None:
    found = [of(turn) for turn in turns.get(name, []) if not turn.reason]
    numbers = [number for number in found if number is not None]
    return statistics.median(numbers) if numbers else None


def others(turns: Turns, figure: str) -> dict[str, float]:
    """Of each peer that has the figure."""
    found = {p.name: value(turns, p.name, figure) for p in PEERS if p.compared}
    return {name: number for name, number in found.items() if number is not None}


def better(figure: str, mine: float, theirs: float) -> float:
    """How many times."""
    return mine / theirs if FIGURES[figure].more else theirs / mine


def rival(goal: Goal, turns: Turns) -> tuple[str, float] | None:
    there = others(turns, goal.figure)
    if goal.against == EMPTY:
        empty = value(turns, EMPTY, goal.figure)
        return None if empty is None else (EMPTY, empty)
    if goal.against != BEST:
        return (goal.against, there[goal.against]) if goal.against in there else None
    pick = max if FIGURES[goal.figure].more else min
    return pick(there.items(), key=lambda item: item[1]) if there else None


def goals_table(turns: Turns) -> list[str]:
    lines = ["| goal | ours | theirs | times better | |", "|---|---:|---:|---:|---|"]
    return lines + [line for goal in (*GOALS, *BESIDE) for line in goal_line(goal, turns)]


def goal_line(goal: Goal, turns: Turns) -> Iterator[str]:
    mine, form = value(turns, goal.whose, goal.figure), FIGURES[goal.figure].form
    if goal.against == FIXED:
        judged = "not measured"
        if mine is not None:
            judged = verdict(mine >= goal.times if FIGURES[goal.figure].more else mine <= goal.times)
        yield f"| {goal.text} | {'–' if mine is None else format(mine, form)} | | | {judged} |"
        return
    other = rival(goal, turns)
    if mine is None or other is None:
        yield f"| {goal.text} | – | – | – | not measured |"
        return
    times = better(goal.figure, mine, other[1])
    judged = verdict(times >= goal.times) if goal.times else ""
    yield f"| {goal.text} | {mine:{form}} | {other[1]:{form}} ({other[0]}) | {times:.1f} | {judged} |"


def verdict(holds: bool) -> str:
    return "held" if holds else "**missed**"


def figures_table(turns: Turns) -> list[str]:
    titles = " | ".join(figure.title for figure in FIGURES.values())
    lines = [f"| server | {titles} | differs from the pipeline | failed requests |", "|---" + "|---:" * 13 + "|"]
    return lines + [figures_line(turns, name) for name, those in turns.items() if not all(t.reason for t in those)]


def figures_cells(turns: Turns, name: str, figures: Iterable[str]) -> list[str]:
    numbers = {figure: value(turns, name, figure) for figure in figures}
    return ["–" if n is None else format(n, FIGURES[figure].form) for figure, n in numbers.items()]


def figures_line(turns: Turns, name: str) -> str:
    good = [turn for turn in turns[name] if not turn.reason]
    cells = figures_cells(turns, name, FIGURES)
    failed = sum(int(window["failed"]) for turn in good for window in turn.windows.values())
    return f"| {name} | {' | '.join(cells)} | {differs(name, good)} | {failed} |"


def differs(name: str, good: list[Turn]) -> str:
    worst = max(turn.difference for turn in good)
    labels = next(p.labels for p in PEERS if p.name == name)
    words = f"{worst:.0%} of labels" if labels else f"{worst:.0e}" if worst else "0"
    return "–" if name == EMPTY else f"**{words}**" if worst > SAME else words


def differences(turns: Turns) -> Iterator[str]:
    """What is behind a difference that was seen."""
    off = [name for name, those in turns.items() if any(t.difference > SAME for t in those)]
    if off:
        yield (
            f"{' and '.join(off)} answer some rows otherwise than the pipeline, in silence: a row sent alone whose "
            "text is null becomes a column of None, which the imputer does not take for missing. The apps that are "
            "written here put NaN there."
        )


def ratios_table(turns: Turns) -> list[str]:
    peers = [p.name for p in PEERS if p.compared and value(turns, p.name, "cold") is not None]
    if not peers:
        return ["No peer was measured."]
    lines = ["| figure | " + " | ".join(peers) + " |", "|---" + "|---:" * len(peers) + "|"]
    lines += [ratio_line(turns, OURS, figure, peers) for figure in FIGURES]
    return lines + [ratio_line(turns, REASONS, figure, peers) for figure in ("p50", "p99", "rps8", "rps32")]


def ratio_line(turns: Turns, whose: str, figure: str, peers: list[str]) -> str:
    mine, there = value(turns, whose, figure), others(turns, figure)
    cells = [f"{better(figure, mine, there[p]):.1f}" if mine and p in there else "–" for p in peers]
    return f"| {FIGURES[figure].title}{', with reasons' * (whose == REASONS)} | {' | '.join(cells)} |"


PARTS = ("read the JSON", "check against the contract", "encode", "tree walk alone", "write the JSON")


def limit(run: Run) -> Iterator[list[str]]:
    """From the empty endpoint to our answer, part by part."""
    if not run.inside:
        yield ["Not measured."]
        return
    whole = [parts["whole request"] for parts in run.inside]
    log = [parts["whole request"] - parts["whole, without the log"] for parts in run.inside]
    rest = [parts["whole, without the log"] - sum(parts[name] for name in PARTS) for parts in run.inside]
    server = [value(run.turns, EMPTY, "p50") or 0.0, 0.0]
    measured = [value(run.turns, OURS, "p50"), median(run.turns, OURS, of_window("batch", "p50"))]
    gaps = [m and m - w - s for m, w, s in zip(measured, whole, server, strict=True)]
    lines = ["| part of a request's time, without reasons, ms | 1 row | 1,000 rows |", "|---|---:|---:|"]
    lines += [milliseconds(name, [parts[name] for parts in run.inside]) for name in PARTS]
    lines += [
        milliseconds("link, answers, ids, metrics, headers", rest),
        milliseconds("the prediction log, its writing thread among it", log),
        milliseconds("**our code, called inside the process**", whole),
        milliseconds("the empty endpoint: HTTP server, loopback, client (p50)", [server[0] or None, None]),
        milliseconds("the rest: cold caches, longer messages, the threads side by side", gaps),
        milliseconds("**measured p50**", measured),
    ]
    yield lines
    one = run.inside[0]
    yield [f"Reasons add {one['whole, with reasons'] - one['whole request']:.3f} ms to a row inside the process, of "
           f"which {one['reasons, where asked']:.3f} ms are the SHAP values."]  # fmt: skip


def milliseconds(name: str, numbers: Sequence[float | None]) -> str:
    return f"| {name} | {' | '.join('–' if n is None else f'{n:.3f}' for n in numbers)} |"


def bad_input(bad: dict[str, dict[str, Seen]]) -> Iterator[str]:
    if not bad:
        yield "Not tried."
        return
    yield (
        "The same bad rows for every server, in its own form. *refuse*: a 4xx that names the column where there is "
        "one and shows neither the rest of the row nor a path; *flag*: an answer that says what is unusual; *score*: "
        "an answer. What is not so is bold; a number is the prediction that the client got. The FastAPI, BentoML, "
        "KServe and LitServe apps are the shortest natural ones; vetiver's prototype was written so that missing "
        "values may come."
    )
    yield "\n".join(bad_input_table(bad))
    yield "What ours says, shortened:"
    yield "\n".join(our_words(bad))


def machine() -> str:
    """What matters of the machine, and nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()} with {cores} cores and {memory:.0f} GiB, Python {platform.python_version()}"
