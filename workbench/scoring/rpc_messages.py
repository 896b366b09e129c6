"""Messages of the Open Inference Protocol over gRPC, from a table: nothing is generated, and nothing has to be.

They lie in a pool of their own, so a client's generated module of the same names may be loaded in the same process.
What nests in the published file stands beside each other here: on the wire there is no difference.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any

from workbench.errors import MissingExtra

PACKAGE, SERVICE = "inference", "inference.GRPCInferenceService"
# Fields by message: number, type, name. ``*``: any number of them; ``%``: by name; ``|``: at most one of these.
MESSAGES = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "1 bool live",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "1 bool ready",
    "ModelReadyRequest": "1 string name; 2 string version",
    "ModelReadyResponse": "1 bool ready",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "1 string name; 2 string version; 3 *string extensions",
    "ModelMetadataRequest": "1 string name; 2 string version",
    "ModelMetadataResponse": "1 string name; 2 *string versions; 3 string platform; 4 *Described inputs; "
    "5 *Described outputs",
    "Described": "1 string name; 2 string datatype; 3 *int64 shape",
    "ModelInferRequest": "1 string model_name; 2 string model_version; 3 string id; 4 %Parameter parameters; "
    "5 *InputTensor inputs; 6 *WantedTensor outputs; 7 *bytes raw_input_contents",
    "InputTensor": "1 string name; 2 string datatype; 3 *int64 shape; 4 %Parameter parameters; 5 Contents contents",
    "WantedTensor": "1 string name; 2 %Parameter parameters",
    "ModelInferResponse": "1 string model_name; 2 string model_version; 3 string id; 4 %Parameter parameters; "
    "5 *OutputTensor outputs; 6 *bytes raw_output_contents",
    "OutputTensor": "1 string name; 2 string datatype; 3 *int64 shape; 4 %Parameter parameters; 5 Contents contents",
    "Parameter": "1 |bool bool_param; 2 |int64 int64_param; 3 |string string_param; 4 |double double_param; "
    "5 |uint64 uint64_param",
    "Contents": "1 *bool bool_contents; 2 *int32 int_contents; 3 *int64 int64_contents; 4 *uint32 uint_contents; "
    "5 *uint64 uint64_contents; 6 *float fp32_contents; 7 *double fp64_contents; 8 *bytes bytes_contents",
}
METHODS = ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer")
CONTENTS = {
    "BOOL": "bool_contents", **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"), "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"), "UINT64": "uint64_contents",
    "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
_FIELD = re.compile(r"(\d+) ([*%|]?)(\w+) (\w+)")


@cache
def messages() -> dict[str, Any]:
    """The class of each message.

    Raises
    ------
    MissingExtra
        If protobuf is not installed.
    """
    try:
        descriptors, pools = (
            import_module("google.protobuf.descriptor_pb2"),
            import_module("google.protobuf.descriptor_pool"),
        )
        factory = import_module("google.protobuf.message_factory")
    except ImportError as error:
        raise missing_extra() from error
    file = descriptors.FileDescriptorProto(name="workbench/inference.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        _add(descriptors, file.message_type.add(name=name), fields)
    pool = pools.DescriptorPool()
    pool.Add(file)
    return {name: factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in MESSAGES}


def missing_extra() -> MissingExtra:
    """What to install."""
    return MissingExtra.of("gRPC", "grpcio", "grpc")


def _add(descriptors: Any, message: Any, fields: str) -> None:
    for number, mark, kind, name in _FIELD.findall(fields):
        field = message.field.add(name=name, number=int(number), label=3 if mark in ("*", "%") else 1)
        if mark == "%":
            entry = message.nested_type.add(name="ParametersEntry", options={"map_entry": True})
            _add(descriptors, entry, f"1 string key; 2 {kind} value")
            field.type, field.type_name = 11, f".{PACKAGE}.{message.name}.ParametersEntry"
        elif kind in MESSAGES:
            field.type, field.type_name = 11, f".{PACKAGE}.{kind}"
        else:
            field.type = descriptors.FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
        if mark == "|":
            if not message.oneof_decl:
                message.oneof_decl.add(name="choice")
            field.oneof_index = 0
