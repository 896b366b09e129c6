"""What somebody should know of how a table was read: nothing that reading changes or leaves out is silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.finding import Finding, sort
from workbench.core.literals import Cure, assigned, call
from workbench.core.reading import Notes

LONGEST = 40  # characters of an example
KINDS = {"datetime": "date", "integer": "whole number", "boolean": "truth value"}


@dataclass(frozen=True)
class Again:
    """How the same table is read another way: the cure of whatever was read wrongly.

    Parameters
    ----------
    source : str, optional
        Its path; None where it is no file, and no code can name it.
    roles : dict
        Keywords of :func:`workbench.dataset` that were given.
    """

    source: str | None = None
    roles: dict[str, Any] = field(default_factory=dict)

    def by(self, **options: Any) -> Cure:
        """The cell that reads it by other options.

        >>> Again("t.csv", {"target": "y"}).by(missing={"x": ["-"]})
        'data = wb.dataset("t.csv", target="y", missing={"x": ["-"]})'
        """
        if self.source is None:
            return ""
        return assigned("data", call("wb.dataset", self.source, **self.roles, **options))


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
        told = f"has {listed(note.words)} in {counted(sum(note.words.values()), 'row')}: taken to mean a missing value."
        yield Finding("WB128", "info", told, name, again.by(missing={name: []}), {"words": dict(note.words)})
    if note.doubt:
        yield Finding("WB138", "info", f"{note.doubt}.", name, _other_way(name, note, again), {"kind": note.kind})
    elif note.as_text and note.kind in (*NUMERIC, "datetime") and (typed or note.form.described()):
        yield Finding("WB138", "info", _written(note, typed), name, "", {"kind": note.kind})


def _unread(column: Column, note: Notes, again: Again) -> Finding:
    kind, evidence = KINDS.get(note.kind, note.kind), {"unread": note.unread, "kind": note.kind}
    shown = "" if column.sensitive else f", such as {listed(note.examples)}"
    are = "are no" if note.unread > 1 else "is no"
    message = f"has {counted(note.unread, 'value')} that {are} {kind}{shown}: missing now."
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


def listed(texts: Iterable[str]) -> str:
    """Texts in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ("'a'", "'a', 'b' and 'c'")
    """
    shown = [repr(t if len(t) <= LONGEST else t[: LONGEST - 1] + "…") for t in texts]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(number: int, thing: str) -> str:
    """A number of things in a sentence.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
