"""The verb ``challenge``: is a new version better than the champion, beyond chance?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.arguments import described
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.comparison import Comparison
from workbench.core.dataset import Dataset
from workbench.core.measures import known_anywhere
from workbench.core.metric import Metric
from workbench.core.nouns import bundle_name, version
from workbench.core.ranked import ranked
from workbench.core.scores import scores
from workbench.core.wording import worded
from workbench.errors import BadParameter, BadTable, Refused
from workbench.monitoring.feedback import truth_of
from workbench.reading.by_contract import coerce
from workbench.reading.dataset import dataset, read_table
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings, settings
from workbench.storage.registry import folder_of, version_of

RESAMPLES = 400
# Rows that are resampled; the interval of more rows is scaled, as in core.scores.
MOST_RESAMPLED = 5_000
FEWEST = 30


def challenge(
    name: str | Bundle,
    challenger: int | str | Bundle,
    source: str | Path | pd.DataFrame | Dataset,
    *,
    level: float = 0.9,
    seed: int = 0,
    home: str | Path | None = None,
) -> Comparison:
    """Score the champion and a challenger on the same labelled rows, which neither was trained on.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the champion itself.
    challenger : int, str or Bundle
        Its version, ``"challenger"`` for the alias, or the bundle.
    source : path, pandas.DataFrame or Dataset
        Labelled rows, at least 30, with the features of both and the target.
    level : float
        Share of intervals that hold the true difference, in (0, 1).
    seed : int
        Of the resampling.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Comparison
        ``.better`` is True if the whole interval of the difference is on the challenger's side. Where training counted
        rows by a column of weights, and the table has it, they count so here; else all the same.

    Raises
    ------
    BadParameter
        If something else than a name or version came, or ``level`` is out of its range.
    NotFound
        If there is no such bundle or version.
    Refused
        If one of the two was trained on this very table, or they answer different questions.
    BadTable
        If there are too few labelled rows, or a weight is missing, below 0 or infinite.

    References
    ----------
    Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap; rows are drawn for both at once (paired).

    Examples
    --------
    >>> import workbench as wb
    >>> comparison = wb.challenge("churn", 2, "august.csv")
    >>> comparison.versions, comparison.rows, comparison.better
    ((1, 2), 300, False)
    """
    name = bundle_name(name, "wb.challenge")
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise BadParameter(f"'level' is a share between 0 and 1, got {described(level)}. Give for example 0.9.")
    force = settings(home=home)
    old, new = champion(name, force), _challenger(name, challenger, force)
    if (old.task, old.classes) != (new.task, new.classes):
        raise Refused(
            f"Version {new.version} answers another question ({new.task}, classes {worded(new.classes)}). "
            f"Train it on the same target as version {old.version}."
        )
    table = _labelled(old, new, source)
    labels = truth_of(old, table, str(old.contract.target))
    weights = _weights(old, table)
    counts = labels.notna() if weights is None else labels.notna() & (weights > 0)
    table, truth = table[counts], labels[counts].to_numpy()
    if len(table) < FEWEST:
        raise BadTable(f"{len(table)} labelled rows are too few to compare two versions. Give at least {FEWEST}.")
    weights = None if weights is None else weights[counts.to_numpy()]
    pair = (_predicted(old, table), _predicted(new, table))
    return _compared(old, new, truth, pair, weights, level, seed)


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


def _labelled(old: Bundle, new: Bundle, source: Any) -> pd.DataFrame:
    table = source.table if isinstance(source, Dataset) else source
    table = read_table(table)
    target = old.contract.target
    if target not in table.columns:
        raise BadTable(f"The table has no column {target!r}, so nobody can say who is right. Give labelled rows.")
    print_of = source.fingerprint if isinstance(source, Dataset) else _fingerprint(old, table)
    for bundle in (old, new):
        if print_of and print_of == bundle.fingerprint:
            raise Refused(f"Version {bundle.version} was trained on this very table. Give rows that came later.")
    known = table[table[target].notna()]
    if len(known) < FEWEST:
        raise BadTable(f"{len(known)} labelled rows are too few to compare two versions. Give at least {FEWEST}.")
    return known


def _fingerprint(bundle: Bundle, table: pd.DataFrame) -> str:
    """Of the table as the training read it; nothing where it has not all the columns."""
    if not set(bundle.contract.names) <= set(map(str, table.columns)):
        return ""
    return dataset(table, contract=bundle.contract).fingerprint


def _predicted(bundle: Bundle, table: pd.DataFrame) -> Any:
    scorer = Scorer(bundle.path)
    return scorer.score_columns(coerce(table, scorer.contract.only(scorer.features)))[0]


def _compared(
    old: Bundle, new: Bundle, truth: Any, pair: tuple[Any, Any], weights: Any, level: float, seed: int
) -> Comparison:
    name = known_anywhere(old.metrics, old.task).name
    classes = ranked(old.classes, old.contract)
    of_old, of_new = (scores(old.task, truth, p, classes, name, level, weights=weights)[0] for p in pair)
    value = of_new.value - of_old.value
    below, above = _spread(old, truth, pair, weights, level, seed)
    difference = Metric(f"difference in {name}", value, value - below, value + above, level)
    better = value - below > 0 if of_old.larger_is_better else value + above < 0
    return Comparison(old.name, (old.version, new.version), len(truth), of_old, of_new, difference, better)


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
