"""The addresses of the service, once: dispatch, the OpenAPI description, README's table and the tests of scopes follow.

A route names its handler, a method of :class:`workbench.scoring.service.Service` or a function ``module.function`` of
a module that :mod:`workbench.scoring.addresses` knows, and its schemas, which ``openapi.py`` has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workbench.scoring.bodies import ARROW, CSV
from workbench.scoring.http import JSON, JSON_LINES

TEXT, HTML, RAW = "text/plain", "text/html", "application/octet-stream"
PYTHON = "text/x-python"
# What a client of TensorFlow Serving may ask for: every output, or one of them.
EVERY, OUTPUTS = ("", "serving_default"), ("prediction", "answer", "probability", "id", "flags")
SIGNATURES = (*EVERY, *OUTPUTS)


@dataclass(frozen=True)
class Route:
    """One address with one method.

    Parameters
    ----------
    method, path : str
        What a client asks; in braces the name and version of a model.
    scope : str
        What its key must have; empty: no key, as probes have none.
    summary : str
        A few words for a person.
    handler : str
        Method of the service, or function of a module, that answers.
    gives : str
        Kind of its answer's content.
    answer : str
        Schema of the answer.
    takes : tuple of str
        Kinds of content of the body; empty: it takes none.
    body : str
        Schema of the body as JSON.
    query : tuple of str
        Parameters of the address.
    streams : tuple of str
        Kinds of content of an answer that is streamed.
    may_be_missing : bool
        Whether a bundle may lack what is asked for.
    """

    method: str
    path: str
    scope: str
    summary: str
    handler: str
    gives: str = JSON
    answer: str = "object"
    takes: tuple[str, ...] = ()
    body: str = ""
    query: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    may_be_missing: bool = False


def _of_versions(
    method: str, model: str, act: str, scope: str, summary: str, handler: str, **more: Any
) -> Iterator[Route]:
    """The address of a model, and that of one version of it."""
    for version in ("", "/versions/{version}"):
        yield Route(method, f"{model}{version}{act}", scope, summary, handler, **more)


ROUTES = (
    Route("POST", "/predict", "predict", "Score rows and say why", "_predict", answer="predictions",
          takes=(JSON, ARROW, *JSON_LINES), body="rows", query=("reasons",),
          streams=(JSON_LINES[0], ARROW)),
    Route("POST", "/explain", "explain", "Say what every column added", "_explain", takes=(JSON, ARROW), body="rows"),
    Route("POST", "/invocations", "predict", "Score rows as MLflow's servers do", "_invocations", answer="invocations",
          takes=(JSON, CSV, ARROW), body="forms"),
    Route("POST", "/feedback", "feedback", "Send labels that came later", "_feedback", takes=(JSON,), body="labels"),
    Route("GET", "/contract", "read", "What a row must look like", "_contract"),
    Route("GET", "/explanation", "read", "What drives the predictions", "_explanation", answer="explanation",
          may_be_missing=True),
    Route("GET", "/", "", "The page below for browsers, the main addresses for others", "docs.root"),
    Route("GET", "/docs", "", "A page to try a row, with examples; it asks for a key where one is needed", "docs.docs",
          HTML, "text"),
    Route("GET", "/client.py", "", "The client of Python, one file to copy", "docs.client", PYTHON, "text"),
    Route("GET", "/openapi.json", "read", "This description", "_openapi"),
    Route("GET", "/metrics", "read", "Counters for Prometheus", "_metrics", TEXT, "text"),
    Route("GET", "/health", "", "Whether the process lives", "_health"),
    Route("GET", "/ready", "", "Whether it can answer, or why not", "_ready"),
    Route("GET", "/livez", "", "As /health", "_health"),
    Route("GET", "/readyz", "", "As /ready", "_ready"),
    Route("GET", "/ping", "", "Whether it lives, as MLflow's servers say it", "_ping", TEXT, "text"),
    Route("GET", "/version", "", "Version of Workbench, as MLflow's servers say theirs", "_version", TEXT, "text"),
    Route("GET", "/v2", "", "What answers here, in the Open Inference Protocol", "v2.server", answer="v2_server"),
    Route("GET", "/v2/health/live", "", "Whether the process lives, likewise", "v2.live"),
    Route("GET", "/v2/health/ready", "", "Whether it can answer, likewise", "v2.ready"),
    *_of_versions("GET", "/v2/models/{name}", "", "read", "What a model takes and answers, likewise", "v2.metadata",
                  answer="v2_metadata", may_be_missing=True),
    *_of_versions("GET", "/v2/models/{name}", "/ready", "", "Whether a model can answer, likewise", "v2.model_ready",
                  may_be_missing=True),
    *_of_versions("POST", "/v2/models/{name}", "/infer", "predict", "Score rows as KServe, Triton and MLServer do",
                  "v2.infer", answer="v2_response", takes=(JSON, RAW), body="v2_request", may_be_missing=True),
    Route("GET", "/v1/models", "read", "Names of models, as KServe's first protocol has them", "v1.models"),
    *_of_versions("GET", "/v1/models/{name}", "", "", "Whether a model can answer, as TensorFlow Serving says it",
                  "v1.status", may_be_missing=True),
    *_of_versions("POST", "/v1/models/{name}", ":predict", "predict", "Score rows as TensorFlow Serving does",
                  "v1.predict", answer="v1_answer", takes=(JSON,), body="v1_request", query=("reasons",),
                  may_be_missing=True),
    Route("POST", "/admin/reload", "admin", "Load the version that is named now", "_reloaded"),
    Route("POST", "/admin/rollback", "admin", "Go back to the version before", "_rolled_back"),
)  # fmt: skip
