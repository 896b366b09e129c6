"""A parameter that is another job's result, as a text: ``job:ID#NAME``.

It survives JSON, so that records, forms and command lines carry it, and stands for a value that is there when the job
starts. A text that is meant as it stands has one colon more: ``job::ID#NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OUTPUT = "output"
_REFERENCE = re.compile(r"job:([A-Za-z0-9][A-Za-z0-9._-]{0,99})#([^\W\d]\w*)\Z")
_RAW = re.compile(r"job:+[A-Za-z0-9][A-Za-z0-9._-]{0,99}#[^\W\d]\w*\Z")


@dataclass(frozen=True)
class Reference:
    """A result of a job.

    Parameters
    ----------
    job : str
        Its id.
    name : str
        ``output``, the path of its executed notebook; a noun that the notebook shows, such as ``bundle`` or ``run``; or
        a name that it gives by :func:`workbench.give`.

    Examples
    --------
    >>> str(Reference("20261121T0149-train-3f2a", "bundle"))
    'job:20261121T0149-train-3f2a#bundle'
    """

    job: str
    name: str

    def __str__(self) -> str:
        return f"job:{self.job}#{self.name}"


def reference(value: Any) -> Reference | None:
    """What a text refers to; None where it is none.

    >>> reference("job:7#run"), reference("job::7#run"), reference("job: none")
    (Reference(job='7', name='run'), None, None)
    """
    match = _REFERENCE.match(value) if isinstance(value, str) else None
    return None if match is None else Reference(match[1], match[2])


def references(value: Any) -> Iterator[Reference]:
    """All references within a value: itself, or in its lists and dicts.

    >>> [r.name for r in references({"a": ["job:7#run", "x"], "b": "job:8#output"})]
    ['run', 'output']
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from references(part)
    elif (found := reference(value)) is not None:
        yield found


def raw(value: Any) -> Any:
    """A value whose texts are meant as they stand, so that none is taken for a reference.

    >>> raw("job:7#run"), raw("job::7#run"), raw(["job:7#run", 7])
    ('job::7#run', 'job:::7#run', ['job::7#run', 7])
    """
    return _each(value, lambda text: f"job:{text[3:]}" if _RAW.match(text) else text)


def filled(value: Any, found: Callable[[Reference], Any]) -> Any:
    """A value with what its references stand for, and with its other texts as they are meant.

    Parameters
    ----------
    value : object
        Plain JSON.
    found : callable
        From a reference to what it stands for.

    Examples
    --------
    >>> filled(["job:7#rows", "job::7#rows"], lambda reference: 1204)
    [1204, 'job:7#rows']
    """

    def meant(text: str) -> Any:
        named = reference(text)
        if named is not None:
            return found(named)
        return f"job:{text[5:]}" if _RAW.match(text) else text

    return _each(value, meant)


def _each(value: Any, change: Callable[[str], Any]) -> Any:
    """A value with each of its texts changed; names in dicts stay."""
    if isinstance(value, dict):
        return {name: _each(part, change) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_each(part, change) for part in value)
    return change(value) if isinstance(value, str) else value
