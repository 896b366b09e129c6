"""What the panel may ask of jobs: start, list, follow, stop, resume, run again, compare, delete."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.codegen.cells import CodeCell
from workbench.codegen.job_notebook import problems
from workbench.core.job import Job, JobState
from workbench.core.job_options import JobOptions
from workbench.core.parameters import problems_of, schema_of
from workbench.errors import BadParameter
from workbench.jobs.listing import Page, delete, page
from workbench.jobs.notebook.notebooks import find, read
from workbench.jobs.notebook.parameters import declared_in, form, from_form, misfits, tags_of
from workbench.jobs.records import job
from workbench.jobs.reproduce import begin
from workbench.jobs.resume import resume
from workbench.jobs.stopping import stop
from workbench.jobs.submit import submit
from workbench.server.events import SCHEMA, gone, last_line, progress
from workbench.server.handling import Handler, Misfit, answers
from workbench.server.outputs import lay_out

LIMIT, MOST = 50, 500
TAIL, LONGEST_LOG = 200, 65_536
OPTION = "options."  # before the name of an option among the fields that don't fit


class JobHandler(Handler):
    """What the routes of jobs share."""

    async def started(self, notebook: Path, **more: Any) -> dict[str, Any]:
        """Start ``{parameters, options}`` as a job of a notebook, if they fit."""
        await self.require("execute", "kernels")
        parameters, options = self.asked("parameters", dict, {}), self.asked("options", dict, {})
        values = await asyncio.to_thread(fitting, notebook, parameters, options)
        job = await asyncio.to_thread(submit, notebook, values, wait=False, show=False, **more, **options)
        return shown(job)


def fitting(notebook: Path, parameters: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as :func:`workbench.submit` takes them.

    Raises
    ------
    Misfit
        If values don't fit, with a sentence for each.
    """
    values = from_form(notebook, parameters)
    wrong = misfits(find(notebook), values)
    wrong |= {f"{OPTION}{name}": told for name, told in problems_of(JobOptions, options).items()}
    if wrong:
        raise Misfit(wrong)
    return values


class Jobs(JobHandler):
    """All jobs."""

    @answers
    async def get(self) -> dict[str, Any]:
        """A page of them, the newest first: ``?limit=&before=&state=&text=``."""
        asked = {
            "states": self.get_query_arguments("state"),
            "text": self.get_query_argument("text", ""),
            "before": self.get_query_argument("before", None),
            "limit": _whole(self, "limit", LIMIT, MOST),
        }
        return await asyncio.to_thread(lambda: _page(page(**asked)))

    @answers
    async def post(self) -> dict[str, Any]:
        """Start ``{notebook, parameters, options}`` as a job, in the notebook's folder."""
        notebook = await self.file(self.asked("notebook", str))
        return await self.started(notebook, folder=notebook.parent)


def _whole(handler: Handler, name: str, usual: int, most: int) -> int:
    text = handler.get_query_argument(name, str(usual))
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise BadParameter(f"{name!r} is a whole number from 1 to {most}, got {text[:20]!r}. Change it.")
    return int(text)


def _page(found: Page) -> dict[str, Any]:
    """Jobs, where the next page begins, and how many there are in each state."""
    return {"jobs": [*map(shown, found.jobs)], "next": found.following, "counts": found.counts}


def shown(record: Job) -> dict[str, Any]:
    """A job's record, where it stands, and what can be done with it."""
    failed = record.state in (JobState.FAILED, JobState.PARKED)
    line = last_line(record.path) if failed else ""
    return {**record.to_dict(), **progress(record, line), "output": str(record.output)}


class Form(JobHandler):
    """The form that starts a notebook as a job."""

    @answers
    async def get(self) -> dict[str, Any]:
        """Parameters and options of ``?notebook=``, and what would go wrong where nobody looks on."""
        return await asyncio.to_thread(asked_for, await self.file(self.get_query_argument("notebook")))


class FormAgain(JobHandler):
    """The form that runs a job again, with what it ran with filled in."""

    @answers
    async def get(self, name: str) -> dict[str, Any]:
        """Parameters and options of the notebook as it is now, and the job's values."""
        record = await asyncio.to_thread(job, name)
        made = await asyncio.to_thread(asked_for, Path(record.notebook))
        texts = {n for n, of in made["schema"]["properties"].items() if of.get("type") == "string"}
        values = {n: _line(v) if n in texts else v for n, v in record.parameters.items()}
        return {**made, "values": values, "chosen": record.options.asked()}


def _line(value: Any) -> Any:
    """A value in a field of text: of an object its JSON, as the form's default has it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def asked_for(notebook: Path) -> dict[str, Any]:
    """What a form for a job of a notebook needs.

    Raises
    ------
    NotFound
        If there is no such notebook.
    """
    path = find(notebook)
    content = read(path)
    known = declared_in(content, path.name)
    return {
        "name": path.name,
        "schema": form(known or {}),
        "options": schema_of(JobOptions),
        "values": {},
        "chosen": {},
        "problems": [] if known is None else list(problems(code_cells(content))),
    }


def code_cells(content: Mapping[str, Any]) -> list[CodeCell]:
    """The code cells of a notebook's file, as far as a look at their text needs them."""
    code = [cell for cell in content["cells"] if cell.get("cell_type") == "code"]
    return [
        CodeCell(str(at), "".join(cell["source"]), tags=tuple(map(str, tags_of(cell)))) for at, cell in enumerate(code)
    ]


class OneJob(JobHandler):
    """One job."""

    @answers
    async def get(self, name: str) -> dict[str, Any]:
        """Where it stands."""
        return shown(await asyncio.to_thread(job, name))

    @answers
    async def delete(self, name: str) -> dict[str, Any]:
        """Stop it; the record stays."""
        return shown(await asyncio.to_thread(stop, name))


class Record(JobHandler):
    """What is kept of a job."""

    @answers
    async def delete(self, name: str) -> dict[str, Any]:
        """Delete it, with its output and log."""
        await asyncio.to_thread(delete, name)
        self.event_logger.emit(schema_id=SCHEMA["$id"], data=gone(name))
        return {}


class Log(JobHandler):
    """What a job and its kernel wrote beside the cells' outputs."""

    @answers
    async def get(self, name: str) -> dict[str, str]:
        """The last lines, ``?tail=`` of them."""
        record = await asyncio.to_thread(job, name)
        return {"text": await asyncio.to_thread(tail, record.path / "log", _whole(self, "tail", TAIL, 10_000))}


def tail(log: Path, lines: int) -> str:
    """The last lines of a file, of at most :data:`LONGEST_LOG` bytes; nothing where there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - LONGEST_LOG, 0))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class Output(JobHandler):
    """The notebook that a job has executed."""

    @answers
    async def post(self, name: str) -> dict[str, str]:
        """Lay a copy beside the job's notebook, where the file browser shows it, and tell its path."""
        await self.require("write", "contents")
        return {"path": await asyncio.to_thread(lay_out, self.root, await asyncio.to_thread(job, name))}


class Again(JobHandler):
    """The same notebook once more."""

    @answers
    async def post(self, name: str) -> dict[str, Any]:
        """Start the job's notebook as it is now, with ``{parameters, options}``, where it ran."""
        record = await asyncio.to_thread(job, name)
        folder = Path(record.folder)
        return await self.started(find(record.notebook), folder=folder if record.folder and folder.is_dir() else None)


class Resume(JobHandler):
    """A job that failed goes on at the cell that failed."""

    @answers
    async def post(self, name: str) -> dict[str, Any]:
        """Go on, with the notebook as it is now."""
        await self.require("execute", "kernels")
        return shown(await asyncio.to_thread(resume, name, wait=False, show=False))


class Reproduce(JobHandler):
    """A job once more, as it was, to see whether the same comes out."""

    @answers
    async def post(self, name: str) -> dict[str, Any]:
        """Start it with its notebook, parameters, kernel and folder as they were."""
        await self.require("execute", "kernels")
        return shown(await asyncio.to_thread(begin, name))


class Compare(JobHandler):
    """Two jobs side by side."""

    @answers
    async def get(self) -> dict[str, Any]:
        """Whether ``?a=&b=`` are identical, in a line, and the page of what differs."""
        from workbench.jobs.comparison.comparing import (
            compare,  # it draws, and what draws is loaded when somebody looks
        )

        def compared(a: str, b: str) -> dict[str, Any]:
            found = compare(a, b)
            return {"identical": found.identical, "headline": found.headline(), "html": found.page()}

        return await asyncio.to_thread(compared, *map(self.get_query_argument, ("a", "b")))


ROUTES: list[tuple[str, type[Handler]]] = [
    ("jobs", Jobs),
    ("jobs/form", Form),
    ("jobs/compare", Compare),
    (r"jobs/([^/]+)", OneJob),
    (r"jobs/([^/]+)/form", FormAgain),
    (r"jobs/([^/]+)/record", Record),
    (r"jobs/([^/]+)/log", Log),
    (r"jobs/([^/]+)/output", Output),
    (r"jobs/([^/]+)/again", Again),
    (r"jobs/([^/]+)/resume", Resume),
    (r"jobs/([^/]+)/reproduce", Reproduce),
]
