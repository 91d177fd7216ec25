"""A collector of traces: it takes OTLP over HTTP and keeps what arrives."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collected:
    """The spans that arrived, and the bytes that they came in."""

    def __init__(self) -> None:
        self.address = ""
        self.raw = b""
        self._spans: list[tuple[str, Span]] = []

    def take(self, body: bytes) -> None:
        self.raw += body
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {item.key: item.value.string_value for item in group.resource.attributes}
            for scope in group.scope_spans:
                self._spans += [(names["service.name"], span) for span in scope.spans]

    def of(self, trace_id: str) -> list[Span]:
        """The spans of a trace."""
        return [span for _, span in self._spans if span.trace_id.hex() == trace_id]

    def services(self, trace_id: str) -> set[str]:
        """The processes that had part in a trace."""
        return {name for name, span in self._spans if span.trace_id.hex() == trace_id}


@contextmanager
def collecting() -> Generator[Collected]:
    """A collector on a port of its own."""
    collected = Collected()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collected.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collected.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collected
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
