"""The live service's log becomes windows, by month, or by day while it is young."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

import pandas as pd

from workbench.core.bundle import Bundle
from workbench.errors import NotFound
from workbench.monitoring.group_windows import group_columns
from workbench.monitoring.reason_windows import reasons_of
from workbench.monitoring.sealing import seal
from workbench.monitoring.windows import forget, framed, keep, windows
from workbench.reading.by_contract import coerce
from workbench.scoring.log import PredictionLog
from workbench.settings import Settings
from workbench.storage.registry import folder_of

# A log that spans fewer days is cut by day: a month would show nothing for weeks.
YOUNG = 45


def compact(name: str, force: Settings) -> int:
    """Cut the log of a name into windows, and return how many were written. Windows that have not changed stay.

    Closed hours of the log are sealed on the way.
    """
    if not (force.predictions / name / "log.sqlite").exists():
        return 0
    seal(force.predictions / name)
    log = PredictionLog(force.predictions / name)
    try:
        records = log.read() if log.count() else []
    finally:
        log.close()
    cuts = _cut(records)
    there = {seen.label: seen for seen in windows(name, force) if seen.source == "service"}
    for label in there.keys() - cuts.keys():
        forget(there[label])
    changed = [k for k, cut in cuts.items() if k not in there or there[k].rows != len(cut)]
    return sum(_kept(name, label, cuts[label], force) for label in changed)


def _cut(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Records by window and version: ``live-2026-11``, and ``live-2026-11.v2`` where a second version answered."""
    if not records:
        return {}
    first, last = (datetime.fromisoformat(records[i]["at"]) for i in (0, -1))
    digits = 10 if (last - first).days < YOUNG else 7
    keyed = sorted(records, key=lambda r: (r["at"][:digits], r["version"] or 0))
    cuts = {key: list(cut) for key, cut in groupby(keyed, key=lambda r: (r["at"][:digits], r["version"] or 0))}
    days = [day for day, _ in cuts]
    return {
        f"live-{day}" + (f".v{version}" if days.count(day) > 1 else ""): cut for (day, version), cut in cuts.items()
    }


def _kept(name: str, label: str, records: list[dict[str, Any]], force: Settings) -> bool:
    bundle = _bundle(name, records[0]["version"], force)
    if bundle is None:
        return False
    raw = pd.DataFrame([r["row"] for r in records])
    groups = group_columns(bundle, raw, force, hashed=True)
    table = raw.reindex(columns=list(bundle.features))
    # A sensitive value is a hash in the log: it has no distribution to compare.
    table[[c for c in bundle.features if bundle.contract[c].sensitive]] = None
    features = coerce(table, bundle.contract.only(bundle.features))
    predictions = framed(
        bundle, [r["prediction"] for r in records], [r["id"] for r in records], ["; ".join(r["flags"]) for r in records]
    )
    answers = {"answer": [r["answer"] for r in records]}
    why = reasons_of(bundle, features, "service")
    keep(bundle, label, predictions.assign(**answers, **groups), features, "service", force, why)
    return True


def _bundle(name: str, version: Any, force: Settings) -> Bundle | None:
    try:
        return Bundle.load_folder(folder_of(name, version, force))
    except NotFound:
        return None  # a version that was removed: there is nothing to compare with
