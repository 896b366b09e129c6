"""Why a model answered as it did, window by window: reasons in sums, and which of them changed since it was packaged.

The same tables tell the reasons of both sides: the kept explanation's, which ship in the bundle, and a window's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.finding import Finding
from workbench.core.labels import place_of_label
from workbench.core.literals import Code, python
from workbench.core.metric import short
from workbench.core.reasons import ColumnReasons, Reasons
from workbench.core.report import Window
from workbench.core.wording import listed
from workbench.kernels.quick import quick
from workbench.profiling.reasons import (
    ENOUGH,
    RELEVANT_SHARE,
    RELEVANT_TURN,
    alike,
    compare_reasons,
    counted_reasons,
    merge_reasons,
    texts,
)
from workbench.tables.compiled import CompiledModel

# Rows of a window whose reasons are computed, drawn from all of them: so many, of a model of very many nodes fewer, as
# nodes times rows are bounded (some seconds), but not fewer than means are compared of. And so many at once.
MOST_ROWS, MOST_NODES, BLOCK = 1000, 100_000_000, 250
# Columns of a window that a report keeps, and those of them whose values it can draw.
KEPT, DRAWN = 40, 14
CHANGED = "Reasons changed"
AGAIN = "wb.explain(run)\nwb.package(run, name=$name)"


def reasons_of(bundle: Bundle, features: pd.DataFrame, source: str) -> Reasons | None:
    """The reasons of a window's rows in sums; None where there is nothing that they could be compared with.

    Parameters
    ----------
    bundle : Bundle
        That answered.
    features : pandas.DataFrame, shape (rows, features)
        Typed as the contract says. Of more than 1,000 rows as many are drawn, always the same; of a model of more than
        100,000 nodes fewer, but at least 200.
    source : {"batch", "service"}
        The service's log keeps hashes of sensitive values, which tell no reason.
    """
    reference = bundle.reasons
    if reference is None or why_not(bundle, source):
        return None
    model = quick(CompiledModel.load(bundle.path / bundle.model_file))
    drawn = _drawn(features, most_rows(model))
    blocks = [drawn.iloc[start : start + BLOCK] for start in range(0, len(drawn), BLOCK)]
    return reduce(merge_reasons, (_counted(bundle, reference, model, block) for block in blocks))


def followed_reasons(bundle: Bundle, current: Reasons | None) -> Reasons | None:
    """A window's reasons, if they are of this bundle's model."""
    known = bundle.reasons
    return current if known is not None and current is not None and alike(known, current) else None


def changed_reasons(bundle: Bundle, current: Reasons | None, rate: float) -> tuple[ReasonDifference, ...]:
    """The columns of a window that weigh otherwise first; of many, those that weigh little are left out.

    Parameters
    ----------
    bundle : Bundle
        That answered it.
    current : Reasons, optional
        Of the window; None where they are not followed.
    rate : float
        Share of windows without any change that may still be told of.
    """
    if current is None or bundle.reasons is None:
        return ()
    found = compare_reasons(bundle.reasons, current, rate)
    return tuple(one if k < DRAWN else replace(one, parts=()) for k, one in enumerate(found[:KEPT]))


def told_reasons(found: Sequence[ReasonDifference], and_so: str) -> tuple[str, ...]:
    """One sentence, where reasons changed by enough to matter."""
    changed = [one for one in found if one.important]
    if not changed:
        return ()
    more = f", and {len(changed) - 2} more" if len(changed) > 2 else ""
    return (f"{CHANGED}: {'; '.join(weighed(one) for one in changed[:2])}{more}. {and_so[:1].upper()}{and_so[1:]}.",)


def weighed(one: ReasonDifference) -> str:
    """What changed of a column, and by how much.

    >>> rows, sizes, means = (90, 90), (0.5, 0.52), (0.4, -0.3)
    >>> weighed(ReasonDifference("age", None, rows, sizes, 0.0, 0.04, means, (1, 1), None, 0.6, 0.0, True))
    'age weighs 0.520, 0.500 before, adds -0.300 on average, +0.400 before'
    """
    return f"{one.column} {', '.join(_changes(one))}"


def _changes(one: ReasonDifference) -> Iterator[str]:
    before, now = one.importance
    most, turn = max(now, before), one.direction[1] - one.direction[0] if one.direction else 0.0
    yield f"weighs {short(now)}, {short(before)} before"
    if abs(one.mean[1] - one.mean[0]) >= RELEVANT_SHARE * most:
        yield f"adds {signed(one.mean[1])} on average, {signed(one.mean[0])} before"
    elif abs(now - before) < RELEVANT_SHARE * most:
        yield f"is spread otherwise ({one.effect:.2f} apart)"
    if one.direction and abs(turn) >= RELEVANT_TURN:
        yield f"follows its value by {signed(one.direction[1])}, {signed(one.direction[0])} before"


def reason_findings(
    judged: Sequence[Window], unit: str, without: Mapping[str, str], cure: Code | Literal[""] = ""
) -> Iterator[Finding]:
    """One finding a column with the windows in which its reasons changed, and one for each why some are not followed.

    Parameters
    ----------
    judged : sequence of Window
    unit : str
        Of the reasons.
    without : mapping of str to str
        Why a window's reasons are not followed, by its label; nothing where they are.
    cure : str
        As code.
    """
    changed: dict[str, list[tuple[Window, ReasonDifference]]] = {}
    for window in judged:
        for one in window.explained:
            if one.important:
                changed.setdefault(one.column, []).append((window, one))
    yield from (_changed(column, found, unit) for column, found in changed.items())
    for why in dict.fromkeys(filter(None, without.values())):
        labels = [label for label, other in without.items() if other == why]
        yield Finding("WB313", "info", f"Reasons are not followed: {why}", None, cure, {"windows": labels})


def why_not(bundle: Bundle, source: str) -> str:
    """Why the reasons of windows of a source are not followed; nothing where they are."""
    reference = bundle.reasons
    if reference is None:
        return (
            f"version {bundle.version} was packaged without an explanation in sums, so there is none to compare with."
        )
    hidden = [name for name in bundle.features if bundle.contract[name].sensitive]
    if source == "service" and hidden and not reference.not_followed:
        return f"the service's log keeps no value of {listed(hidden)}, which the model needs to tell a reason."
    return reference.not_followed[:1].lower() + reference.not_followed[1:]


def explain_again(bundle: Bundle) -> Code | Literal[""]:
    """The code after which reasons are followed; nothing where they are, or no model of this kind has any."""
    known = bundle.reasons
    return python(AGAIN, name=bundle.name) if bundle.compiled and (known is None or known.not_followed) else ""


def _changed(column: str, found: Sequence[tuple[Window, ReasonDifference]], unit: str) -> Finding:
    window, one = found[-1]
    moved = f"place {one.rank[1]}" + (f", {one.rank[0]} before" if one.rank[0] != one.rank[1] else "")
    bad = any(w.status in ("warning", "alarm") for w, _ in found)
    evidence = {
        "windows": [w.label for w, _ in found],
        "importance": list(one.importance),
        "mean": list(one.mean),
        "direction": None if one.direction is None else list(one.direction),
        "rank": list(one.rank),
        "effect": one.effect,
        "turned": one.turned,
    }
    message = f"{window.label}: {', '.join([*_changes(one), moved])} ({unit})."
    return Finding("WB312", "warning" if bad else "info", message, column, "", evidence)


def signed(value: float) -> str:
    """A number with its sign.

    >>> signed(0.25), signed(-1200.0)
    ('+0.250', '-1,200')
    """
    return ("+" if value >= 0 else "") + short(value)


def most_rows(model: CompiledModel) -> int:
    """Of how many rows of a window reasons are computed."""
    nodes = sum(table.size for name, table in model.contents().items() if name.endswith(".feature"))
    return min(max(MOST_NODES // max(nodes, 1), ENOUGH), MOST_ROWS)


def _drawn(features: pd.DataFrame, most: int) -> pd.DataFrame:
    if len(features) <= most:
        return features
    rows = np.random.default_rng(len(features)).choice(len(features), most, replace=False)
    return features.iloc[np.sort(rows)]


def _counted(bundle: Bundle, reference: Reasons, model: CompiledModel, rows: pd.DataFrame) -> Reasons:
    values = _values(bundle, reference, model, rows)
    known = np.isfinite(values).all(axis=1)
    held = {one.column: _held(one, rows[one.column])[known] for one in reference.columns if one.given or one.levels}
    return counted_reasons(reference, values[known], held)


def _values(bundle: Bundle, reference: Reasons, model: CompiledModel, rows: pd.DataFrame) -> Any:
    """SHAP values of the class that was explained, shape (rows, features)."""
    place = 0 if reference.label is None else place_of_label(reference.label, bundle.classes) or 0
    values = model.explain_class(rows, place if bundle.task == "multiclass" else 0)[0]
    return -values if bundle.task == "binary" and place == 0 else values


def _held(one: ColumnReasons, column: pd.Series) -> Any:
    if one.levels:
        return texts(column.astype(object).where(column.notna(), None))
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
