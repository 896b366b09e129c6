"""What the panel may ask: the steps, the source of a cell, the columns of a table, and the jobs."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError, authenticated

import workbench
from workbench.codegen import read, render
from workbench.codegen.job_notebook import convert
from workbench.core.job import Job
from workbench.core.parameters import STEPS, problems, schema
from workbench.errors import BadParameter, InputError, NotFound
from workbench.jobs.parameters import declared, form, from_form
from workbench.jobs.records import job, jobs
from workbench.jobs.stopping import stop
from workbench.jobs.submit import submit
from workbench.server.columns import columns
from workbench.server.events import follow
from workbench.server.notebooks import read_notebook, shown, written
from workbench.server.outputs import lay_out
from workbench.storage.files import inside

Answer = Callable[..., Awaitable[Any]]
_FOLLOWING: set[asyncio.Task[None]] = set()
Kind = TypeVar("Kind")


def answers(method: Answer) -> Answer:
    """Only for who is signed in and allowed; the result becomes JSON, a user's error a 4xx that says what to do."""

    @functools.wraps(method)
    async def answer(self: Any, *arguments: str) -> None:
        try:
            self.finish({"data": await method(self, *arguments)})
        except NotFound as error:
            self.refuse(404, error)
        except InputError as error:
            self.refuse(400, error)

    return authenticated(authorized(answer))


class Misfit(BadParameter):
    """Values of a form that don't fit, each with its own sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class Handler(APIHandler):
    """What all routes share."""

    auth_resource = "workbench"

    @property
    def root(self) -> Path:
        """The folder that the server shows."""
        return Path(self.settings["server_root_dir"]).expanduser()

    async def file(self, path: str) -> Path:
        """A file parameter as a path that lies in the root, and that the file browser would show."""
        if "\0" in path or "\\" in path or path.startswith("/"):
            raise BadParameter(f"{path!r} is no path from the server's folder. Give one like 'folder/table.csv'.")
        place = inside(self.root, path)
        contents = self.contents_manager
        if not contents.allow_hidden and await ensure_async(contents.is_hidden(path)):
            raise BadParameter(f"{path!r} is hidden. Move it to a folder that the file browser shows.")
        return place

    async def require(self, action: str, resource: str) -> None:
        """Refuse who may not do this; for what reaches further than the panel's own resource."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, resource)):
            raise HTTPError(403, f"You may not {action} {resource} on this server.")

    def refuse(self, status: int, error: Exception) -> None:
        """Answer with the message of a user's error, and with those of single fields."""
        self.set_status(status)
        fields = error.fields if isinstance(error, Misfit) else {}
        self.finish({"message": str(error), "kind": type(error).__name__, "fields": fields})

    def asked(self, name: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """A field of the JSON that was sent, in the type it must have."""
        body = self.get_json_body()
        value = body.get(name, default) if isinstance(body, dict) else None
        if not isinstance(value, kind):
            got = type(value).__name__
            raise BadParameter(f"{name!r} must be {kind.__name__}, got {got}. Send it in a JSON object.")
        return value


class Version(Handler):
    """Which Workbench answers, so that a panel of another version can say so."""

    @answers
    async def get(self) -> dict[str, str]:
        """Tell it."""
        return {"version": workbench.__version__}


class Steps(Handler):
    """The steps of the journey, in order, each with the JSON Schema of its form."""

    @answers
    async def get(self) -> list[dict[str, Any]]:
        """List them."""
        return [_step(verb) for verb in STEPS]


def _step(verb: str) -> dict[str, Any]:
    step = STEPS[verb]
    told = {name: getattr(step, name) for name in ("verb", "title", "takes", "gives", "optional")}
    return {**told, "schema": schema(verb)}


class Cell(Handler):
    """From a step and its values to a cell."""

    @answers
    async def post(self) -> dict[str, Any]:
        """Render ``{step, values, code, first}``; with the notebook's ``cells`` also say where it belongs."""
        step, values, code = self.asked("step", str), self.asked("values", dict, {}), self.asked("code", dict, {})
        misfits = problems(step, values, tuple(code))
        if misfits:
            raise Misfit(misfits)
        body = self.get_json_body()
        if "cells" in body:
            return written(read_notebook(body), step, values, code)
        return {"source": render(step, values, first=self.asked("first", bool, False), code=code)}


class Parse(Handler):
    """From a cell to a step and its values."""

    @answers
    async def post(self) -> dict[str, Any]:
        """Parse ``{source}``; ``step`` is null where the cell was edited by hand."""
        reading = read(self.asked("source", str))
        if reading is None:
            return {"step": None, "values": {}, "code": {}}
        return {"step": reading.verb, "values": reading.values, "code": reading.code}


class Notebook(Handler):
    """Where each step stands in a notebook, and what is sensible next."""

    @answers
    async def post(self) -> dict[str, Any]:
        """Read ``{cells, active, alive}``: the code cells, the one in use, and the names that the kernel holds."""
        self.asked("cells", list)
        body = self.get_json_body()
        # The first look at a long notebook takes its time, and others ask too.
        return await asyncio.to_thread(lambda: shown(read_notebook(body)))


class JobNotebook(Handler):
    """What makes a job of a notebook."""

    @answers
    async def post(self) -> dict[str, Any]:
        """Convert ``{cells, parameters, lift}``; ``parameters`` is the cell that is tagged so already, or null."""
        self.asked("cells", list)
        body = self.get_json_body()
        tagged = body.get("parameters")
        converted = convert(
            read_notebook(body).cells, tagged if isinstance(tagged, str) else None, self.asked("lift", bool, True)
        )
        return {**asdict(converted), "schema": form(declared(converted.source, "the notebook"))}


class Columns(Handler):
    """The columns of a table in the server's folder."""

    @answers
    async def get(self) -> list[str]:
        """List the columns of ``?path=``."""
        path = self.get_query_argument("path")
        await self.file(path)
        return await asyncio.to_thread(columns, self.root, path)


class Jobs(Handler):
    """All jobs."""

    @answers
    async def get(self) -> list[dict[str, Any]]:
        """List them, the newest first."""
        return [job_record(j) for j in await asyncio.to_thread(jobs)]

    @answers
    async def post(self) -> dict[str, Any]:
        """Start ``{notebook, parameters}`` as a job, in the notebook's folder."""
        await self.require("execute", "kernels")
        notebook = await self.file(self.asked("notebook", str))
        parameters = self.asked("parameters", dict, {})
        values = await asyncio.to_thread(from_form, notebook, parameters)
        started = await asyncio.to_thread(submit, notebook, values, wait=False, folder=notebook.parent)
        task = asyncio.create_task(follow(self.event_logger, started.id))
        _FOLLOWING.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(_FOLLOWING.discard)
        return job_record(started)


class Output(Handler):
    """The notebook that a job has executed."""

    @answers
    async def post(self, name: str) -> dict[str, str]:
        """Lay a copy beside the job's notebook, where the file browser shows it, and tell its path."""
        await self.require("write", "contents")
        return {"path": await asyncio.to_thread(lay_out, self.root, await asyncio.to_thread(job, name))}


class OneJob(Handler):
    """One job."""

    @answers
    async def get(self, name: str) -> dict[str, Any]:
        """Where it stands."""
        return job_record(await asyncio.to_thread(job, name))

    @answers
    async def delete(self, name: str) -> dict[str, Any]:
        """Stop it; the record stays."""
        return job_record(await asyncio.to_thread(stop, name))


def job_record(record: Job) -> dict[str, Any]:
    """A job's record, its place in the line, and where its output lies."""
    return {**record.to_dict(), "place": record.place, "output": str(record.output)}


ROUTES: list[tuple[str, type[Handler]]] = [
    ("version", Version),
    ("steps", Steps),
    ("cell", Cell),
    ("parse", Parse),
    ("notebook", Notebook),
    ("job-notebook", JobNotebook),
    ("columns", Columns),
    ("jobs", Jobs),
    (r"jobs/([^/]+)", OneJob),
    (r"jobs/([^/]+)/output", Output),
]
