"""Rows of the prediction log that two versions have answered, with the labels that came since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.scoring.log import PredictionLog, log_of
from workbench.settings import Settings

# Records in memory at a time, beside those that have a label.
AT_A_TIME = 4_000


@dataclass(frozen=True)
class Answered:
    """What both have answered and somebody has labelled.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows as they were asked, sensitive values as hashes, with their labels in the target's column.
    pair : (array, array)
        Predictions of the two, each of shape (rows,) or (rows, classes).
    both : int
        Rows that both had answered, labelled or not.
    """

    table: pd.DataFrame
    pair: tuple[Any, Any]
    both: int


@dataclass
class _Asked:
    """One row with one id, and who has answered it so far."""

    row: dict[str, Any]
    by: dict[int, Any] = field(default_factory=dict)


def answered(old: Bundle, new: Bundle, force: Settings) -> Answered:
    """The rows that two versions of one name have answered: where one was the other's shadow, or a canary.

    A label counts that came after both were packaged, so neither was trained on it. Of an id that was asked several
    times the last row counts that both have answered.

    Parameters
    ----------
    old, new : Bundle
        Two versions.
    force : Settings
        Where the log is.
    """
    since = max(_moment(old.created), _moment(new.created))
    with log_of(old.name, force) as log:
        pairs = _pairs(old, new, log, since)
        labels = log.labels({said.id for said in log.said(ids=pairs) if said.at >= since})
    known = {one: asked for one, asked in pairs.items() if one in labels}
    target = str(old.contract.target)
    rows = [{**asked.row, target: labels[one]} for one, asked in known.items()]
    predictions = (np.array([asked.by[bundle.version] for asked in known.values()]) for bundle in (old, new))
    return Answered(pd.DataFrame(rows), tuple(predictions), len(pairs))  # type: ignore[arg-type]  # two bundles


def _pairs(old: Bundle, new: Bundle, log: PredictionLog, since: str) -> dict[str, _Asked]:
    """By id the last row that both have answered."""
    asked: dict[tuple[str, str], _Asked] = {}
    pairs: dict[str, _Asked] = {}
    common = sorted({*old.contract.names} & {*new.contract.names})
    for record in _records(log, since, {old.version, new.version}):
        row = record["row"]
        held = json.dumps([row.get(name) for name in common])
        one = asked.setdefault((record["id"], held), _Asked(row))
        one.by[record["version"]] = record["prediction"]
        if len(one.by) == 2:
            pairs[record["id"]] = one
    return pairs


def _records(log: PredictionLog, since: str, versions: set[int]) -> Iterator[dict[str, Any]]:
    for records in log.chunks(since, "~", AT_A_TIME):
        yield from (record for record in records if record["version"] in versions)


def _moment(created: str) -> str:
    """As the log writes moments, so that texts sort as they do."""
    return pd.Timestamp(created).tz_convert("UTC").isoformat(timespec="microseconds") if created else ""
