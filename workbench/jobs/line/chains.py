"""Chains: a job that starts after others, and is given what came out of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.core.arguments import described
from workbench.core.job import Job, JobState
from workbench.core.references import OUTPUT, Reference, filled, raw, references
from workbench.errors import BadParameter, NotFound, StoreError, nearest, shortened
from workbench.jobs.notebook.notebooks import read
from workbench.jobs.notebook.outcome import results
from workbench.jobs.notebook.parameters import check
from workbench.jobs.records import job, load, seen, tell, update
from workbench.settings import settings


def before(after: Any, parameters: Mapping[str, Any], home: str | Path | None = None) -> tuple[str, ...]:
    """Ids of the jobs that come before one: those that it is said to come after, and those that it is given from.

    Parameters
    ----------
    after : Job, str or an iterable of them
        Jobs or their ids; a batch stands for all its parts.
    parameters : mapping
        As they are given; references in them name jobs.
    home : str or Path, optional
        Folder of everything that Workbench writes.

    Raises
    ------
    NotFound
        If there is no such job.
    BadParameter
        If one of them comes after itself.
    """
    named = [*_ids(after), *(r.job for value in parameters.values() for r in references(value))]
    ids = tuple(dict.fromkeys(named))
    for id in ids:  # noqa: A001 - the record's own word
        _check_circle(job(id, home), home)
    return ids


def _ids(after: Any) -> Iterator[str]:
    if after is None:
        return
    if isinstance(after, str):
        yield after
    elif isinstance(getattr(after, "id", None), str):
        yield from getattr(after, "ids", (after.id,))
    elif isinstance(after, Iterable) and not isinstance(after, (bytes, Mapping)):
        for one in after:
            yield from _ids(one)
    else:
        raise BadParameter(f"'after' takes jobs or their ids, got {described(after)}. Give for example job.id.")


def _check_circle(start: Job, home: str | Path | None) -> None:
    """Only a record that was changed by hand can lead to itself; nobody should wait for it for ever."""
    jobs, known, left = settings(home=home).jobs, set[str](), list(start.after)
    while left:
        id = left.pop()  # noqa: A001 - the record's own word
        if id == start.id:
            raise BadParameter(f"The job {start.id} comes after itself, and never starts. Submit it anew, without it.")
        if id not in known and (jobs / id / "job.json").is_file():
            left += load(jobs / id).after
        known.add(id)


def _found(record: Job, id: str) -> JobState | None:  # noqa: A002 - the record's own word
    folder = record.path.parent / id
    try:
        return seen(load(folder)).state
    except NotFound:
        return None
    except StoreError:
        return JobState.DAMAGED


def resolved(record: Job) -> Job:
    """The job with what its references stand for, checked by the notebook's parameters and written into its record.

    Raises
    ------
    BadParameter
        If a job that it refers to has not ended well or does not show such a result, or the value is none that the
        notebook takes. The message names the reference.
    """
    refers = {name: list(references(value)) for name, value in record.parameters.items()}
    if not any(refers.values()):
        return record
    values = {name: filled(value, lambda r: _value(record, r)) for name, value in record.parameters.items()}
    content = read(record.path / "input.ipynb")
    checked: dict[str, Any] = {}
    for name, value in values.items():
        checked |= _checked(record, content, name, value, refers[name])
    tell(
        record.path, "results_taken", **{name: str(record.parameters[name]) for name, found in refers.items() if found}
    )
    return update(record.path, parameters=raw(checked))


def meant(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a notebook gets of a record's parameters, whose references are resolved: texts as they are meant."""
    return {name: filled(value, str) for name, value in parameters.items()}


def _checked(record: Job, content: dict[str, Any], name: str, value: Any, came: list[Reference]) -> dict[str, Any]:
    try:
        return check(Path(record.name), {name: value}, content, record.kernel.get("language"), whole=False)
    except BadParameter as error:
        raise BadParameter(f"{error} It came from {', '.join(map(str, came))}.") if came else error from error


def _value(record: Job, asked: Reference) -> Any:
    before = record.path.parent / asked.job
    state = _found(record, asked.job)
    if state is not JobState.COMPLETED:
        why = "was deleted" if state is None else f"is {state.value}"
        raise BadParameter(f"{asked} can't be had: the job {asked.job} {why}. Submit it anew, and this one after it.")
    output = load(before).output
    if asked.name == OUTPUT:
        return str(output)
    try:
        shown = results(output)
    except StoreError as error:
        raise BadParameter(f"{asked} can't be had: {error}") from error
    if asked.name not in shown:
        there = [OUTPUT, *shown]
        raise BadParameter(
            f"The job {asked.job} shows no {asked.name!r}. {nearest(asked.name, there)}It has: {shortened(there)}. "
            "Show it in that notebook by wb.give."
        )
    return shown[asked.name]
