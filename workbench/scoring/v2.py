"""The Open Inference Protocol V2, as KServe, Triton and MLServer speak it: their clients ask a bundle without change.

Rows come in by the service's one door, so they are checked, logged, counted and shared between versions as all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench import __version__
from workbench.errors import BadRow
from workbench.scoring.http import JSON, Answer, Rejected, Request, answer_json
from workbench.scoring.models import alone, asked_model, check_ready, told
from workbench.scoring.tensors import inputs_of, outputs_of, question, reply

if TYPE_CHECKING:
    from workbench.scoring.service import Service

LENGTH = "Inference-Header-Content-Length"
RAW = "application/octet-stream"


async def server(service: Service, request: Request) -> Answer:
    """What answers here."""
    return answer_json({"name": "workbench", "version": __version__, "extensions": ["binary_tensor_data"]})


async def live(service: Service, request: Request) -> Answer:
    """Whether the process lives."""
    return answer_json({"live": True})


async def ready(service: Service, request: Request) -> Answer:
    """Whether it can answer."""
    check_ready(service)
    return answer_json({"ready": True})


async def metadata(service: Service, request: Request) -> Answer:
    """What a model takes and answers, from its contract."""
    scorer = asked_model(service, request).champion
    return answer_json({
        "name": scorer.bundle.name,
        "versions": [str(one.bundle.version) for one in service.traffic.answerers],
        "platform": "workbench",
        "inputs": inputs_of(scorer),
        "outputs": outputs_of(scorer),
    })  # fmt: skip


async def model_ready(service: Service, request: Request) -> Answer:
    """Whether a model can answer."""
    scorer = asked_model(service, request).champion
    check_ready(service)
    return answer_json({"name": scorer.bundle.name, "ready": True})


async def infer(service: Service, request: Request) -> Answer:
    """Score the rows of some tensors."""
    traffic = asked_model(service, request)
    content, head = await _body(request), request.header(LENGTH.lower().encode())
    asked = await service.read(content, lambda: question(content, head, traffic.champion))
    try:
        answers = await service.scored(request, asked.rows, asked.reasons, alone(request, traffic))
    except BadRow as error:
        return told(error)
    body, length = reply(asked, answers, traffic.champion)
    if length is None:
        return Answer(body)
    return Answer(body, 200, RAW, {LENGTH: str(length)})


async def _body(request: Request) -> bytes:
    """Of a client that may say what Triton's says: raw bytes, or nothing at all.

    A page of another site can send neither this header nor this type without asking first, and says where it is from.
    """
    kind = request.content_type
    plain = kind in (JSON, RAW) or bool(request.header(LENGTH.lower().encode()))
    if not plain and (kind or request.header(b"origin")):
        raise Rejected(415, f"Send the body with the Content-Type {JSON} or {RAW}.")
    return await request.body()
