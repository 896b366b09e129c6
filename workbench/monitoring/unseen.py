"""Rows that a version was trained on are no judges of it: they are found by their hashes, and left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.codes import Severity
from workbench.core.finding import Finding
from workbench.core.names import matching
from workbench.core.seen_rows import FILE, SeenRows
from workbench.core.wording import how_many
from workbench.reading.by_contract import coerce


@dataclass(frozen=True)
class Seen:
    """Rows of a table that versions were trained on.

    Parameters
    ----------
    rows : bool array, shape (rows,)
        Those that any of them has seen.
    findings : tuple of Finding
        How many each has seen, and of which it is not known.
    counts : dict of int to int
        How many each version has seen, where it is known.
    unknown : tuple of Bundle
        Versions of which it is not known.
    """

    rows: Any
    findings: tuple[Finding, ...]
    counts: dict[int, int]
    unknown: tuple[Bundle, ...]


def seen_rows(bundles: Sequence[Bundle], table: pd.DataFrame) -> Seen:
    """Which rows of a table some versions were trained on.

    Parameters
    ----------
    bundles : sequence of Bundle
        The versions.
    table : pandas.DataFrame, shape (rows, columns)
        As it came; each version reads it by its own contract.
    """
    kept = [(bundle, seen) for bundle in bundles if (seen := _kept(bundle))]
    found = [(bundle, seen, _seen_by(bundle, seen, table)) for bundle, seen in kept]
    masks = [mask for _, _, mask in found]
    rows = np.logical_or.reduce(masks) if masks else np.zeros(len(table), dtype=bool)
    counts = {bundle.version: int(mask.sum()) for bundle, _, mask in found}
    unknown = tuple(bundle for bundle in bundles if bundle.version not in counts)
    told = (_told(*one) for one in found)
    return Seen(rows, (*filter(None, told), *map(_not_known, unknown)), counts, unknown)


def _kept(bundle: Bundle) -> SeenRows | None:
    """What a bundle keeps of its rows; None where that tells none."""
    kept = SeenRows.load(bundle.path / FILE) if FILE in bundle.files else None
    return kept if kept and kept.columns else None


def _seen_by(bundle: Bundle, kept: SeenRows, table: pd.DataFrame) -> Any:
    """The rows that a version was trained on, shape (rows,)."""
    there = bool(kept.identity) and all(matching(name, table.columns) is not None for name in kept.identity)
    typed = coerce(table, bundle.contract.only([*kept.columns, *(kept.identity if there else ())]))
    same = kept.content.has(kept.hashes(typed))
    rows = kept.whole.has(kept.hashes(typed, whole=True)) if kept.whole and there else np.zeros(len(table), dtype=bool)
    # Rows with few values equal others by chance: only where more do than chance has it, some of them are the same.
    if kept.telling or (same & ~rows).sum() > kept.by_chance(int((~rows).sum())):
        rows = rows | same
    return rows


def _told(bundle: Bundle, kept: SeenRows, rows: Any) -> Finding | None:
    count, many = int(rows.sum()), len(rows)
    if not count:
        return None
    chance = kept.false_positives * (many - count)
    some = f" (about {chance:.0f} of them only look like one)" if chance >= 1 else ""
    message = f"{how_many(count, 'row')} of {many:,} left out: version {bundle.version} was trained on them{some}."
    severity: Severity = "warning" if 2 * count > many else "info"
    return Finding("WB320", severity, message, evidence={"version": bundle.version, "seen": count, "rows": many})


def _not_known(bundle: Bundle) -> Finding:
    message = (
        f"Which rows version {bundle.version} was trained on is not known: it was packaged by an older version of "
        "Workbench, or all its columns are sensitive. Only whether the table is the very one was looked at."
    )
    return Finding("WB321", "info", message, evidence={"version": bundle.version})
