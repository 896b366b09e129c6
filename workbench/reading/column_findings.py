"""What somebody should know of how columns were read: nothing that reading changes or leaves out is silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.finding import Finding, Severity, sort
from workbench.core.literals import Cure
from workbench.core.reading import Notes
from workbench.core.wording import how_many, quoted_list
from workbench.reading.again import Again

KINDS = {"datetime": "date", "integer": "whole number", "boolean": "truth value"}


def findings_of(
    notes: Mapping[str, Notes], contract: Contract, again: Again, typed: bool = False
) -> tuple[Finding, ...]:
    """What was noticed while columns were read, worst first.

    Parameters
    ----------
    notes : mapping of str to Notes
        By column.
    contract : Contract
        Values of its sensitive columns are not shown, and ignored columns are left out.
    again : Again
        How the table is read another way.
    typed : bool
        Whether the table could have said that a column holds numbers or dates, as a file of text can't.

    Examples
    --------
    >>> contract = Contract((Column("x", "number"),))
    >>> for finding in findings_of({"x": Notes("number", unread=2, examples=("failed",))}, contract, Again()):
    ...     print(finding)
    WB129 warning: x has 2 values that are no number, such as 'failed': missing now.
    """
    columns = ((contract[name], note) for name, note in notes.items() if name in contract)
    return sort(
        f for column, note in columns if column.role != "ignored" for f in _of_column(column, note, again, typed)
    )


def _of_column(column: Column, note: Notes, again: Again, typed: bool) -> Iterator[Finding]:
    name = column.name
    if note.unread:
        yield _unread(column, note, again)
    if note.words:
        rows = how_many(sum(note.words.values()), "row")
        learnt = column.role == "target"
        then = ", so these are not learnt from" if learnt else ""
        message = f"has {quoted_list(note.words)} in {rows}: taken to mean a missing value{then}."
        severity: Severity = "warning" if learnt else "info"
        yield Finding("WB128", severity, message, name, again.by(missing={name: []}), {"words": dict(note.words)})
    if note.doubt:
        yield Finding("WB138", "info", f"{note.doubt}.", name, _other_way(name, note, again), {"kind": note.kind})
    elif note.as_text and note.kind in (*NUMERIC, "datetime") and (typed or note.form.described()):
        yield Finding("WB138", "info", _written(note, typed), name, "", {"kind": note.kind})


def _unread(column: Column, note: Notes, again: Again) -> Finding:
    kind, evidence = KINDS.get(note.kind, note.kind), {"unread": note.unread, "kind": note.kind}
    shown = "" if column.sensitive else f", such as {quoted_list(note.examples)}"
    are = "are no" if note.unread > 1 else "is no"
    message = f"has {how_many(note.unread, 'value')} that {are} {kind}{shown}: missing now."
    cure: Cure = "" if column.sensitive else again.by(missing={column.name: list(note.examples)})
    return Finding("WB129", "warning", message, column.name, cure, evidence)


def _written(note: Notes, typed: bool) -> str:
    kind, how = KINDS.get(note.kind, note.kind), note.form.described()
    kept = "was kept as text" if typed else ""
    return f"is a {kind} that {' and '.join(part for part in (kept, f'is written {how}' if how else '') if part)}."


def _other_way(name: str, note: Notes, again: Again) -> Cure:
    if note.kind == "datetime" and note.form.moments:
        return again.by(dates={name: _swapped(note.form.moments[0])})
    if note.kind in NUMERIC and note.form.thousands in (".", ","):
        return again.by(decimal=note.form.thousands)
    return ""


def _swapped(pattern: str) -> str:
    """With day and month exchanged."""
    return pattern.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
