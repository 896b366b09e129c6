"""The addresses of the service, once: dispatch, the OpenAPI description, README's table and the tests of scopes follow.

A route names its handler, a method of :class:`workbench.scoring.service.Service`, and its schemas, which
``openapi.py`` has.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.scoring.bodies import ARROW, CSV
from workbench.scoring.http import JSON, JSON_LINES

TEXT = "text/plain"


@dataclass(frozen=True)
class Route:
    """One address with one method.

    Parameters
    ----------
    method, path : str
        What a client asks.
    scope : str
        What its key must have; empty: no key, as probes have none.
    summary : str
        A few words for a person.
    handler : str
        Method of the service that answers.
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
    Route("GET", "/openapi.json", "read", "This description", "_openapi"),
    Route("GET", "/metrics", "read", "Counters for Prometheus", "_metrics", TEXT, "text"),
    Route("GET", "/health", "", "Whether the process lives", "_health"),
    Route("GET", "/ready", "", "Whether it can answer, or why not", "_ready"),
    Route("GET", "/livez", "", "As /health", "_health"),
    Route("GET", "/readyz", "", "As /ready", "_ready"),
    Route("GET", "/ping", "", "Whether it lives, as MLflow's servers say it", "_ping", TEXT, "text"),
    Route("GET", "/version", "", "Version of Workbench, as MLflow's servers say theirs", "_version", TEXT, "text"),
    Route("POST", "/admin/reload", "admin", "Load the version that is named now", "_reloaded"),
    Route("POST", "/admin/rollback", "admin", "Go back to the version before", "_rolled_back"),
)  # fmt: skip
