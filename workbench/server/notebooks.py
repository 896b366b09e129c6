"""A notebook as the panel sends it, and what the panel shows of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from workbench.codegen.advice import Advice, advice
from workbench.codegen.cells import CodeCell
from workbench.codegen.journey import Journey, Place, Written, journey, offered, prefilled, write
from workbench.errors import BadParameter

# What is read of each code cell, and the types that it may have.
_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "source": (str,),
    "ran": (str, type(None)),
    "count": (int, type(None)),
    "failed": (bool,),
    "running": (bool,),
    "records": (list,),
    "mark": (str, type(None)),
    "tags": (list,),
}


def read_notebook(body: dict[str, Any]) -> Journey:
    """The journey in ``{cells, active, alive}``.

    Raises
    ------
    BadParameter
        If that is not what came.
    """
    cells, alive = body.get("cells"), body.get("alive")
    if not isinstance(cells, list) or not isinstance(alive, (list, type(None))):
        raise BadParameter("'cells' must be a list of code cells and 'alive' a list of names or null. Send both.")
    active = body.get("active")
    return journey([_cell(c) for c in cells], active if isinstance(active, str) else None, _texts(alive))


def _texts(items: list[Any] | None) -> list[str] | None:
    return None if items is None else [name for name in items if isinstance(name, str)]


def _cell(given: Any) -> CodeCell:
    if not isinstance(given, dict) or not isinstance(given.get("id"), str) or not isinstance(given.get("source"), str):
        raise BadParameter("A code cell has at least an 'id' and a 'source', both text. Send an object with them.")
    fitting = {n: given[n] for n, kinds in _FIELDS.items() if n in given and isinstance(given[n], kinds)}
    records = tuple(r for r in fitting.pop("records", ()) if isinstance(r, dict) and _is_record(r))
    tags = tuple(tag for tag in fitting.pop("tags", ()) if isinstance(tag, str))
    return CodeCell(**fitting, records=records, tags=tags)


def _is_record(record: dict[str, Any]) -> bool:
    """Outputs are data of a notebook from anywhere: only what has the shape of our records is used."""
    findings = record.get("findings", [])
    shaped = isinstance(findings, list) and all(isinstance(f, dict) for f in findings)
    return shaped and isinstance(record.get("noun"), str) and isinstance(record.get("headline", ""), str)


def shown(now: Journey) -> dict[str, Any]:
    """All that the rail shows."""
    return {
        "steps": [_step(now, place) for place in now.places.values()],
        "next": _advice(advice(now)),
    }


def _step(now: Journey, place: Place) -> dict[str, Any]:
    reading = place.reading
    likely, written = prefilled(now, place.verb) if place.cell is None else ({}, {})
    code = reading.code if reading else written
    return {
        "verb": place.verb,
        "state": place.state,
        "cell": _id(now, place.cell),
        "edited": place.edited,
        "values": reading.values if reading else likely,
        "code": code,
        "means": {name: now.constants[text] for name, text in code.items() if text in now.constants},
        "errors": reading.errors if reading else {},
        "kept": reading.kept if reading else {},
        "offered": [name for names in offered(now, place.verb) for name in names],
        "gives": reading.gives if reading else None,
        "headline": now.brief(place.verb),
        "because": list(place.because),
        "refresh": _ids(now, place.refresh),
    }


def _advice(given: Advice | None) -> dict[str, Any] | None:
    return None if given is None else asdict(given)


def written(now: Journey, step: str, values: dict[str, Any], code: dict[str, Any]) -> dict[str, Any]:
    """What a click writes, and which cells run before it."""
    change: Written = write(now, step, values, {str(name): str(text) for name, text in code.items()})
    return {
        "source": change.source,
        "cell": _id(now, change.cell),
        "after": _id(now, change.after),
        "before": _ids(now, change.before),
    }


def _id(now: Journey, place: int | None) -> str | None:
    return None if place is None else now.cells[place].id


def _ids(now: Journey, places: Iterable[int]) -> list[str]:
    return [now.cells[place].id for place in places]
