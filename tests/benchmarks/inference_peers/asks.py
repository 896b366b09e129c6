"""What the users of each client do, and what they expect; each function gives lines that tell what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

AGES, CITIES, ANSWERS = [60.0, 20.0, math.nan], ["Ulm", "Bonn", ""], ["yes", "no", "no"]
NAMES = ["c1", "c2", "c3"]


def triton(web: str, port: str) -> Iterator[str]:
    """NVIDIA's: raw bytes by default, JSON by choice."""
    import numpy as np
    import tritonclient.grpc as rpc
    import tritonclient.http as http
    from tritonclient.utils import InferenceServerException

    for module, url in ((http, web), (rpc, port)):
        client = module.InferenceServerClient(url)
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("shop")
        assert client.is_model_ready("shop", "1")
        assert not client.is_model_ready("other")
        client.get_server_metadata()
        client.get_model_metadata("shop")
        for binary in (True, False) if module is http else (True,):
            given = {"binary_data": binary} if module is http else {}
            age, city = module.InferInput("age", [3], "FP64"), module.InferInput("city", [3, 1], "BYTES")
            name = module.InferInput("customer", [3], "BYTES")
            age.set_data_from_numpy(np.array(AGES if binary else [60.0, 20.0, 30.0]), **given)
            city.set_data_from_numpy(np.array([[c] for c in CITIES], dtype=object), **given)
            name.set_data_from_numpy(np.array(NAMES, dtype=object), **given)
            inputs = [age, city, name]
            every = client.infer("shop", inputs, request_id="q1", parameters={"reasons": 2})
            wanted = [module.InferRequestedOutput(n, **given) for n in ("answer", "prediction")]
            some = client.infer("shop", inputs, model_version="1", outputs=wanted)
            texts = [t.decode() if isinstance(t, bytes) else t for t in some.as_numpy("answer").tolist()]
            assert texts == ANSWERS
            assert every.as_numpy("probabilities").shape == (3, 2)
            assert (some.as_numpy("prediction") == every.as_numpy("prediction")).all()
            assert some.as_numpy("id") is None
            for bad in (inputs[:1], inputs[1:]):
                try:
                    client.infer("shop", bad)
                except InferenceServerException as error:
                    yield f"{module.__name__} says of a bad row: {error.message()[:110]}"
                else:
                    raise AssertionError("a row without a column was answered")
        yield f"{module.__name__}: live, ready, metadata, infer, outputs, errors"


async def kserve(web: str, port: str) -> list[str]:
    """KServe's: both protocols by REST, the second by gRPC."""
    import grpc
    import httpx
    from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
    from kserve.inference_client import RESTConfig

    told = []
    table = {
        "instances": [{"customer": "c1", "age": 60, "city": "Ulm"}, {"customer": "c2", "age": None, "city": "Bonn"}]
    }
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as first:
        answer: Any = await first.infer(f"http://{web}", table, model_name="shop")
        assert [one["answer"] for one in answer["predictions"]] == ["yes", "no"]
        assert await first.is_model_ready(f"http://{web}", "shop")
        told.append("REST v1: ready, infer")
    inputs = [
        InferInput("age", [3], "FP64", data=[60.0, 20.0, None]),
        InferInput("city", [3], "BYTES", data=CITIES),
        InferInput("customer", [3], "BYTES", data=NAMES),
    ]
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as second:
        assert await second.is_server_live(f"http://{web}")
        assert await second.is_server_ready(f"http://{web}")
        assert await second.is_model_ready(f"http://{web}", "shop")
        answer = await second.infer(f"http://{web}", InferRequest("shop", inputs, "q1"), model_name="shop")
        assert next(o for o in answer.outputs if o.name == "answer").data == ANSWERS
        raw = InferRequest("shop", _raw(InferInput), "q2")
        answer = await second.infer(f"http://{web}", raw, model_name="shop")
        assert next(o for o in answer.outputs if o.name == "answer").as_numpy()[0] in ("yes", b"yes")
        try:
            await second.infer(f"http://{web}", InferRequest("shop", inputs[:1], "q3"), model_name="shop")
        except httpx.HTTPStatusError as error:
            told.append(f"REST v2 says of a bad row: {str(error)[:110]}")
        told.append("REST v2: live, ready, infer with JSON and raw bytes")
    async with InferenceGRPCClient(port) as third:
        assert await third.is_server_live()
        assert await third.is_server_ready()
        assert await third.is_model_ready("shop")
        inputs[0].data = [60.0, 20.0, math.nan]
        for some in (inputs, _raw(InferInput)):
            answer = await third.infer(InferRequest("shop", some, "q4"))
            assert {"prediction", "answer"} <= {o.name for o in answer.outputs}
        try:
            await third.infer(InferRequest("shop", inputs[:1], "q5"))
        except grpc.RpcError as error:
            told.append(f"gRPC says of a bad row: {error.code().name}")
        told.append("gRPC: live, ready, infer with contents and raw bytes")
    return told


def _raw(kind: Any) -> list[Any]:
    import numpy as np

    age, city, name = kind("age", [3], "FP64"), kind("city", [3], "BYTES"), kind("customer", [3], "BYTES")
    age.set_data_from_numpy(np.array(AGES))
    city.set_data_from_numpy(np.array(CITIES, dtype=object))
    name.set_data_from_numpy(np.array(NAMES, dtype=object))
    return [age, city, name]


def mlserver(web: str, port: str) -> Iterator[str]:
    """Seldon's: its types and codecs write the request and read the answer, over any HTTP; its stub calls gRPC."""
    import grpc
    import httpx
    import pandas as pd
    from mlserver.codecs import PandasCodec, StringCodec
    from mlserver.grpc import converters
    from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
    from mlserver.types import InferenceResponse, MetadataModelResponse, MetadataServerResponse

    MetadataServerResponse.model_validate_json(httpx.get(f"http://{web}/v2", timeout=9).text)
    told = MetadataModelResponse.model_validate_json(httpx.get(f"http://{web}/v2/models/shop", timeout=9).text)
    assert [one.name for one in told.inputs or ()] == ["age", "city"]
    yield "REST: metadata of server and model are read by its types"
    frame = pd.DataFrame({"customer": NAMES, "age": AGES, "city": CITIES}).astype(
        {"customer": object, "city": object}
    )  # its codec knows no texts of pandas 3, and no None among texts
    asked = PandasCodec.encode_request(frame, use_bytes=False)
    answer = httpx.post(
        f"http://{web}/v2/models/shop/infer", content=asked.model_dump_json(exclude_none=True).encode(),
        headers={"Content-Type": "application/json"}, timeout=9,
    )  # fmt: skip
    read = InferenceResponse.model_validate_json(answer.text)
    found = next(o for o in read.outputs if o.name == "answer")
    assert StringCodec.decode_output(found) == ANSWERS
    assert len(PandasCodec.decode_response(InferenceResponse(**{**read.__dict__, "outputs": read.outputs[:2]}))) == 3
    yield "REST: a frame by PandasCodec, with gaps; its types and codecs read the answer"
    stub = GRPCInferenceServiceStub(grpc.insecure_channel(port))
    asked = PandasCodec.encode_request(frame[:2])
    for raw in (False, True):
        call = converters.ModelInferRequestConverter.from_types(asked, model_name="shop", use_raw=raw)
        back = converters.ModelInferResponseConverter.to_types(stub.ModelInfer(call))
        texts = StringCodec.decode_output(next(o for o in back.outputs if o.name == "answer"))
        assert texts == ANSWERS[:2]
    yield "gRPC: ModelInfer with contents and with raw bytes"
