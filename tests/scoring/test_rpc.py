"""gRPC is a translation: each message is asked as a request, and its answer is a message again."""

import asyncio
import base64
import json
import math
from pathlib import Path

import pytest

from workbench.core.ports import free_port
from workbench.errors import BadParameter
from workbench.scoring.listen import Listen, configured
from workbench.scoring.log import PredictionLog
from workbench.scoring.rpc import Called, Unfit, WithRpc, answered, asked, called
from workbench.scoring.rpc_messages import METHODS, SERVICE, messages
from workbench.scoring.service import Service

pytest.importorskip("google.protobuf")
RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))


@pytest.fixture
def service(scorer, tmp_path) -> Service:
    return Service(scorer, PredictionLog(tmp_path / "log", scorer.sensitive))


def ask(service, name, message):
    call = called(name, message)
    status, headers, body = asyncio.run(asked(service, call, {}, "localhost", "ipv4:127.0.0.1:5"))
    return status, answered(
        name, body, headers, bool(getattr(message, "raw_input_contents", ()))
    ) if status == 200 else body


def question(**more):
    known = messages()
    age = known["InputTensor"](
        name="age", datatype="FP64", shape=[2], contents=known["Contents"](fp64_contents=[60, math.nan])
    )
    city = known["InputTensor"](
        name="city", datatype="BYTES", shape=[2, 1], contents=known["Contents"](bytes_contents=[b"Ulm", b""])
    )
    return known["ModelInferRequest"](model_name="shop", id="q1", inputs=[age, city], **more)


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: p.stem)
def test_what_a_client_has_sent_is_understood(path, service):
    calls = json.loads(path.read_text())["grpc"]
    answers = []
    for call in calls:
        name = call["method"]
        message = messages()[f"{name}Request"].FromString(base64.b64decode(call["message"]))
        answers.append((name, *ask(service, name, message)))

    infers = [(status, answer) for name, status, answer in answers if name == "ModelInfer"]
    good = [answer for status, answer in infers if status == 200]
    assert good
    assert {status for status, _ in infers} <= {200, 422}
    for answer in good:
        assert answer.model_name == "shop"
        assert len(answer.raw_output_contents) in (0, len(answer.outputs))


def test_contents_and_parameters_are_translated(service):
    status, answer = ask(
        service, "ModelInfer", question(parameters={"reasons": messages()["Parameter"](int64_param=1)})
    )
    found = {one.name: one.contents for one in answer.outputs}

    assert (status, answer.id, answer.model_version) == (200, "q1", "1")
    assert list(found["answer"].bytes_contents) == [b"yes", b"no"]
    assert len(found["probabilities"].fp64_contents) == 4
    assert len(json.loads(found["reasons"].bytes_contents[0])) == 1
    assert len(service.log.read()) == 2


def test_the_state_and_the_model_are_told(service):
    known = messages()

    assert ask(service, "ServerLive", known["ServerLiveRequest"]())[1].live
    assert ask(service, "ServerReady", known["ServerReadyRequest"]())[1].ready
    assert ask(service, "ServerMetadata", known["ServerMetadataRequest"]())[1].name == "workbench"
    assert ask(service, "ModelReady", known["ModelReadyRequest"](name="shop", version="1"))[1].ready
    told = ask(service, "ModelMetadata", known["ModelMetadataRequest"](name="shop"))[1]
    assert [(one.name, one.datatype, list(one.shape)) for one in told.inputs] == [
        ("age", "INT64", [-1]),
        ("city", "BYTES", [-1]),
    ]
    assert ask(service, "ModelReady", known["ModelReadyRequest"](name="../../metrics"))[0] == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda q: q.raw_input_contents.append(b""), "2 inputs and 1 raw"),
        (lambda q: setattr(q.inputs[0], "datatype", "FP16"), "raw contents alone"),
        (lambda q: q.inputs[1].contents.bytes_contents.append(b"\xff"), "no UTF-8"),
    ],
)
def test_what_can_not_be_asked_is_said(change, said):
    message = question()
    change(message)

    with pytest.raises(Unfit, match=said):
        called("ModelInfer", message)


def test_a_name_stays_one_part_of_the_path():
    message = messages()["ModelReadyRequest"](name="a/b:c", version="1/../2")

    assert called("ModelReady", message) == Called("GET", "/v2/models/a%2Fb%3Ac/versions/1%2F..%2F2/ready")


def test_messages_are_of_the_package_that_clients_have():
    assert SERVICE == "inference.GRPCInferenceService"
    assert set(messages()) >= {f"{name}{kind}" for name in METHODS for kind in ("Request", "Response")}


def test_a_server_beside_the_service_answers_and_ends_with_it(service, scorer):
    grpc = pytest.importorskip("grpc")
    asyncio.run(live(service, grpc))


async def live(service, grpc) -> None:
    heard, told = asyncio.Queue(), asyncio.Queue()
    beside = WithRpc(service, f"127.0.0.1:{free_port()}")
    running = asyncio.create_task(beside({"type": "lifespan"}, heard.get, told.put))
    await heard.put({"type": "lifespan.startup"})
    assert (await told.get())["type"] == "lifespan.startup.complete"
    async with grpc.aio.insecure_channel(f"127.0.0.1:{beside.port}") as channel:
        ask_it = channel.unary_unary(
            f"/{SERVICE}/ModelInfer", lambda m: m.SerializeToString(), messages()["ModelInferResponse"].FromString
        )
        answer = await ask_it(question())
        assert list(answer.outputs[1].contents.bytes_contents) == [b"yes", b"no"]
        bad = question()
        del bad.inputs[1]
        with pytest.raises(grpc.RpcError) as caught:
            await ask_it(bad)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "'city'" in caught.value.details()
    await heard.put({"type": "lifespan.shutdown"})
    await running
    assert (await told.get())["type"] == "lifespan.shutdown.complete"


def test_a_key_is_asked_for(scorer, monkeypatch):
    monkeypatch.setenv("WORKBENCH_API_KEY", "s3cret")
    service, call = Service(scorer, hosts=("localhost",)), called("ModelInfer", question())

    def status(sent):
        return asyncio.run(asked(service, call, sent, "localhost", "ipv4:127.0.0.1:5"))[0]

    assert status({}) == 401
    assert status({"x-api-key": "s3cret"}) == status({"authorization": "Bearer s3cret"}) == 200


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(service, port):
    with pytest.raises(BadParameter, match="port of gRPC"):
        configured(service, Listen(grpc=port))
