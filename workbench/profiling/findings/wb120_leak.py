"""Leak of the target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
import polars as pl

from workbench.core.contract import NUMERIC
from workbench.core.finding import Finding
from workbench.core.literals import assigned, call
from workbench.core.profile import ColumnProfile
from workbench.profiling.associations import target_scores, truth_of
from workbench.profiling.findings.context import Context
from workbench.profiling.findings.wb136_non_response import blocks
from workbench.profiling.texts import word_score
from workbench.reading.source import chosen, values_of
from workbench.reading.values import counted

CODE = "WB120"

# A column alone that scores this much on held-out rows most likely knows the outcome.
ALMOST_PERFECT = 0.98
# Share of the rows without a target in which a column must be empty too, and of its own gaps that must lie there.
MOST_OF_THEM = 0.5
ALMOST_ALL = 0.95
FEWEST_GAPS = 20
# Rows with a value from which a column with gaps is judged by its values, and a score below which it can't be one.
FEWEST_KNOWN = 100
WORTH_A_LOOK = 0.2
# Columns that are tried together, and the rows on which they are.
TRIED = 10
ROWS = 2000
FEWEST_SUMMED = 50
EXACT = 1e-9


def check(context: Context) -> Iterator[Finding]:
    """Columns that give the target away."""
    target = context.contract.target
    if target is None or context.sample is None or context.rows < FEWEST_GAPS:
        return
    columns = [c for c in context.columns if c.role in ("feature", "known_after")]
    unanswered = {name for block in blocks(context) for name in block.names}
    messages = {
        **_missing_with(context, target, [c for c in columns if c.name not in unanswered]),
        **_sums(context, target, columns),
        **_words(context, target, columns),
        **_alone(context, target, columns, unanswered),
    }
    for column in columns:
        if column.name in messages:
            yield _finding(column, messages[column.name])


def _finding(column: ColumnProfile, message: str) -> Finding:
    if column.role == "known_after":
        return Finding(CODE, "info", f"{message[:-1]}; it is already kept out.", column.name)
    cure = assigned("data", call("data.known_after", column.name))
    return Finding(CODE, "error", message, column.name, cure, {"score": column.target})


def _alone(context: Context, target: str, columns: list[ColumnProfile], unanswered: set[str]) -> dict[str, str]:
    """By its values and its gaps; by its values alone where it is empty with a whole block of unanswered questions."""
    messages = {}
    for column in columns:
        score, where = column.target or 0.0, "on held-out rows"
        if column.missing and score >= WORTH_A_LOOK and (score < ALMOST_PERFECT or column.name in unanswered):
            score, where = _score_of_values(context, target, column.name), "on held-out rows that have it"
        if score >= ALMOST_PERFECT and not few_of_a_class(context, target):
            messages[column.name] = f"alone predicts {target} almost perfectly {where} (score {score:.3f} of 1)."
    return messages


def few_of_a_class(context: Context, target: str) -> bool:
    """Whether the rarest class has so few rows that a column may tell it by chance."""
    assert context.sample is not None
    if context.contract.task not in ("binary", "multiclass"):
        return False
    rows = counted(values_of(context.sample, target).drop_nulls())["rows"]
    return len(rows) < 2 or int(rows.min()) < FEWEST_GAPS  # type: ignore[arg-type]  # whole numbers


def _score_of_values(context: Context, target: str, name: str) -> float:
    """As the profile's own score, among the rows that have a value; 0 where these are few, or of one class."""
    assert context.sample is not None
    known = chosen(context.sample, (name, target)).drop_nulls()
    commonest = counted(values_of(known, target))["rows"]
    if known.height < FEWEST_KNOWN or known.height - int(commonest[0] or 0) < FEWEST_GAPS:
        return 0.0
    return target_scores(known, context.contract.only((name, target))).get(name, 0.0)


def _words(context: Context, target: str, columns: list[ColumnProfile]) -> dict[str, str]:
    """Free texts whose words tell the class, such as notes that were written once it was known."""
    if context.contract.task not in ("binary", "multiclass") or context.sample is None:
        return {}
    messages = {}
    for column in columns:
        if column.kind != "text" or column.sensitive or column.name not in context.sample.columns:
            continue
        known = chosen(context.sample, (column.name, target)).drop_nulls()
        if known.height < FEWEST_KNOWN:
            continue
        score = word_score(values_of(known, column.name), truth_of(values_of(known, target), context.contract))
        if score >= ALMOST_PERFECT:
            told = f"its words alone predict {target} almost perfectly on held-out rows (score {score:.3f} of 1)"
            messages[column.name] = f"tells the outcome: {told}."
    return messages


def _missing_with(context: Context, target: str, columns: list[ColumnProfile]) -> dict[str, str]:
    assert context.gaps is not None
    n = context.gaps.both(target, target)
    messages = {}
    for column in columns:
        if n < FEWEST_GAPS or column.missing < FEWEST_GAPS:
            continue
        both = context.gaps.both(column.name, target)
        if both >= ALMOST_ALL * column.missing and both >= MOST_OF_THEM * n and n < 0.9 * context.rows:
            where = f"is empty in {both:,} of the {n:,} rows without {target} and hardly elsewhere"
            messages[column.name] = f"{where}: it is known with the outcome."
    return messages


def _sums(context: Context, target: str, columns: list[ColumnProfile]) -> dict[str, str]:
    """Pairs, then triples, of numbers whose weighted sum is the target."""
    values, truth = numbers_and_truth(context, target, columns)
    names = list(values)
    for size in (2, 3):
        groups = [g for g in combinations(names, size) if gives([values[n] for n in g], truth)]
        if groups:
            return {n: _together(target, n, g) for g in groups for n in g}
    return {}


def _together(target: str, name: str, group: tuple[str, ...]) -> str:
    return f"gives {target} exactly together with {', '.join(n for n in group if n != name)}."


def numbers_and_truth(
    context: Context, target: str, columns: Iterable[ColumnProfile]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The numbers that say most of a target that is a number, and the target, on some rows; none where they are few."""
    if context.contract.task != "regression" or context.sample is None:
        return {}, np.zeros(0)
    numbers = (c for c in columns if c.kind in NUMERIC and c.target is not None)
    names = [c.name for c in sorted(numbers, key=lambda c: -(c.target or 0))[:TRIED]]
    rows = chosen(context.sample, (target, *names)).select(pl.all().cast(pl.Float64)).drop_nulls()
    rows = rows.filter(pl.all_horizontal(pl.all().is_finite())).head(ROWS)
    if len(rows) < FEWEST_SUMMED:
        return {}, np.zeros(0)
    return {name: values_of(rows, name).to_numpy() for name in names}, values_of(rows, target).to_numpy()


def gives(parts: list[np.ndarray], truth: np.ndarray) -> bool:
    """Whether a weighted sum of all parts is the target, but for rounding."""
    design = np.column_stack([*parts, np.ones(len(truth))])
    solution = np.linalg.lstsq(design, truth, rcond=None)[0]
    total = ((truth - truth.mean()) ** 2).sum()
    needed = all(abs(w) * p.std() > 1e-6 * truth.std() for w, p in zip(solution[:-1], parts, strict=True))
    return bool(total and needed and ((truth - design @ solution) ** 2).sum() < EXACT * total)
