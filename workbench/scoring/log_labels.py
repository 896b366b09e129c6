"""Labels of the prediction log: what was said of ids, in order, and which one counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from workbench.scoring.log_records import decoded, id_key, id_of_key
from workbench.scoring.log_store import asked

# Ids of formats up to 5 stand elsewhere until their records are folded, and those of their sealed hours for ever.
_KNOWS = """SELECT EXISTS (SELECT 1 FROM ids WHERE id = :key) OR EXISTS (SELECT 1 FROM sealed_ids WHERE id = :id)
OR EXISTS (SELECT 1 FROM records WHERE id = :id)"""


class Said(NamedTuple):
    """A label of an id, or that it was withdrawn.

    Parameters
    ----------
    number : int
        Of this log's labels, in the order in which they came.
    id : str
        Of the record.
    label : str, optional
        As JSON; None: what was said before is withdrawn.
    at : str
        When it came, ISO 8601 in UTC.
    """

    number: int
    id: str
    label: str | None
    at: str


def say(store: sqlite3.Connection, lines: Iterable[tuple[str, str | None]], now: str) -> None:
    """Keep labels of ids, as JSON; None withdraws. What was said already is nothing new."""
    every = list(lines)
    query = "SELECT id, label FROM labels WHERE id IN ({})"
    before: dict[str, str | None] = dict(asked(store, query, (line[0] for line in every)))
    for line in every:
        if before.get(line[0]) != line[1]:
            store.execute("INSERT INTO label_events (id, label, at) VALUES (?, ?, ?)", (*line, now))
            before[line[0]] = line[1]
    _leave_the_last(store, before, now)


def _leave_the_last(store: sqlite3.Connection, labels: Mapping[str, str | None], now: str) -> None:
    store.executemany(
        "INSERT INTO labels VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET label = excluded.label, "
        "at = excluded.at WHERE label <> excluded.label",
        [(one, label, now) for one, label in labels.items() if label is not None],
    )
    store.executemany("DELETE FROM labels WHERE id = ?", [(one,) for one, label in labels.items() if label is None])


def known(store: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    """Which of some ids have a record."""
    return {one for one in ids if store.execute(_KNOWS, {"id": one, "key": id_key(one)}).fetchone()[0]}


def any_id(store: sqlite3.Connection) -> str | None:
    """The id of one record; None where there is none."""
    for table in ("ids", "records", "sealed_ids"):
        found = store.execute(f"SELECT id FROM {table} LIMIT 1").fetchone()  # noqa: S608 (a constant)
        if found is not None:
            return id_of_key(found[0])
    return None


def labels_of(store: sqlite3.Connection, ids: Iterable[str] | None = None) -> dict[str, Any]:
    """Every label by its id, or those of some ids."""
    query = "SELECT id, label FROM labels"
    lines = store.execute(query) if ids is None else asked(store, f"{query} WHERE id IN ({{}})", ids)
    return {record: decoded(label) for record, label in lines}


def last_said(store: sqlite3.Connection, ids: Iterable[str] | None = None) -> int:
    """Number of the last thing that was said, or of some ids; 0 where nothing was."""
    query = "SELECT coalesce(max(number), 0) FROM label_events"
    last = int(store.execute(query).fetchone()[0])
    if ids is None or not last:
        return last
    return max((int(line[0]) for line in asked(store, f"{query} WHERE id IN ({{}})", ids)), default=0)


def said(store: sqlite3.Connection, after: int = 0, ids: Iterable[str] | None = None) -> list[Said]:
    """What was said, in order, after a number, or of some ids."""
    if ids is None:
        query = "SELECT number, id, label, at FROM label_events WHERE number > ? ORDER BY number"
        return [Said(*line) for line in store.execute(query, (after,))]
    query = "SELECT number, id, label, at FROM label_events WHERE id IN ({})"
    return sorted(Said(*line) for line in asked(store, query, ids) if line[0] > after)


def conflicts(store: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    """Of some ids those that have had several labels, since the last time that theirs were withdrawn."""
    query = "SELECT id FROM label_events WHERE id IN ({}) GROUP BY id HAVING count(*) > 1"
    several = [line[0] for line in asked(store, query, ids)]
    labels: dict[str, set[str]] = {}
    for one in said(store, ids=several):
        labels.setdefault(one.id, set()).add(one.label or "")
        if one.label is None:
            labels[one.id] = set()
    return {one for one, found in labels.items() if len(found) > 1}
