"""A span of OpenTelemetry for each request, where the environment asks for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any

from workbench.errors import MissingExtra
from workbench.scoring.http import Request

ASKED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def tracer() -> Callable[[Request], AbstractContextManager[Any]] | None:
    """Spans over OTLP if ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; None otherwise.

    Raises
    ------
    MissingExtra
        If they are asked for and OpenTelemetry is not installed.
    """
    if not any(os.environ.get(name) for name in ASKED):
        return None
    try:
        trace = import_module("opentelemetry.sdk.trace")
        batch = import_module("opentelemetry.sdk.trace.export").BatchSpanProcessor
        exporter = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter
    except ImportError as error:
        raise MissingExtra(
            "Spans need OpenTelemetry. Install it with: pip install opentelemetry-sdk opentelemetry-exporter-otlp"
        ) from error
    provider = trace.TracerProvider()
    provider.add_span_processor(batch(exporter()))
    return spans(provider)


def spans(provider: Any) -> Callable[[Request], AbstractContextManager[Any]]:
    """A span for each request of a tracer provider; the caller's ``traceparent`` is taken over."""
    propagate = import_module("opentelemetry.trace.propagation.tracecontext").TraceContextTextMapPropagator()
    scoring_tracer = provider.get_tracer("workbench.scoring")

    @contextmanager
    def span(request: Request) -> Iterator[None]:
        carrier = {"traceparent": request.header(b"traceparent")}
        attributes = {"http.request.method": request.method, "url.path": request.path[:200], "request.id": request.id}
        with scoring_tracer.start_as_current_span(
            "scoring request", context=propagate.extract(carrier), attributes=attributes
        ) as now:
            yield
            for name in ("status", "rows"):
                if name in request.notes:
                    now.set_attribute(f"scoring.{name}", request.notes[name])

    return span
