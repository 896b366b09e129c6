"""What the panel may ask about schedules: those there are, the moments that an expression means, and changes."""

from __future__ import annotations

import asyncio
from typing import Any

from workbench.core.cron import explained, expression_of, next_times, zone_of
from workbench.core.job_options import JobOptions
from workbench.core.parameters import problems_of
from workbench.core.schedule import Schedule
from workbench.errors import BadParameter
from workbench.jobs.notebook.parameters import from_form
from workbench.jobs.schedules import add, pause, remove, resume, schedule, schedules
from workbench.server.handling import Handler, Misfit, answers

MOST = 100  # moments of one answer


class Schedules(Handler):
    """All schedules."""

    @answers
    async def get(self) -> list[dict[str, Any]]:
        """List them by name; one whose file can't be read says so in ``error``."""
        return [record(one) for one in await asyncio.to_thread(schedules)]

    @answers
    async def post(self) -> dict[str, Any]:
        """Make one of ``{name, notebook, cron, parameters, options, zone, missed, overlap}``."""
        await self.require("execute", "kernels")
        notebook = await self.file(self.asked("notebook", str))
        options = self.asked("options", dict, {})
        misfits = problems_of(JobOptions, options)
        if misfits:
            raise Misfit(misfits)
        values = await asyncio.to_thread(from_form, notebook, self.asked("parameters", dict, {}))
        body = self.get_json_body()
        more = {name: body[name] for name in ("zone", "missed", "overlap") if body.get(name) is not None}
        name, cron = self.asked("name", str), self.asked("cron", str)
        made = await asyncio.to_thread(add, name, notebook, cron, values, folder=notebook.parent, **more, **options)
        return record(made)


class OneSchedule(Handler):
    """One schedule."""

    @answers
    async def get(self, name: str) -> dict[str, Any]:
        """How it stands."""
        return record(await asyncio.to_thread(schedule, name))

    @answers
    async def patch(self, name: str) -> dict[str, Any]:
        """Pause or resume it: ``{paused}``."""
        await self.require("execute", "kernels")
        change = pause if self.asked("paused", bool) else resume
        return record(await asyncio.to_thread(change, name))

    @answers
    async def delete(self, name: str) -> dict[str, str]:
        """Remove it; its jobs stay."""
        await asyncio.to_thread(remove, name)
        return {"name": name}


class Moments(Handler):
    """The moments that an expression means, before there is a schedule."""

    @answers
    async def post(self) -> dict[str, Any]:
        """Tell the next moments of ``{cron, zone, n}``, and the expression in words."""
        zone, n = self.get_json_body().get("zone"), self.asked("n", int, 5)
        if not 1 <= n <= MOST:
            raise BadParameter(f"'n' is a number of moments from 1 to {MOST}, got {n}. Change it.")
        cron = expression_of(self.asked("cron", str))
        where = await asyncio.to_thread(zone_of, zone)
        found = await asyncio.to_thread(next_times, cron, where, n)
        return {"cron": cron, "zone": where, "words": explained(cron), "next": [m.isoformat() for m in found]}


def record(one: Schedule) -> dict[str, Any]:
    """A schedule as the panel has it: with its next moments, and what is wrong with its file."""
    coming = [moment.isoformat() for moment in one.next_times()]
    return {**one.to_dict(), "next": coming, "words": explained(one.cron) if one.cron else "", "error": one.error}


ROUTES: list[tuple[str, type[Handler]]] = [
    ("schedules", Schedules),
    ("schedules/moments", Moments),
    (r"schedules/([^/]+)", OneSchedule),
]
