"""The form by which an incident is acknowledged, snoozed, closed or noted: the names of its fields, in one place.

Each is a plain ``<form method="post" action="incidents">``. Who answers it reads the fields by these names, and leads
back to ``model.ipynb?`` and what ``BACK`` holds.
"""

from __future__ import annotations

from workbench.core.incident import Done

NAME, INCIDENT, ACT, BY, NOTE, UNTIL, BACK = "name", "incident", "act", "by", "note", "until", "back"
FIELDS = (NAME, INCIDENT, ACT, BY, NOTE, UNTIL, BACK)
ACTION = "incidents"
ACTS: tuple[Done, ...] = ("acknowledge", "note", "snooze", "close", "reopen")
