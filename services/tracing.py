"""Traces: one from the request through the Update and its activities to the write in SQL, for OpenTelemetry.

Without a collector in the settings nothing is traced and nothing of it is installed. The ids of traces and spans go
into Temporal in plaintext, and nothing else: what a request brings along besides its `traceparent` is dropped.
"""

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.plugin import SimplePlugin

from services.settings import Settings

_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def tracing(settings: Settings, part: str) -> Generator[None]:
    """Trace this process, called `part`, if the settings name a collector; at the end send what waits."""
    if not settings.otlp_endpoint:
        yield
        return
    # The exporter loads an HTTP client of its own; only who traces waits for it.
    from services.trace_export import export_to

    flush = export_to(settings.otlp_endpoint, part)
    try:
        yield
    finally:
        flush()


def tracing_plugins(settings: Settings) -> list[SimplePlugin]:
    """What makes a Temporal client, and the workers on it, pass traces on. `tracing` must be under way."""
    if not settings.otlp_endpoint:
        return []
    from temporalio.contrib.opentelemetry import OpenTelemetryPlugin

    return [OpenTelemetryPlugin(add_temporal_spans=True)]


def context_of(traceparent: str | None) -> Context:
    """The context of a W3C `traceparent`; that of a new trace where it is none."""
    carrier = {} if traceparent is None else {"traceparent": traceparent}
    return _PROPAGATOR.extract(carrier, context=Context())


def trace_id() -> str | None:
    """The id of the trace at hand in hexadecimal digits."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None
