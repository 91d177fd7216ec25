"""A request is a span, which goes on in Temporal; see `services.tracing`."""

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answered import Answered
from services.tracing import context_of

_SERVER_ERROR = 500

_tracer = trace.get_tracer(__name__)


class Traced:
    """Tells of a request its method, its route and its status, and nothing that it carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = Answered(send)
        given = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
        context = context_of(None if given is None else given.decode("latin-1"))
        with _tracer.start_as_current_span("HTTP", context, SpanKind.SERVER) as span:
            try:
                await self._app(scope, receive, answered)
            finally:
                _describe(span, scope, answered.status)


def _describe(span: Span, scope: Scope, status: int | None) -> None:
    """The names of OpenTelemetry's conventions; the address itself may hold what people searched for."""
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
        span.set_attribute("http.request.method", scope["method"])
    if status is not None:
        span.set_attribute("http.response.status_code", status)
        if status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
