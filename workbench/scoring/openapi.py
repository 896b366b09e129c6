"""The service's description in OpenAPI 3.1, with the contract as the schema of a row."""

from __future__ import annotations

from typing import Any

from workbench.core.contract import Column, Contract
from workbench.scoring.bodies import ARROW, CSV, MOST_ROWS
from workbench.scoring.http import JSON, MOST_BYTES
from workbench.scoring.runtime import Scorer

MOST_REASONS = 50

Schema = dict[str, Any]
_CASES = {
    "400": "The body is not what its content type says, or a parameter is out of its range.",
    "401": "A key is missing or unknown.",
    "403": "The key has not the scope.",
    "408": "The body took too long.",
    "413": f"More than {MOST_BYTES} bytes.",
    "415": "Another content type than those above.",
    "421": "Another host than this service answers for.",
    "422": f"A row breaks the contract (field, expected, got), or there are more than {MOST_ROWS}.",
    "429": "Too many requests; Retry-After says how long to wait.",
    "500": "The service failed; its log says why.",
    "501": "The model can't do this.",
    "503": "The prediction log takes nothing.",
}


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
            "description": f"Predictions with reasons. A body has at most {MOST_BYTES} bytes and {MOST_ROWS} rows.",
        },
        "paths": {**_posts(), **_gets(), **(_admin() if keys else {})},
        "components": {
            "schemas": {
                "Row": row_schema(scorer.contract, scorer.features),
                "Label": label_schema(scorer),
                "Error": _ERROR,
                "Answer": _ANSWER,
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


def label_schema(scorer: Scorer) -> Schema:
    """JSON Schema of a label with the id of its prediction."""
    classes = scorer.bundle.classes
    label: Schema = {"enum": [*classes, None]} if classes else {"type": ["number", "null"]}
    return {
        "type": "object",
        "required": ["id", "label"],
        "properties": {
            "id": {"type": ["string", "number"]},
            "label": label,
        },
    }


def _posts() -> Schema:
    rows = {JSON: {"schema": _one_or_many("rows", _ref("Row"))}, ARROW: {"schema": _BINARY}}
    reasons: Schema = {
        "name": "reasons",
        "in": "query",
        "description": "Columns named with each answer, strongest first.",
        "schema": {"type": "integer", "minimum": 0, "maximum": MOST_REASONS},
    }
    answers = {"anyOf": [_ref("Answer"), _many("predictions", _ref("Answer"))]}
    labels = {JSON: {"schema": _one_or_many("labels", _ref("Label"))}}
    forms = {JSON: {"schema": _forms()}, ARROW: {"schema": _BINARY}}
    return {
        "/predict": {"post": {**_post("Score rows and say why", rows, answers), "parameters": [reasons]}},
        "/explain": {"post": _post("Say what every column added", rows, {"type": "object"})},
        "/invocations": {
            "post": _post("Score rows as MLflow's servers do", forms, _many("predictions", {}, inner="array"))
        },
        "/feedback": {"post": _post("Send labels that came later", labels, {"type": "object"})},
    }


def _gets() -> Schema:
    told = {"/contract": "What a row must look like", "/openapi.json": "This description"}
    probes = {"/health": "Whether the process lives", "/ready": "Whether it can answer"}
    plain = {"/metrics": "Counters for Prometheus", "/ping": "As MLflow's servers", "/version": "As MLflow's servers"}
    return {
        **{p: {"get": _get(what, {JSON: {"schema": {"type": "object"}}})} for p, what in (told | probes).items()},
        **{p: {"get": _get(what, {"text/plain": {"schema": {"type": "string"}}})} for p, what in plain.items()},
    }


def _admin() -> Schema:
    acts = {"reload": "Load the version that is named now", "rollback": "Go back to the version before"}
    return {f"/admin/{act}": {"post": _get(what, {JSON: {"schema": {"type": "object"}}})} for act, what in acts.items()}


def _post(summary: str, content: Schema, answer: Schema) -> Schema:
    body = {"required": True, "content": content}
    return {"summary": summary, "requestBody": body, "responses": _responses({JSON: {"schema": answer}}, _CASES)}


def _get(summary: str, content: Schema) -> Schema:
    cases = {code: what for code, what in _CASES.items() if code not in ("408", "413", "415", "422")}
    return {"summary": summary, "responses": _responses(content, cases)}


def _responses(content: Schema, cases: dict[str, str]) -> Schema:
    error = {JSON: {"schema": _ref("Error")}}
    return {
        "200": {"description": "The answer.", "content": content},
        **{code: {"description": what, "content": error} for code, what in cases.items()},
    }


def _forms() -> Schema:
    """MLflow's: exactly one of them, as ``https://mlflow.org`` describes the inputs of ``/invocations``."""
    records = {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": _ref("Row")}
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
    listed = {"type": inner, "minItems": 1, "maxItems": MOST_ROWS, "items": item}
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
_ANSWER: Schema = {
    "type": "object",
    "required": ["id", "version", "prediction", "answer", "probability", "reasons", "flags"],
    "properties": {
        "id": {"type": "string"},
        "version": {"type": "integer"},
        "prediction": {"type": ["number", "array"]},
        "probability": {"type": ["number", "null"]},
        "reasons": {"type": "array", "items": {"type": "object", "required": ["column", "value", "added"]}},
        "flags": {"type": "array", "items": {"type": "string"}},
        "arm": {"type": "string"},
    },
}
