"""The service's description in OpenAPI 3.1, with the contract as the schema of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.core.contract import Column, Contract
from workbench.scoring.bodies import CSV
from workbench.scoring.http import JSON
from workbench.scoring.limits import in_force
from workbench.scoring.routes import ROUTES, Route
from workbench.scoring.runtime import Scorer

MOST_REASONS = 50

Schema = dict[str, Any]
_CASES = {
    "400": "The body is not what its content type says, or a parameter is out of its range.",
    "401": "A key is missing or unknown.",
    "403": "The key has not the scope.",
    "404": "This version was packaged without one.",
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
        "paths": _paths(keys),
        "components": {
            "schemas": {
                "Row": row_schema(scorer.contract, scorer.features),
                "Label": label_schema(scorer),
                "Error": _ERROR,
                "Answer": answer_schema(scorer.bundle.lineage.get("loss")),
                "Explanation": _EXPLANATION,
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


def _paths(keys: bool) -> Schema:
    """Every route; those of an administrator only where there are keys, since nobody without one may use them."""
    paths: Schema = {}
    for route in ROUTES:
        if keys or route.scope != "admin":
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> Schema:
    never = (
        *(() if route.may_be_missing else _OF_WHAT_MAY_BE_MISSING),
        *(() if route.takes else _OF_BODIES),
        *(() if route.scope else _OF_KEYS),
    )
    cases = {status: what for status, what in _CASES.items() if status not in never}
    operation: Schema = {"summary": route.summary}
    if route.query:
        operation["parameters"] = [_PARAMETERS[name] for name in route.query]
    if route.takes:
        operation["requestBody"] = {"required": True, "content": _contents(route)}
    if not route.scope:
        operation["security"] = []
    contents = {
        route.gives: {"schema": _ANSWERS[route.answer]()},
        **{kind: {"schema": _BINARY} for kind in route.streams},
    }
    return {**operation, "responses": _responses(contents, cases)}


def _contents(route: Route) -> Schema:
    """The schema of the body as JSON; CSV is said in its description, for its rows are texts."""
    kinds = [kind for kind in route.takes if kind != CSV]
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
    }
}
# By the names that routes give them.
_BODIES: dict[str, Callable[[], Schema]] = {
    "rows": lambda: _one_or_many("rows", _ref("Row")),
    "forms": _forms,
    "labels": lambda: _one_or_many("labels", _ref("Label")),
}
_ANSWERS: dict[str, Callable[[], Schema]] = {
    "predictions": lambda: {"anyOf": [_ref("Answer"), _many("predictions", _ref("Answer"))]},
    "invocations": lambda: _many("predictions", {}),
    "explanation": lambda: _ref("Explanation"),
    "object": lambda: {"type": "object"},
    "text": lambda: {"type": "string"},
}
