"""The forms by which people act on a page: the names of their fields, in one place.

An incident is acknowledged, snoozed, closed or noted by a plain ``<form method="post" action="incidents">``; what a
watch asks is answered by one with ``action="watch"``. Who takes them reads the fields by these names, and leads back to
``model.ipynb?`` and what ``BACK`` holds.
"""

from __future__ import annotations

from workbench.core.incident import Done

NAME, INCIDENT, ACT, BY, NOTE, UNTIL, BACK = "name", "incident", "act", "by", "note", "until", "back"
FIELDS = (NAME, INCIDENT, ACT, BY, NOTE, UNTIL, BACK)
ACTION = "incidents"
ACTS: tuple[Done, ...] = ("acknowledge", "note", "snooze", "close", "reopen")
ANSWER = "watch"
ANSWERS = ("approve", "refuse")
