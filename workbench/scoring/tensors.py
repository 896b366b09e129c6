"""Tensors of the Open Inference Protocol V2: named columns in, named columns out, as JSON or as raw bytes.

Raw bytes are Triton's extension of binary tensor data, which its own client uses unless told otherwise: the head is
JSON, and what each tensor holds stands behind it, numbers as little endian, each text with its length in four bytes
in front. A value is missing where JSON has null, a number is NaN, or a text is empty.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.core.checking import read_text
from workbench.core.contract import Column, Contract, Kind
from workbench.scoring import bodies
from workbench.scoring.bodies import LONGEST, Rows, few
from workbench.scoring.http import Rejected
from workbench.scoring.limits import in_force
from workbench.scoring.queries import MOST_REASONS
from workbench.scoring.runtime import REASONS, Scorer

BYTES, NUMBER, WHOLE, TRUTH = "BYTES", "FP64", "INT64", "BOOL"
OF_KIND: dict[Kind, str] = {"number": NUMBER, "integer": WHOLE, "boolean": TRUTH}  # every other one is a text
# What numbers are in raw bytes.
RAW = {
    TRUTH: "?", "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "<i1", "INT16": "<i2",
    "INT32": "<i4", WHOLE: "<i8", "FP16": "<f2", "FP32": "<f4", NUMBER: "<f8",
}  # fmt: skip
ELSEWHERE = ("shared_memory_region", "shared_memory_offset", "shared_memory_byte_size")


@dataclass(frozen=True)
class Tensor:
    """One named tensor of an answer.

    Parameters
    ----------
    name, datatype : str
        As the protocol has them.
    values : list
        One by row; of two dimensions a list each.
    parameters : dict
        Plain values.
    """

    name: str
    datatype: str
    values: list[Any]
    parameters: Mapping[str, Any]

    @property
    def shape(self) -> list[int]:
        """Of rows, or of rows and classes."""
        return [len(self.values), len(self.values[0])] if self._deep else [len(self.values)]

    @property
    def flat(self) -> list[Any]:
        """The values, row by row."""
        return [value for row in self.values for value in row] if self._deep else self.values

    @property
    def _deep(self) -> bool:
        return bool(self.values) and isinstance(self.values[0], list)

    def head(self) -> dict[str, Any]:
        """Name, type and shape."""
        said = {"parameters": dict(self.parameters)} if self.parameters else {}
        return {"name": self.name, "datatype": self.datatype, "shape": self.shape, **said}

    def raw(self) -> bytes:
        """The values as raw bytes."""
        if self.datatype != BYTES:
            return np.array(self.flat, RAW[self.datatype]).tobytes()
        texts = [text.encode("utf-8", "replace") for text in self.flat]
        return b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))


@dataclass(frozen=True)
class Question:
    """What one request asks.

    Parameters
    ----------
    rows : list of dict
        Column to value.
    id : str
        The client's own name for the request, or an empty text.
    reasons : int
        Columns named with each answer.
    outputs : dict of str to bool, optional
        What is wanted, and whether as raw bytes; None: all that is usual.
    raw : bool
        Whether answers are raw bytes where an output does not say it.
    """

    rows: Rows
    id: str
    reasons: int
    outputs: Mapping[str, bool | None] | None
    raw: bool


def question(content: bytes, head: str, scorer: Scorer) -> Question:
    """Read the body of a request.

    Parameters
    ----------
    content : bytes
        The body.
    head : str
        Of how many bytes its JSON is; empty: all of them.
    scorer : Scorer
        Whose columns are asked.

    Raises
    ------
    Rejected
        400 where it is not what the protocol says.
    """
    text, rest = _parted(content, head)
    body = bodies.read_json(text)
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        raise Rejected(400, 'Send {"inputs": [tensors]}, each with name, datatype, shape and data.')
    parameters, named = _parameters(body), body.get("id")
    named = "" if named is None else named
    if not isinstance(named, str):
        raise Rejected(
            400, f"The id of a request is a text, got {str(named)[:LONGEST]!r}. Correct it, or leave it out."
        )
    outputs = _wanted(body.get("outputs"))
    rows = few(_rows(body["inputs"], rest, scorer))
    raw = parameters.get("binary_data_output") is True
    return Question(rows, named, _reasons(parameters, outputs), outputs, raw)


def inputs_of(scorer: Scorer) -> list[dict[str, Any]]:
    """What a model takes, for its metadata."""
    return [_described(name, OF_KIND.get(scorer.contract[name].kind, BYTES)) for name in scorer.features]


def outputs_of(scorer: Scorer) -> list[dict[str, Any]]:
    """What it answers."""
    classes = len(scorer.bundle.classes)
    several = {"probabilities": [-1, classes], **({"prediction": [-1, classes]} if classes > 2 else {})}
    return [_described(name, kind, several.get(name)) for name, (kind, _) in _answered(scorer).items()]


def reply(asked: Question, answers: Sequence[Mapping[str, Any]], scorer: Scorer) -> tuple[bytes, int | None]:
    """The body of an answer, and of how many bytes its JSON is where raw bytes stand behind it.

    Raises
    ------
    Rejected
        400 where an output is wanted that there is not.
    """
    known = _answered(scorer)
    usual = [name for name in known if _is_usual(name, asked, answers)]
    wanted = dict.fromkeys(usual) if asked.outputs is None else asked.outputs
    outputs, behind = [], []
    for name, raw in wanted.items():
        if name not in known:
            raise Rejected(400, f"There is no output {name[:LONGEST]!r}. Ask for some of {', '.join(known)}.")
        kind, values = known[name]
        tensor = Tensor(name, kind, values(answers), _labels(scorer) if name == "probabilities" else {})
        if asked.raw if raw is None else raw:
            behind.append(tensor.raw())
            size = {"binary_data_size": len(behind[-1])}
            outputs.append({**tensor.head(), "parameters": {**tensor.parameters, **size}})
        else:
            outputs.append({**tensor.head(), "data": tensor.flat})
    named = {"id": asked.id} if asked.id else {}
    told = {"model_name": scorer.bundle.name, "model_version": str(scorer.bundle.version), **named, "outputs": outputs}
    text = json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
    return text + b"".join(behind), len(text) if behind else None


def _described(name: str, datatype: str, shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [-1]}


def _parted(content: bytes, head: str) -> tuple[bytes, memoryview]:
    if not head:
        return content, memoryview(b"")
    if not (head.isascii() and head.isdigit() and len(head) < 12 and int(head) <= len(content)):
        raise Rejected(400, "Inference-Header-Content-Length is the number of bytes of JSON in front. Correct it.")
    return content[: int(head)], memoryview(content)[int(head) :]


def _parameters(part: Mapping[str, Any]) -> Mapping[str, Any]:
    given = part.get("parameters")
    if given is not None and not isinstance(given, dict):
        raise Rejected(400, "Parameters are an object of names and values. Send them so.")
    found: Mapping[str, Any] = given or {}
    if any(name in found for name in ELSEWHERE):
        raise Rejected(400, "This service reads no shared memory. Send the tensors in the request.")
    return found


def _reasons(parameters: Mapping[str, Any], outputs: Mapping[str, bool | None] | None) -> int:
    asked = parameters.get("reasons")
    if asked is None:
        return REASONS if outputs is not None and "reasons" in outputs else 0
    text = str(int(asked) if isinstance(asked, float) and asked.is_integer() else asked)
    if isinstance(asked, bool) or not (text.isascii() and text.isdigit()) or int(text[:4]) > MOST_REASONS:
        raise Rejected(400, f"reasons is a whole number from 0 to {MOST_REASONS}. Correct it, or leave it out.")
    return int(text[:4])


def _wanted(outputs: Any) -> Mapping[str, bool | None] | None:
    if not outputs:
        return None
    if not isinstance(outputs, list) or not all(
        isinstance(o, dict) and isinstance(o.get("name"), str) for o in outputs
    ):
        raise Rejected(400, 'outputs is a list of {"name": …}. Send it so, or leave it out for all.')
    if any("classification" in _parameters(one) for one in outputs):
        raise Rejected(400, "This service ranks no classes for you. Ask for the output probabilities.")
    return {one["name"]: _parameters(one).get("binary_data") for one in outputs}


def _rows(inputs: list[Any], rest: memoryview, scorer: Scorer) -> Rows:
    columns: dict[str, list[Any]] = {}
    contract, features = scorer.contract, scorer.features
    for one in inputs:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise Rejected(400, "Each input is an object with name, datatype, shape and data. Send it so.")
        shape = _shape(one)
        values, rest = _values(one, shape, rest)
        if _is_whole_table(shape, inputs, one["name"], features):
            return _of_table(values, shape, contract, features, one["datatype"] == BYTES)
        if one["name"] in columns:
            raise Rejected(400, f"The input {one['name'][:LONGEST]!r} is there twice. Send each once.")
        if math.prod(shape[1:]) != 1:
            cure = f"Send [rows] or [rows, 1], or all {len(features)} columns in one tensor of their own."
            raise Rejected(400, f"The input {one['name'][:LONGEST]!r} has the shape {shape[:4]}. {cure}")
        columns[one["name"]] = _gaps(values, contract.by_name.get(one["name"]))
    if len(rest):
        raise Rejected(400, f"{len(rest)} bytes belong to no input. Say each one's binary_data_size.")
    if len(set(map(len, columns.values()))) > 1:
        raise Rejected(400, "The inputs differ in their number of rows. Send one value a row in each.")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _shape(tensor: Mapping[str, Any]) -> list[int]:
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not 0 < len(shape) < 9 or not all(type(n) is int and n >= 0 for n in shape):
        raise Rejected(400, f"The shape of {tensor['name'][:LONGEST]!r} is no list of whole numbers. Send [rows].")
    if shape[0] > in_force().most_rows:
        raise Rejected(422, f"{shape[0]} rows are more than {in_force().most_rows}. Send them in parts.")
    return shape


def _values(tensor: Mapping[str, Any], shape: list[int], rest: memoryview) -> tuple[list[Any], memoryview]:
    """What a tensor holds, row by row, and the bytes that are left."""
    name, kind = tensor["name"][:LONGEST], tensor.get("datatype")
    if not isinstance(kind, str) or (kind != BYTES and kind not in RAW):
        raise Rejected(400, f"The input {name!r} has the datatype {str(kind)[:20]!r}. Send BYTES, {', '.join(RAW)}.")
    parameters = _parameters(tensor)
    size = parameters.get("binary_data_size")
    if size is None:
        values = _flat(tensor.get("data"), len(shape))
        values = _of_base64(values, name) if parameters.get("content_type") == "base64" else values
    elif type(size) is int and 0 <= size <= len(rest):
        values, rest = _of_raw(rest[:size], kind, name), rest[size:]
    else:
        raise Rejected(400, f"The input {name!r} says more bytes than there are. Correct its binary_data_size.")
    if len(values) != math.prod(shape):
        raise Rejected(400, f"The input {name!r} has {len(values)} values, and its shape says {shape[:4]}. Correct it.")
    return [None if value != value or value == "" else value for value in values], rest


def _flat(data: Any, depth: int) -> list[Any]:
    """The data of JSON, nested by its shape or one after the other."""
    if not isinstance(data, list):
        raise Rejected(400, "An input without raw bytes has its values in data, a list. Send them so.")
    for _ in range(depth - 1):
        if not (data and all(isinstance(part, list) for part in data)):
            break
        data = [value for part in data for value in part]
    return data


def _of_raw(content: memoryview, kind: str, name: str) -> list[Any]:
    try:
        if kind != BYTES:
            values: list[Any] = np.frombuffer(content, RAW[kind]).tolist()
            return values
        return _texts(content)
    except (ValueError, struct.error):
        raise Rejected(
            400, f"The bytes of the input {name!r} are no {kind}. Write them as the protocol says."
        ) from None


def _texts(content: memoryview) -> list[Any]:
    texts, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at)
        at += 4 + length
        if at > len(content):
            raise ValueError("a text ends early")
        texts.append(bytes(content[at - length : at]).decode())
    return texts


def _of_base64(values: list[Any], name: str) -> list[Any]:
    try:
        return [base64.b64decode(value, validate=True).decode() if value else value for value in values]
    except (TypeError, ValueError, binascii.Error):
        raise Rejected(
            400, f"The input {name!r} says that it is Base64 of UTF-8, and is not. Send the texts."
        ) from None


def _is_whole_table(shape: list[int], inputs: list[Any], name: str, features: Sequence[str]) -> bool:
    """Whether one tensor has all columns, in their order."""
    return len(shape) == 2 and shape[1] == len(features) and len(inputs) == 1 and (shape[1] > 1 or name not in features)


def _of_table(values: list[Any], shape: list[int], contract: Contract, features: Sequence[str], texts: bool) -> Rows:
    """Rows of a tensor with all columns; of texts, each is read by its column's form, as the cells of a CSV are."""
    wide = shape[1]
    if texts:
        values = [
            read_text(value, contract[features[i % wide]]) if isinstance(value, str) else value
            for i, value in enumerate(values)
        ]
    return [dict(zip(features, values[at : at + wide], strict=True)) for at in range(0, len(values), wide)]


def _gaps(values: list[Any], column: Column | None) -> list[Any]:
    """An empty text stands for a missing one, but where it is a category."""
    if column is not None and column.usual is not None and "" in column.usual:
        return ["" if value is None else value for value in values]
    return values


_Values = Callable[[Sequence[Mapping[str, Any]]], list[Any]]


def _answered(scorer: Scorer) -> dict[str, tuple[str, _Values]]:
    """Every output that there is: its type, and its values of some answers."""
    bundle, known = scorer.bundle, dict[str, tuple[str, _Values]]()
    known["prediction"] = (NUMBER, _each("prediction"))
    if bundle.classes:
        known["answer"] = _of_labels(bundle.classes)
        known["probabilities"] = (NUMBER, lambda answers: [_of_each_class(a["prediction"]) for a in answers])
    elif bundle.uncertainty is not None:
        known |= {"low": (NUMBER, _each("low")), "high": (NUMBER, _each("high"))}
    if bundle.classes and bundle.uncertainty is not None:
        known["set"] = (BYTES, _as_json("set"))
    known |= {"id": (BYTES, _each("id")), "flags": (BYTES, _as_json("flags")), "reasons": (BYTES, _as_json("reasons"))}
    known |= {"version": (WHOLE, _each("version")), "arm": (BYTES, lambda answers: [a.get("arm", "") for a in answers])}
    return known


def _is_usual(name: str, asked: Question, answers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an output is told to who names none."""
    if name == "reasons":
        return asked.reasons > 0
    return name not in ("arm", "version") or any("arm" in answer for answer in answers)


def _each(name: str) -> _Values:
    return lambda answers: [answer[name] for answer in answers]


def _as_json(name: str) -> _Values:
    return lambda answers: [json.dumps(answer[name], default=str) for answer in answers]


def _of_each_class(prediction: Any) -> list[float]:
    return prediction if isinstance(prediction, list) else [1.0 - prediction, prediction]


def _of_labels(classes: Sequence[Any]) -> tuple[str, _Values]:
    """Labels of one type as that, others as texts."""
    kinds = {bool: TRUTH, int: WHOLE, float: NUMBER}
    types = set(map(type, classes))
    kind = kinds.get(types.pop(), BYTES) if len(types) == 1 else BYTES
    if kind != BYTES:
        return kind, _each("answer")
    return kind, lambda answers: [str(answer["answer"]) for answer in answers]


def _labels(scorer: Scorer) -> dict[str, str]:
    """Parameters of the protocol are plain values: a list of labels is one as JSON."""
    return {"classes": json.dumps(list(scorer.bundle.classes), default=str)}
