"""The verb ``challenge``: is a new version better than the champion, beyond chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.core.arguments import described
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.comparison import Comparison
from workbench.core.dataset import Dataset
from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.measures import known_anywhere
from workbench.core.metric import Metric
from workbench.core.nouns import bundle_name, version
from workbench.core.ranked import ranked
from workbench.core.scores import scores
from workbench.core.wording import how_many, worded
from workbench.errors import BadParameter, BadTable, Refused
from workbench.monitoring.answered import answered
from workbench.monitoring.feedback import truth_of
from workbench.monitoring.unseen import Seen, seen_rows
from workbench.reading.by_contract import coerce
from workbench.reading.dataset import dataset, read_table
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings, settings
from workbench.storage.registry import folder_of, version_of
from workbench.storage.tracking import CHALLENGER

RESAMPLES = 400
# Rows that are resampled; the interval of more rows is scaled, as in core.scores.
MOST_RESAMPLED = 5_000
FEWEST = 30


def challenge(
    name: str | Bundle,
    challenger: int | str | Bundle = CHALLENGER,
    source: str | Path | pd.DataFrame | Dataset | None = None,
    *,
    least_gain: float | None = None,
    level: float = 0.9,
    seed: int = 0,
    home: str | Path | None = None,
) -> Comparison:
    """Score the champion and a challenger on the same labelled rows, which neither was trained on.

    Rows that either was trained on are found by what they hold, whatever table they come in, and left out; a finding
    (WB320) tells how many.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the champion itself.
    challenger : int, str or Bundle
        Its version, ``"challenger"`` for the alias, or the bundle.
    source : path, pandas.DataFrame or Dataset, optional
        Labelled rows, of which at least 30 are new to both, with the features of both and the target. By default those
        of the prediction log that both have answered, where one was the other's shadow or a canary, and whose labels
        came after both were packaged.
    least_gain : float, optional
        In the score's unit, at least 0: by so much the challenger must be better at least, the whole interval of the
        difference. By default 0.005 where larger is better, as of ROC AUC, and of an error 1% of the champion's.
    level : float
        Share of intervals that hold the true difference, in (0, 1).
    seed : int
        Of the resampling.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Comparison
        ``.better`` is True if the whole interval of the difference lies beyond the least gain. Where training counted
        rows by a column of weights, and the table has it, they count so here; else all the same.

    Raises
    ------
    BadParameter
        If something else than a name or version came, or ``level`` or ``least_gain`` is out of its range.
    NotFound
        If there is no such bundle or version.
    Refused
        If one of the two was trained on nearly all of these rows, or they answer different questions.
    BadTable
        If there are too few labelled rows, or a weight is missing, below 0 or infinite.

    References
    ----------
    Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap; rows are drawn for both at once (paired).
    :mod:`workbench.core.seen_rows` has how rows are recognised.

    Examples
    --------
    >>> import workbench as wb
    >>> comparison = wb.challenge("churn", 2, "august.csv", least_gain=0.01)
    >>> comparison.versions, comparison.rows + comparison.seen, comparison.better
    ((1, 2), 300, False)
    """
    name = bundle_name(name, "wb.challenge")
    _check(level, least_gain)
    force = settings(home=home)
    old, new = champion(name, force), _challenger(name, challenger, force)
    if (old.task, old.classes) != (new.task, new.classes):
        raise Refused(
            f"Version {new.version} answers another question ({new.task}, classes {worded(new.classes)}). "
            f"Train it on the same target as version {old.version}."
        )
    rows = _of_log(old, new, force) if source is None else _of_table(old, new, source)
    return _compared(old, new, rows, least_gain, level, seed)


@dataclass(frozen=True)
class Rows:
    """Labelled rows that neither of two versions was trained on.

    Parameters
    ----------
    truth : array, shape (rows,)
        Labels as the model has them.
    pair : (array, array)
        Predictions of the two, each of shape (rows,) or (rows, classes).
    weights : array, shape (rows,), optional
        How much each counts.
    source : {"table", "log"}
    seen : int
        Rows that were left out.
    findings : tuple of Finding
    """

    truth: Any
    pair: tuple[Any, Any]
    weights: Any = None
    source: Literal["table", "log"] = "table"
    seen: int = 0
    findings: tuple[Finding, ...] = ()


def usual_gain(champion: Metric) -> float:
    """The least gain where nobody names one, in the score's unit.

    >>> usual_gain(Metric("roc_auc", 0.7)), usual_gain(Metric("rmse", 40.0))
    (0.005, 0.4)
    """
    return 0.005 if champion.larger_is_better else 0.01 * abs(champion.value)


def _check(level: Any, least_gain: Any) -> None:
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise BadParameter(f"'level' is a share between 0 and 1, got {described(level)}. Give for example 0.9.")
    if least_gain is None:
        return
    number = isinstance(least_gain, (int, float)) and not isinstance(least_gain, bool)
    if not number or not 0 <= least_gain < float("inf"):
        raise BadParameter(
            f"'least_gain' is a number of at least 0 in the score's unit, got {described(least_gain)}. "
            "Give for example 0.01, or leave it out."
        )


def _of_table(old: Bundle, new: Bundle, source: Any) -> Rows:
    """Rows of a table that both answer now."""
    table = _labelled(old, source)
    kept, told = _unseen(old, new, table, source)
    labels = truth_of(old, kept, str(old.contract.target))
    weights = _weights(old, kept)
    counts = (labels.notna() if weights is None else labels.notna() & (weights > 0)).to_numpy()
    kept, truth = kept[counts], labels[counts].to_numpy()
    _check_enough(len(kept))
    pair = (_predicted(old, kept), _predicted(new, kept))
    weights = None if weights is None else weights[counts]
    return Rows(truth, pair, weights, "table", int(told.rows.sum()), told.findings)


def _of_log(old: Bundle, new: Bundle, force: Settings) -> Rows:
    """Rows of the prediction log that both have answered."""
    found = answered(old, new, force)
    if len(found.table) < FEWEST:
        trial = python('wb.promote($name, $version, stage="shadow")', name=old.name, version=new.version)
        raise BadTable(
            f"{how_many(len(found.table), 'labelled row')} of the {found.both:,} that versions {old.version} and "
            f"{new.version} have both answered are too few to compare them; at least {FEWEST} are needed. Try the "
            f"version out ({trial}), give labels with wb.feedback, or give a table of labelled rows."
        )
    kept, told = _unseen(old, new, found.table, None)
    new_to_both = ~told.rows
    labels = truth_of(old, kept, str(old.contract.target))
    pair = (found.pair[0][new_to_both], found.pair[1][new_to_both])
    return Rows(labels.to_numpy(), pair, None, "log", int(told.rows.sum()), told.findings)


def _unseen(old: Bundle, new: Bundle, table: pd.DataFrame, source: Any) -> tuple[pd.DataFrame, Seen]:
    """The rows that neither was trained on, and what there is to tell of the others."""
    versions = tuple({bundle.version: bundle for bundle in (old, new)}.values())
    told = seen_rows(versions, table)
    if source is not None and told.unknown:
        _check_table(told.unknown, table, source)
    kept = table[~told.rows]
    if len(kept) < FEWEST <= len(table):
        who = ", ".join(
            f"version {version} was trained on {count:,}" for version, count in told.counts.items() if count
        )
        raise Refused(
            f"{how_many(len(kept), 'row')} of {len(table):,} are new to both versions, too few to compare them: {who}. "
            "Give rows that came later."
        )
    return kept, told


def _check_table(bundles: Sequence[Bundle], table: pd.DataFrame, source: Any) -> None:
    """Of versions that keep no hashes of their rows it is known whether this is the very table."""
    for bundle in bundles:
        print_of = source.fingerprint if isinstance(source, Dataset) else _fingerprint(bundle, table)
        if print_of and print_of == bundle.fingerprint:
            raise Refused(f"Version {bundle.version} was trained on this very table. Give rows that came later.")


def _check_enough(rows: int) -> None:
    if rows < FEWEST:
        raise BadTable(f"{rows} labelled rows are too few to compare two versions. Give at least {FEWEST}.")


def _weights(bundle: Bundle, table: pd.DataFrame) -> Any:
    """How much each row counts, shape (rows,), as training had it; None where no column says it."""
    name = bundle.contract.weight
    if name is None or name not in table.columns:
        return None
    weights = coerce(table, bundle.contract.only([name]))[name].to_numpy(dtype=float, na_value=np.nan)
    wrong = int((~np.isfinite(weights) | (weights < 0)).sum())
    if wrong:
        raise BadTable(
            f"The weight column {name!r} is missing, below 0 or infinite in {wrong:,} labelled rows. Correct it, or "
            "leave the column out: all rows count the same then."
        )
    return weights


def _challenger(name: str, challenger: int | str | Bundle, force: Settings) -> Bundle:
    if isinstance(challenger, Bundle):
        return challenger
    text = str(version(challenger, "wb.challenge"))
    number = int(text) if text.isdigit() else version_of(name, text.rpartition("@")[2], force)
    return Bundle.load_folder(folder_of(name, number, force))


def _labelled(old: Bundle, source: Any) -> pd.DataFrame:
    """The rows that have a label."""
    table = read_table(source.table if isinstance(source, Dataset) else source)
    target = old.contract.target
    if target not in table.columns:
        raise BadTable(f"The table has no column {target!r}, so nobody can say who is right. Give labelled rows.")
    known = table[table[target].notna()]
    _check_enough(len(known))
    return known


def _fingerprint(bundle: Bundle, table: pd.DataFrame) -> str:
    """Of the table as the training read it; nothing where it has not all the columns."""
    if not set(bundle.contract.names) <= set(map(str, table.columns)):
        return ""
    return dataset(table, contract=bundle.contract).fingerprint


def _predicted(bundle: Bundle, table: pd.DataFrame) -> Any:
    scorer = Scorer(bundle.path)
    return scorer.score_columns(coerce(table, scorer.contract.only(scorer.features)))[0]


def _compared(old: Bundle, new: Bundle, rows: Rows, least_gain: float | None, level: float, seed: int) -> Comparison:
    name = known_anywhere(old.metrics, old.task).name
    truth, pair, weights = rows.truth, rows.pair, rows.weights
    classes = ranked(old.classes, old.contract)
    of_old, of_new = (scores(old.task, truth, p, classes, name, level, weights=weights)[0] for p in pair)
    value = of_new.value - of_old.value
    below, above = _spread(old, truth, pair, weights, level, seed)
    difference = Metric(f"difference in {name}", value, value - below, value + above, level)
    gain = float(usual_gain(of_old) if least_gain is None else least_gain)
    better = value - below > gain if of_old.larger_is_better else value + above < -gain
    return Comparison(
        old.name, (old.version, new.version), len(truth), of_old, of_new, difference, better,
        gain, rows.source, rows.seen, rows.findings,
    )  # fmt: skip


def _spread(
    bundle: Bundle, truth: Any, pair: tuple[Any, Any], weights: Any, level: float, seed: int
) -> tuple[float, float]:
    """How far the interval of the difference reaches below and above it."""
    rng = np.random.default_rng(seed)
    part = rng.permutation(len(truth))[:MOST_RESAMPLED]
    drawn = [_difference(bundle, truth, pair, weights, rng.choice(part, len(part))) for _ in range(RESAMPLES)]
    known = [d for d in drawn if d is not None]
    centre = _difference(bundle, truth, pair, weights, part)
    if centre is None or not known:
        raise BadTable("The labelled rows have one class only, so there is no score. Give rows of each class.")
    low, high = np.percentile(known, [50 * (1 - level), 50 * (1 + level)])
    shrink = (len(part) / len(truth)) ** 0.5
    return float(shrink * (centre - low)), float(shrink * (high - centre))


def _difference(bundle: Bundle, truth: Any, pair: tuple[Any, Any], weights: Any, rows: Any) -> float | None:
    name = known_anywhere(bundle.metrics, bundle.task).name
    classes = ranked(bundle.classes, bundle.contract)
    counted = None if weights is None else weights[rows]
    both = [scores(bundle.task, truth[rows], p[rows], classes, name, level=0, weights=counted)[0] for p in pair]
    return both[1].value - both[0].value if all(m.name == name for m in both) else None
