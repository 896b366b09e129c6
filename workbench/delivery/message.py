"""A message, and its forms: plain text, JSON for a webhook, and what Slack takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

LONGEST_TITLE = 150
LONGEST_TEXT = 3000  # characters of the details; a message is read, not studied
# What a chat takes for a call to everybody.
CALLS = re.compile(r"(?<=[@!])(?=(?:channel|here|all|everyone|group|subteam)\b)", re.IGNORECASE)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Message:
    """What somebody is told.

    Parameters
    ----------
    key : str
        The same for the same event, and for no other.
    title : str
        One line.
    facts : dict
        Short texts by their names.
    details : str
        Lines, such as the end of an output.
    kind : str
        What it is about, for programs: ``job``, ``incident``, ``test``.
    data : dict
        The same for programs: plain JSON.
    repeated : bool
        Whether it may have been delivered before.
    """

    key: str
    title: str
    facts: dict[str, str] = field(default_factory=dict)
    details: str = ""
    kind: str = "job"
    data: dict[str, Any] = field(default_factory=dict)
    repeated: bool = False

    def subject(self) -> str:
        """The title as one line that any header takes."""
        return one_line(self.title)[:LONGEST_TITLE]

    def text(self) -> str:
        """All of it as plain text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        yield self.subject()
        if self.repeated:
            yield REPEATED
        if self.facts:
            yield ""
            yield from (f"{name}: {one_line(value)}" for name, value in self.facts.items())
        if self.details:
            yield ""
            yield from self.shown_details().splitlines()

    def shown_details(self) -> str:
        """The details, cut to what is read."""
        clean = CONTROLS.sub("", self.details.replace("\r\n", "\n").replace("\r", "\n"))
        return clean if len(clean) <= LONGEST_TEXT else f"…{clean[-LONGEST_TEXT:]}"

    def json(self) -> dict[str, Any]:
        """What a webhook of anybody's gets."""
        return {
            "noun": "message",
            "format_version": 1,
            "key": self.key,
            "kind": self.kind,
            "title": self.subject(),
            "text": self.text(),
            "facts": {name: one_line(value) for name, value in self.facts.items()},
            "details": self.shown_details(),
            "repeated": self.repeated,
            "data": self.data,
        }

    def slack(self) -> dict[str, Any]:
        """What Slack takes, and Mattermost and Rocket.Chat with it: text in which nothing is a link or a call."""
        *head, last = [self.subject(), *([REPEATED] if self.repeated else []), ""]
        facts = [f"{name}: {one_line(value)}" for name, value in self.facts.items()]
        lines = [f"*{_slack(head[0]).replace('*', '∗')}*", *map(_slack, [*head[1:], *facts])]
        if self.details:
            lines.append(f"```\n{_slack(self.shown_details()).replace('```', chr(0x2032) * 3)}\n```{last}")
        return {"text": "\n".join(lines), "mrkdwn": True, "unfurl_links": False, "unfurl_media": False}


REPEATED = "It may have been delivered before."


def one_line(text: str) -> str:
    """A text in one line, without signs that steer a terminal or turn the direction of writing.

    >>> one_line("a\\r\\nBcc: x@example.org")
    'a Bcc: x@example.org'
    """
    return " ".join(CONTROLS.sub(" ", text.replace("\n", " ").replace("\t", " ")).split())


def _slack(text: str) -> str:
    """Text that is not read as markup: signs of HTML escaped, as Slack asks for, and no call to everybody."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return CALLS.sub("\u200b", escaped)
