"""Labels that came later: the body of a request, read as the contract reads its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.core.checking import check
from workbench.errors import BadRow
from workbench.scoring.http import Rejected
from workbench.scoring.runtime import Scorer


def labels_of(body: Any) -> list[dict[str, Any]]:
    """The labels of a body, one or many, each with its id.

    >>> labels_of({"id": 7, "label": "yes"})
    [{'id': 7, 'label': 'yes'}]
    """
    items = body.get("labels") if isinstance(body, dict) else None
    items = items if isinstance(items, list) else [body]
    if not items or not all(isinstance(i, dict) and {"id", "label"} <= i.keys() and _is_id(i["id"]) for i in items):
        raise Rejected(422, 'Feedback is {"id": …, "label": …} or {"labels": [those]}. Send one of them.')
    return items


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def clean_labels(labels: list[Any], scorer: Scorer) -> list[Any]:
    """Labels as the contract reads them.

    What the model can't have predicted is refused: one such label in the log would stop the monitoring of all others.
    """
    classes, target = scorer.bundle.classes, str(scorer.contract.target)
    there = [i for i, label in enumerate(labels) if label is not None]
    if classes:
        expected = f"one of {', '.join(map(repr, classes))}"
        problems = [{"row": i, "field": "label", "expected": expected, "got": repr(labels[i])[:60]}
                    for i in there if not _is_one(labels[i], classes)]  # fmt: skip
    else:
        checked = check([{target: labels[i]} for i in there], scorer.contract, (target,))
        problems = [{**p, "row": there[p["row"]], "field": "label"} for p in checked.problems]
    if problems:
        raise BadRow(problems)
    return labels if classes else _numbers(labels, dict(zip(there, checked.columns[target], strict=True)))


def _numbers(labels: list[Any], read: Mapping[int, Any]) -> list[Any]:
    """The numbers that texts are; None where they stand for a missing label."""
    return [_number(read[i]) if isinstance(label, str) else label for i, label in enumerate(labels)]


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _is_one(label: Any, classes: Sequence[Any]) -> bool:
    """Python takes True for 1; JSON does not."""
    return any(label == c and isinstance(label, bool) == isinstance(c, bool) for c in classes)
