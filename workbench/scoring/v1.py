"""TensorFlow Serving's REST, which KServe calls V1: ``instances`` by row or ``inputs`` by column.

Answers have several named outputs, so a prediction is an object; ``signature_name`` with the name of one of them gives
that alone, as a model with one output does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import BadRow
from workbench.scoring.bodies import LONGEST, Rows, read_json, rows_of_mlflow
from workbench.scoring.http import JSON, Answer, Rejected, Request, answer_json
from workbench.scoring.models import alone, asked_model, told
from workbench.scoring.queries import reasons_asked
from workbench.scoring.routes import EVERY, OUTPUTS, SIGNATURES

if TYPE_CHECKING:
    from workbench.scoring.service import Service

FORMS = ("instances", "inputs")
MORE = ("low", "high", "set", "arm")  # that some models have


async def models(service: Service, request: Request) -> Answer:
    """The names of what is here."""
    return answer_json({"models": [service.scorer.bundle.name]})


async def status(service: Service, request: Request) -> Answer:
    """Whether a model can answer, in the words of TensorFlow Serving and of KServe."""
    traffic = asked_model(service, request)
    one = "version" in request.notes["parts"]
    there = [traffic.champion] if one else traffic.answerers
    fine = {"error_code": "OK", "error_message": ""}
    states = [{"version": str(s.bundle.version), "state": "AVAILABLE", "status": fine} for s in there]
    return answer_json({"model_version_status": states, "name": traffic.champion.bundle.name, "ready": True})


async def predict(service: Service, request: Request) -> Answer:
    """Score rows."""
    traffic = asked_model(service, request)
    if request.content_type != JSON:
        raise Rejected(415, f"Send the body with the Content-Type {JSON}.")
    reasons = reasons_asked(request, usual=0)
    content, features = await request.body(), traffic.champion.features
    form, signature, rows = await service.read(content, lambda: _asked(read_json(content), features))
    try:
        answers = await service.scored(request, rows, reasons, alone(request, traffic))
    except BadRow as error:
        return told(error)
    names = [*OUTPUTS, *(n for n in MORE if n in answers[0]), *(("reasons",) if reasons else ())]
    return answer_json(
        _by_row(answers, names, signature) if form == "instances" else _by_column(answers, names, signature)
    )


def _asked(body: Any, features: Sequence[str]) -> tuple[str, str, Rows]:
    """The form, the signature and the rows."""
    forms = [form for form in FORMS if isinstance(body, dict) and form in body]
    if len(forms) != 1:
        raise Rejected(400, "Send an object with instances, a list of rows, or with inputs, columns by name.")
    signature = body.get("signature_name")
    signature = "" if signature is None else signature
    if signature not in SIGNATURES:
        expected = ", ".join(SIGNATURES[1:])
        raise Rejected(400, f"There is no signature {str(signature)[:LONGEST]!r}. Leave it out, or say {expected}.")
    return forms[0], "" if signature in EVERY else signature, rows_of_mlflow({forms[0]: body[forms[0]]}, features)


def _by_row(answers: Sequence[Mapping[str, Any]], names: Sequence[str], signature: str) -> dict[str, Any]:
    if signature:
        return {"predictions": [answer[signature] for answer in answers]}
    return {"predictions": [{name: answer.get(name) for name in names} for answer in answers]}


def _by_column(answers: Sequence[Mapping[str, Any]], names: Sequence[str], signature: str) -> dict[str, Any]:
    if signature:
        return {"outputs": [answer[signature] for answer in answers]}
    return {"outputs": {name: [answer.get(name) for answer in answers] for name in names}}
