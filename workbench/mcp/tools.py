"""What an agent may call: the steps of the journey, what there is to look at, and acts on a model.

A tool's arguments are the parameters that a form has, so a form, a cell, a job and a tool never differ. Each tool has
the role that it needs: *look* reads, *author* writes cells and runs them, *approve* changes which version answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.codegen.cells import sentence
from workbench.core.literals import call
from workbench.core.parameters import STEPS, schema
from workbench.errors import BadParameter
from workbench.mcp.notebook import GuidedNotebook, Taken, Tell
from workbench.storage.files import inside

ROLES = ("look", "author", "approve")
TABLES = (".csv", ".tsv", ".txt", ".data", ".parquet", ".feather", ".json", ".jsonl", ".xlsx", ".xls", ".ods", ".sav",
          ".dta", ".sqlite", ".db", ".duckdb")  # fmt: skip
MOST_FILES = 200


@dataclass(frozen=True)
class Answered:
    """What a tool gives.

    Parameters
    ----------
    text : str
        For whoever reads.
    content : dict
        The same as JSON.
    failed : bool
        Whether it ended in an error.
    """

    text: str
    content: dict[str, Any] = field(default_factory=dict)
    failed: bool = False


Run = Callable[["Workplace", dict[str, Any], Tell | None], Awaitable[Answered]]


@dataclass(frozen=True)
class Tool:
    """One tool.

    Parameters
    ----------
    name, title, description : str
        As an agent reads them.
    role : {"look", "author", "approve"}
        That it needs.
    schema : dict
        JSON Schema of its arguments.
    run : callable
        What it does.
    destroys : bool
        Whether it takes something away.
    """

    name: str
    title: str
    description: str
    role: str
    schema: dict[str, Any]
    run: Run
    destroys: bool = False

    def allowed(self, role: str) -> bool:
        """Whether somebody of a role may call it.

        >>> TOOLS["train"].allowed("look"), TOOLS["train"].allowed("approve")
        (False, True)
        """
        return ROLES.index(role) >= ROLES.index(self.role)


@dataclass(frozen=True)
class Workplace:
    """Where an agent works.

    Parameters
    ----------
    root : path
        The folder; no table outside of it is read.
    notebook : GuidedNotebook
        In which its steps are written.
    """

    root: Path
    notebook: GuidedNotebook

    @classmethod
    def of(cls, root: str | Path, notebook: str, kernel: str = "python3") -> Workplace:
        """A folder and a notebook in it.

        Raises
        ------
        BadParameter
            If the notebook would lie elsewhere, or is none.
        """
        place = inside(Path(root).absolute(), notebook)
        if place.suffix != ".ipynb":
            raise BadParameter(f"A notebook ends in .ipynb, got {notebook!r}. Name it so.")
        return cls(Path(root).absolute(), GuidedNotebook(place, kernel))

    def table(self, path: str) -> str:
        """A path of a table as the notebook reads it: relative to the folder, and inside of it."""
        if "://" in path:
            raise BadParameter("An agent reads tables of its folder, no addresses. Put the table there.")
        name = inside(self.root, path).relative_to(self.root.resolve()).as_posix()
        below = self.notebook.path.parent.resolve().relative_to(self.root.resolve())
        return "/".join([".."] * len(below.parts) + [name])


async def _step(verb: str, place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    properties = schema(verb)["properties"]
    paths = {n: place.table(v) for n, v in values.items() if isinstance(v, str) and "x-table" in properties.get(n, ())}
    return _told(await place.notebook.take(verb, {**values, **paths}, tell=tell), place)


def _told(taken: Taken, place: Workplace) -> Answered:
    content: dict[str, Any] = {"cell": taken.source, "result": taken.record, "notebook": place.notebook.path.name}
    if taken.ran:
        content["ran_before"] = list(taken.ran)
    if taken.findings:
        content["findings"] = list(taken.findings)
    return Answered("\n".join([taken.text or "Done.", *map(_sentence, taken.findings)]), content, taken.failed)


def _sentence(finding: dict[str, Any]) -> str:
    about = f"{finding['column']} " if finding.get("column") else ""
    cure = f" Cure (call accept): {finding['cure']}" if finding.get("cure") else ""
    return f"{finding['severity']} {finding['code']}: {about}{finding['message']}{cure}"


async def _act(verb: str, place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    known = ACTS[verb][1]
    unknown = [name for name in values if name not in known["properties"]]
    missing = [name for name in known["required"] if name not in values]
    if unknown or missing:
        raise BadParameter(f"{verb} takes {', '.join(known['properties'])}; got {sorted(values)}. Call it with these.")
    told = _told(await place.notebook.act(call(f"wb.{verb}", **values), tell), place)
    return told if told.failed else replace(told, text=f"{values['name']} version {told.text} is champion.")


async def _accept(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    told = [(verb, one) for verb, some in place.notebook.findings.items() for one in some if one.get("cure")]
    asked = (values.get("code"), values.get("column"))
    found = [(verb, one) for verb, one in told if (one["code"], one.get("column")) == asked]
    if not found:
        known = ", ".join(f"{one['code']} of {one.get('column')}" for _, one in told) or "none"
        raise BadParameter(f"No finding of the last steps with this code and column has a cure; those are: {known}.")
    verb, finding = found[0]
    return _told(await place.notebook.act(finding["cure"], tell, after=verb), place)


async def _status(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    from workbench.server.notebooks import shown

    told = shown(place.notebook.journey())
    lines = [": ".join(filter(None, (one["verb"], one["state"], one["headline"]))) for one in told["steps"]]
    if told["next"]:
        lines.append(f"Next: {sentence(told['next']['reason'])}.")
    return Answered("\n".join(lines), told)


async def _tables(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    found = await asyncio.to_thread(lambda: list(_files(place.root)))
    text = "\n".join(f"{one['path']} ({one['bytes']:,} bytes)" for one in found) or "There is no table in the folder."
    return Answered(text, {"tables": found})


def _files(root: Path) -> list[dict[str, Any]]:
    """Tables in the folder and the folders of it, none that is hidden."""
    found = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.suffix.lower() in TABLES and not any(p.startswith(".") for p in parts) and path.is_file():
            found.append({"path": "/".join(parts), "bytes": path.stat().st_size})
        if len(found) == MOST_FILES:
            break
    return found


async def _models(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    found = await asyncio.to_thread(_known)
    text = "\n".join(f"{m['name']}: {m['says']}" for m in found) or "No model is packaged. Take the step package first."
    return Answered(text, {"models": found})


def _known() -> list[dict[str, Any]]:
    from workbench.apps.stored import models

    return [
        {
            "name": one.name,
            "says": one.problem or (f"version {one.summary.version}, {one.summary.status}" if one.summary else ""),
            "version": one.summary.version if one.summary else None,
            "status": one.summary.status if one.summary else None,
            "open_incidents": [incident.cause for incident in one.incidents],
        }
        for one in models()
    ]


async def _report(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    if not isinstance(name := values.get("name"), str):
        raise BadParameter("report takes 'name', the name of a model. Call it with one that the tool models lists.")
    report = await asyncio.to_thread(_latest, name)
    return Answered(str(report), {"report": report.record()})


def _latest(name: str) -> Any:
    from workbench.apps.stored import stored

    found = stored(name)
    if found.report is None:
        raise BadParameter(found.problem)
    return found.report


def _jobs_told() -> list[dict[str, Any]]:
    from workbench.jobs.records import jobs

    return [{"id": j.id, "state": j.state.value, "notebook": Path(j.notebook).name} for j in jobs()[:50]]


async def _jobs(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
    found = await asyncio.to_thread(_jobs_told)
    text = "\n".join(f"{j['id']}: {j['state']}" for j in found) or "There is no job."
    return Answered(text, {"jobs": found})


_NAME = {"type": "string", "minLength": 1, "description": "Name of the bundle."}
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
_REASON = {"type": "string", "minLength": 1, "description": "Why; it goes to the audit log."}
_CODE = {"type": "string", "description": "Of the finding, such as WB107."}
_COLUMN = {"type": ["string", "null"], "default": None, "description": "That the finding is about."}
_ACCEPT = "Write the code that deals with a finding into the notebook and run it; then take the later steps anew."
_VERSION = {"type": "integer", "minimum": 1, "description": "That answers from now on."}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


# Acts on a model: what they do, and what they take.
ACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "promote": (
        "Make a version of a model the champion: it answers from now on.",
        _object(("name", "version", "reason"), name=_NAME, version=_VERSION, reason=_REASON),
    ),
    "rollback": (
        "Let the champion before answer again.",
        _object(("name", "reason"), name=_NAME, reason=_REASON),
    ),
}


def _bound(function: Callable[..., Awaitable[Answered]], verb: str) -> Run:
    async def run(place: Workplace, values: dict[str, Any], tell: Tell | None) -> Answered:
        return await function(verb, place, values, tell)

    return run


def _described(verb: str) -> str:
    step = STEPS[verb]
    first = (step.__doc__ or "").splitlines()[0]
    needs = f" It starts from the result of an earlier step, {step.takes!r}." if step.takes else ""
    return f"{first}{needs} Writes a cell of plain Python into the notebook and runs it."


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("status", "Where it stands", "The state of each step in the notebook, and what is sensible next.", "look",
             _NOTHING, _status),
        Tool("tables", "Tables", "The tables in the folder.", "look", _NOTHING, _tables),
        Tool("models", "Models", "The models that are packaged or watched, with what is wrong.", "look", _NOTHING,
             _models),
        Tool("report", "Report", "The latest monitoring report of a model.", "look", _object(("name",), name=_NAME),
             _report),
        Tool("jobs", "Jobs", "The jobs, the latest first.", "look", _NOTHING, _jobs),
        *(Tool(verb, step.title, _described(verb), "author", schema(verb), _bound(_step, verb))
          for verb, step in STEPS.items()),
        Tool("accept", "Accept a cure", _ACCEPT, "author", _object(("code",), code=_CODE, column=_COLUMN), _accept),
        *(Tool(verb, verb.capitalize(), told, "approve", takes, _bound(_act, verb), destroys=True)
          for verb, (told, takes) in ACTS.items()),
    )
}  # fmt: skip
