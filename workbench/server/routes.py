"""What the panel may ask: the steps, the source of a cell, the columns of a table, and the jobs."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

import workbench
from workbench.codegen import read, render
from workbench.codegen.job_notebook import convert
from workbench.core.parameters import STEPS, problems, schema
from workbench.jobs.notebook.parameters import declared, form
from workbench.server import jobs, schedules
from workbench.server.columns import columns
from workbench.server.handling import Handler, Misfit, answers
from workbench.server.notebooks import read_notebook, shown, written


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


ROUTES: list[tuple[str, type[Handler]]] = [
    ("version", Version),
    ("steps", Steps),
    ("cell", Cell),
    ("parse", Parse),
    ("notebook", Notebook),
    ("job-notebook", JobNotebook),
    ("columns", Columns),
    *jobs.ROUTES,
    *schedules.ROUTES,
]
