"""Models by name and version, as the addresses of the inference protocols have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import BadRow
from workbench.scoring.http import Answer, Rejected, Request, answer_error
from workbench.scoring.traffic import Traffic

if TYPE_CHECKING:
    from workbench.scoring.service import Service

MOST_PROBLEMS = 100  # faults that one answer lists
WORDED = 3  # of them in its sentence, for clients that show nothing else


def asked_model(service: Service, request: Request) -> Traffic:
    """Who answers a model's address: without a version whoever answers now, else that version alone.

    Raises
    ------
    Rejected
        404 if no such model, or no such version of it, is loaded.
    """
    parts, traffic = request.notes["parts"], service.traffic
    own = traffic.champion.bundle.name
    if parts["name"] != own:
        raise Rejected(404, f"There is no model of that name. This service has {own!r}.")
    version = parts.get("version")
    if version is None:
        return traffic
    there = {str(one.bundle.version): one for one in traffic.answerers}
    if version not in there:
        raise Rejected(404, f"That version of {own!r} is not loaded. There are: {', '.join(there)}.")
    return traffic.only(there[version])


def alone(request: Request, traffic: Traffic) -> Traffic | None:
    """Who has to answer since a version was named; None: whoever does when the rows are scored."""
    return traffic if request.notes["parts"].get("version") else None


def check_ready(service: Service) -> None:
    """As ``/ready`` says it.

    Raises
    ------
    Rejected
        503 if it can't answer.
    """
    if troubles := service.troubles():
        raise Rejected(503, " ".join(one["message"] for one in troubles))


def told(error: BadRow) -> Answer:
    """A 422 whose sentence names what is wrong, since clients of these protocols show that alone."""
    first = {p["field"]: p for p in reversed(error.problems)}  # a fault of a column is mostly that of all rows
    worded = [f"row {p['row']}, {p['field']!r}: expected {p['expected']}, got {p['got']}" for p in first.values()]
    rest = len(error.problems) - min(len(worded), WORDED)
    shown = "; ".join(worded[::-1][:WORDED]) + (f"; {rest} more" if rest > 0 else "")
    sentence = f"A row breaks the contract ({shown}). Correct it and send it again."
    left = max(0, len(error.problems) - MOST_PROBLEMS)
    return answer_error(Rejected(422, sentence), error.problems[:MOST_PROBLEMS], left)
