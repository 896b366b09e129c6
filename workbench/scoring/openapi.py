"""The service's description in OpenAPI 3.1, with the contract as the schema of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workbench.core.contract import Column, Contract
from workbench.scoring.bodies import CSV
from workbench.scoring.http import JSON
from workbench.scoring.limits import in_force
from workbench.scoring.queries import MOST_REASONS
from workbench.scoring.routes import RAW as OCTETS
from workbench.scoring.routes import ROUTES, SIGNATURES, Route
from workbench.scoring.runtime import Scorer
from workbench.scoring.tensors import BYTES, RAW, inputs_of

Schema = dict[str, Any]
_CASES = {
    "400": "The body is not what its content type says, or a parameter is out of its range.",
    "401": "A key is missing or unknown.",
    "403": "The key has not the scope.",
    "404": "There is no such model or version, or it was packaged without one.",
    "408": "The body took too long.",
    "413": "More bytes than a body may have.",
    "415": "Another content type than those above.",
    "421": "Another host than this service answers for.",
    "422": "A row breaks the contract (field, expected, got), or there are more rows than a request may have.",
    "429": "Too many requests; Retry-After says how long to wait.",
    "500": "The service failed; its log says why.",
    "501": "The model can't do this.",
    "503": "Too much waits, the answer took too long, or the log takes nothing; Retry-After says how long to wait.",
}
_PLACE = re.compile(r"\{(\w+)\}")
_OF_WHAT_MAY_BE_MISSING = ("404",)
_OF_BODIES = ("408", "413", "415", "422")
_OF_KEYS = ("401", "403", "429")


def openapi(scorer: Scorer, keys: bool = False) -> Schema:
    """The description.

    Parameters
    ----------
    scorer : Scorer
        Whose contract describes the rows.
    keys : bool
        Whether callers need a key.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": scorer.bundle.name,
            "version": str(scorer.bundle.version),
            "description": f"Predictions with reasons. A body has at most {in_force().most_bytes} bytes and "
            f"{in_force().most_rows} rows.",
        },
        "paths": _paths(scorer, keys),
        "components": {
            "schemas": {
                "Row": row_schema(scorer.contract, scorer.features),
                "List": list_schema(scorer.contract, scorer.features),
                "Label": label_schema(scorer),
                "Error": _ERROR,
                "Answer": answer_schema(scorer.bundle.lineage.get("loss")),
                "Explanation": _EXPLANATION,
                "Tensors": tensors_schema(scorer),
            },
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}} if keys else {},
        },
        **({"security": [{"key": []}]} if keys else {}),
    }


def row_schema(contract: Contract, features: tuple[str, ...]) -> Schema:
    """JSON Schema of a row."""
    return {
        "type": "object",
        "required": list(features),
        "properties": {name: _column_schema(contract[name]) for name in features},
    }


def list_schema(contract: Contract, features: tuple[str, ...]) -> Schema:
    """JSON Schema of a row as a list, in the order of the columns."""
    columns = [_column_schema(contract[name]) for name in features]
    return {"type": "array", "prefixItems": columns, "items": False, "minItems": len(columns)}


def label_schema(scorer: Scorer) -> Schema:
    """JSON Schema of a label with the id of its prediction."""
    classes = scorer.bundle.classes
    label: Schema = {"enum": [*classes, None]} if classes else {"type": ["number", "null"]}
    return {
        "type": "object",
        "required": ["id", "label"],
        "properties": {
            "id": _ID,
            "label": label,
        },
    }


def answer_schema(loss: Any = None) -> Schema:
    """JSON Schema of an answer; ``loss`` says what of the target a predicted number is."""
    gives = "Of two classes the probability of the second, of more that of each, of a regression the number"
    fitted = f", fitted by the loss {loss}" if isinstance(loss, str) else ""
    prediction = {**_ANSWER["properties"]["prediction"], "description": f"{gives}{fitted}."}
    return {**_ANSWER, "properties": {**_ANSWER["properties"], "prediction": prediction}}


def tensors_schema(scorer: Scorer) -> Schema:
    """JSON Schema of a request of the Open Inference Protocol that asks for one row."""
    told = {one["name"]: one["datatype"] for one in inputs_of(scorer)}
    named = ", ".join(f"{name} ({datatype})" for name, datatype in told.items())
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": ["string", "null"]},
            "parameters": {
                "type": ["object", "null"],
                "properties": {"reasons": {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_REASONS}},
            },
            "inputs": {
                "type": "array",
                "prefixItems": [_tensor(scorer.contract[name], datatype) for name, datatype in told.items()],
                "items": False,
                "minItems": len(told),
            },
        },
        "description": f"One tensor a column, in any order: {named}; of shape [rows] or [rows, 1]. Or one tensor of "
        f"all columns in this order, of shape [rows, {len(told)}]. Raw bytes as Triton has them are taken, too, with "
        "the header Inference-Header-Content-Length. outputs may name those that are wanted.",
    }


def _tensor(column: Column, datatype: str) -> Schema:
    """Of one row. An empty text is a missing one."""
    value = _column_schema(column)
    if column.kind in ("category", "text", "datetime") and not column.missing_allowed:
        value = {**value, "minLength": 1}
    return {
        "type": "object",
        "required": ["name", "datatype", "shape", "data"],
        "properties": {
            "name": {"const": column.name},
            "datatype": {"enum": list(dict.fromkeys((datatype, BYTES, *RAW)))},
            "shape": {"enum": [[1], [1, 1]]},
            "data": {"type": "array", "items": value, "minItems": 1, "maxItems": 1},
        },
    }


def _paths(scorer: Scorer, keys: bool) -> Schema:
    """Every route; those of an administrator only where there are keys, since nobody without one may use them."""
    paths: Schema = {}
    for route in ROUTES:
        if keys or route.scope != "admin":
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, scorer)
    return paths


def _operation(route: Route, scorer: Scorer) -> Schema:
    never = (
        *(() if route.may_be_missing else _OF_WHAT_MAY_BE_MISSING),
        *(() if route.takes else _OF_BODIES),
        *(() if route.scope else _OF_KEYS),
    )
    cases = {status: what for status, what in _CASES.items() if status not in never}
    operation: Schema = {"summary": route.summary}
    named = (*_PLACE.findall(route.path), *route.query)
    if named:
        operation["parameters"] = [_name(scorer) if name == "name" else _PARAMETERS[name] for name in named]
    if route.takes:
        operation["requestBody"] = {"required": True, "content": _contents(route)}
    if not route.scope:
        operation["security"] = []
    contents = {
        route.gives: {"schema": _ANSWERS[route.answer]()},
        **{kind: {"schema": _BINARY} for kind in route.streams},
    }
    return {**operation, "responses": _responses(contents, cases)}


def _name(scorer: Scorer) -> Schema:
    """The place of a model's name: there is one."""
    return {"name": "name", "in": "path", "required": True, "schema": {"const": scorer.bundle.name}}


def _contents(route: Route) -> Schema:
    """The schema of the body as JSON; CSV and raw bytes are said in its description: no schema tells them."""
    kinds = [kind for kind in route.takes if kind not in (CSV, OCTETS)]
    return {kind: {"schema": _BODIES[route.body]() if kind == JSON else _BINARY} for kind in kinds}


def _responses(content: Schema, cases: dict[str, str]) -> Schema:
    error = {JSON: {"schema": _ref("Error")}}
    return {
        "200": {"description": "The answer.", "content": content},
        **{code: {"description": what, "content": error} for code, what in cases.items()},
    }


def _forms() -> Schema:
    """MLflow's: exactly one of them, as ``https://mlflow.org`` describes the inputs of ``/invocations``."""
    records = {"type": "array", "minItems": 1, "maxItems": in_force().most_rows, "items": _ref("Row")}
    return {
        "type": "object",
        "required": ["dataframe_records"],
        "properties": {
            "dataframe_records": records,
            **dict.fromkeys(("dataframe_split", "instances", "inputs"), False),
        },
        "description": f"Or dataframe_split, instances or inputs, as MLflow has them; or a body of {CSV}.",
    }


def _one_or_many(name: str, item: Schema) -> Schema:
    """A list under this name means many of them."""
    listed = {"required": [name], "properties": {name: {"type": "array"}}}
    return {"anyOf": [{"allOf": [item, {"not": listed}]}, _many(name, item)]}


def _many(name: str, item: Schema, inner: str = "array") -> Schema:
    listed = {"type": inner, "minItems": 1, "maxItems": in_force().most_rows, "items": item}
    return {"type": "object", "required": [name], "properties": {name: listed}}


def _column_schema(column: Column) -> Schema:
    schema: Schema
    if column.kind in ("number", "integer"):
        schema = {"type": column.kind}
    elif column.kind == "boolean":
        schema = {"enum": [True, False, 0, 1]}
    else:
        schema = {"type": "string"}
    if column.kind == "datetime":
        schema["format"] = "date-time"
    if column.categories is not None and column.kind == "category":
        schema["examples"] = list(column.categories[:5])
    return {"anyOf": [schema, {"type": "null"}]} if column.missing_allowed else schema


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_BINARY = {"type": "string", "format": "binary"}
_PROBLEM = {
    "type": "object",
    "required": ["row", "field", "expected", "got"],
    "properties": {
        "row": {"type": "integer"},
        "field": {"type": "string"},
        "expected": {"type": "string"},
        "got": {"type": "string"},
    },
}
_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "problems": {"type": "array", "items": _PROBLEM},
        "more_problems": {"type": "integer", "description": "Faults that are not listed."},
    },
}
# From 2^53 on several whole numbers are the same float: there an id is written without a point or an exponent.
_ID: Schema = {
    "anyOf": [
        {"type": "string"},
        {"type": "integer"},
        {"type": "number", "exclusiveMinimum": -(2**53), "exclusiveMaximum": 2**53},
    ]
}
_ANSWER: Schema = {
    "type": "object",
    "required": ["id", "version", "prediction", "answer", "probability", "reasons", "flags"],
    "properties": {
        "id": {"type": "string"},
        "version": {"type": "integer"},
        "prediction": {"type": ["number", "array"]},
        "probability": {"type": ["number", "null"]},
        "low": {"type": "number", "description": "Of a regression: where the interval begins that holds nine of ten."},
        "high": {"type": "number", "description": "Where it ends."},
        "set": {"type": "array", "description": "Of classes: labels that hold the right one in nine of ten rows."},
        "reasons": {"type": "array", "items": {"type": "object", "required": ["column", "value", "added"]}},
        "flags": {"type": "array", "items": {"type": "string"}},
        "arm": {"type": "string"},
    },
}
_DRIVER: Schema = {
    "type": "object",
    "required": ["column", "importance", "low", "high", "mean", "direction"],
    "properties": {
        "column": {"type": "string"},
        "importance": {"type": "number", "description": "Mean absolute SHAP value over the rows."},
        "low": {"type": ["number", "null"], "description": "Where its 95% interval begins."},
        "high": {"type": ["number", "null"], "description": "Where it ends."},
        "mean": {"type": "number", "description": "Mean SHAP value, with its sign."},
        "direction": {
            "type": ["number", "null"],
            "minimum": -1,
            "maximum": 1,
            "description": "Rank correlation of what the column holds and adds; null of what holds no numbers.",
        },
    },
}
_EXPLANATION: Schema = {
    "type": "object",
    "required": ["name", "version", "target", "label", "unit", "rows", "created", "method", "base", "columns"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "integer"},
        "target": {"type": ["string", "null"]},
        "label": {"description": "The class that is explained; null of a regression."},
        "unit": {"type": "string", "description": "Of importance, mean and base."},
        "rows": {"type": "integer", "description": "Held-out rows that were explained."},
        "created": {"type": "string", "description": "When, as ISO 8601."},
        "method": {"type": "string"},
        "base": {"type": ["number", "null"], "description": "The output without any column."},
        "columns": {"type": "array", "items": _DRIVER, "description": "Strongest first."},
    },
}
_PARAMETERS: dict[str, Schema] = {
    "reasons": {
        "name": "reasons",
        "in": "query",
        "description": "Columns named with each answer, strongest first.",
        "schema": {"type": "integer", "minimum": 0, "maximum": MOST_REASONS},
    },
    "version": {
        "name": "version",
        "in": "path",
        "required": True,
        "description": "Of the versions that answer now.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
_OUTPUT: Schema = {
    "type": "object",
    "required": ["name", "datatype", "shape", "data"],
    "properties": {
        "name": {"type": "string"},
        "datatype": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "data": {"type": "array"},
    },
}
_V2_RESPONSE: Schema = {
    "type": "object",
    "required": ["model_name", "model_version", "outputs"],
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "outputs": {"type": "array", "items": _OUTPUT},
    },
}
_V2_METADATA: Schema = {
    "type": "object",
    "required": ["name", "versions", "platform", "inputs", "outputs"],
    "properties": {
        "name": {"type": "string"},
        "versions": {"type": "array", "items": {"type": "string"}},
        "platform": {"type": "string"},
        "inputs": {"type": "array", "items": {"type": "object"}},
        "outputs": {"type": "array", "items": {"type": "object"}},
    },
}
_V2_SERVER: Schema = {
    "type": "object",
    "required": ["name", "version", "extensions"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "extensions": {"type": "array", "items": {"type": "string"}},
    },
}
_V1_ANSWER: Schema = {
    "anyOf": [
        {"type": "object", "required": ["predictions"], "properties": {"predictions": {"type": "array"}}},
        {"type": "object", "required": ["outputs"], "properties": {"outputs": {"type": ["array", "object"]}}},
    ]
}


def _instances() -> Schema:
    many = {"type": "array", "minItems": 1, "maxItems": in_force().most_rows}
    rows = [{**many, "items": _ref(kind)} for kind in ("Row", "List")]
    return {
        "type": "object",
        "required": ["instances"],
        "properties": {"instances": {"anyOf": rows}, "signature_name": {"enum": [*SIGNATURES, None]}, "inputs": False},
        "description": "Or inputs, with columns by name.",
    }


# By the names that routes give them.
_BODIES: dict[str, Callable[[], Schema]] = {
    "rows": lambda: _one_or_many("rows", _ref("Row")),
    "forms": _forms,
    "v1_request": _instances,
    "v2_request": lambda: _ref("Tensors"),
    "labels": lambda: _one_or_many("labels", _ref("Label")),
}
_ANSWERS: dict[str, Callable[[], Schema]] = {
    "predictions": lambda: {"anyOf": [_ref("Answer"), _many("predictions", _ref("Answer"))]},
    "invocations": lambda: _many("predictions", {}),
    "explanation": lambda: _ref("Explanation"),
    "v1_answer": lambda: _V1_ANSWER,
    "v2_response": lambda: _V2_RESPONSE,
    "v2_metadata": lambda: _V2_METADATA,
    "v2_server": lambda: _V2_SERVER,
    "object": lambda: {"type": "object"},
    "text": lambda: {"type": "string"},
}
