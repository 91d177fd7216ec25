"""One trace leads from the request to the write in SQL, and tells nothing of anybody."""

from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider
from temporalio.worker import Replayer

from api.app import create_app
from api.traced import Traced
from services.settings import Settings
from services.temporal import connect, data_converter
from services.tracing import tracing, tracing_plugins
from services.vault import Vault
from services.workflow_runner import workflow_runner
from tests.observability.collector import Collected
from tests.observability.watched import CONTACT, Watched
from worker import WORKFLOWS

TRACE = "4bf92f3577b34da6a3ce929d0e0e47{:02d}"
CALLER = "00f067aa0ba902b7"
# From the write back to the request, each the child of the next.
WAY = [
    "write the ledger",
    "RunActivity:project",
    "StartActivity:project",
    "HandleUpdate:command",
    "StartWorkflowUpdate:command",
    "POST /cases/{case_id}/commands",
]


def way(spans: list[Span], name: str) -> list[str]:
    """The names from a span up to the topmost that arrived."""
    by_id = {span.span_id: span for span in spans}
    span = next(span for span in spans if span.name == name)
    names = [span.name]
    while span.parent_span_id in by_id:
        span = by_id[span.parent_span_id]
        names.append(span.name)
    return names


async def test_a_command_is_one_trace_from_the_caller_to_the_database(
    watched: Watched, collector: Collected
) -> None:
    case_id = await watched.open_case()
    trace = TRACE.format(1)
    baggage = {"baggage": "name=baggage-planted", "tracestate": "school=state-planted"}
    parent = {"traceparent": f"00-{trace}-{CALLER}-01"}
    command = CONTACT | {"content": "content-planted"}
    done = await watched.do(case_id, "mentor-1", command, "traced", **parent, **baggage)
    assert done.status_code == 200, done.text

    def arrived() -> list[Span] | None:
        spans = collector.of(trace)
        return spans if set(WAY) <= {span.name for span in spans} else None

    spans = await watched.until(arrived, what="the whole way has arrived")
    assert way(spans, WAY[0]) == WAY
    request = next(span for span in spans if span.name == WAY[-1])
    assert request.parent_span_id.hex() == CALLER
    assert collector.services(trace) == {"zhuhang-api", "zhuhang-worker"}

    settings = Settings(
        data_dir=Path(watched.running.environment["ZHUHANG_DATA_DIR"]),
        temporal_address=f"127.0.0.1:{watched.running.environment['ZHUHANG_TEMPORAL_PORT']}",
    )
    vault = Vault.of(settings)
    client = await connect(settings, vault)
    history = await client.get_workflow_handle(case_id).fetch_history()
    kept = b"".join(event.SerializeToString() for event in history.events)
    assert trace.encode() in kept
    for planted in (b"baggage-planted", b"state-planted", b"content-planted", "测试观察".encode()):
        assert planted not in kept
        assert planted not in collector.raw

    # What was traced can be replayed by those who trace nothing.
    await Replayer(
        workflows=WORKFLOWS,
        data_converter=data_converter(vault),
        workflow_runner=workflow_runner(sandboxed=True),
    ).replay_workflow(history)


async def test_a_refusal_is_marked_without_its_words(watched: Watched, collector: Collected) -> None:
    case_id = await watched.open_case()
    trace = TRACE.format(2)
    command = {"type": "approve_plan", "plan_version": 7}
    refused = await watched.do(case_id, "college", command, "refused", traceparent=f"00-{trace}-{CALLER}-01")
    assert refused.status_code == 409, refused.text

    def failed() -> list[Span]:
        return [
            span for span in collector.of(trace) if span.status.code == Status.StatusCode.STATUS_CODE_ERROR
        ]

    spans = await watched.until(failed, what="a span says that it failed")
    assert [span.status.message for span in spans] == [""] * len(spans)
    assert [list(span.events) for span in spans] == [[]] * len(spans)


async def test_what_people_search_for_is_in_no_trace(watched: Watched, collector: Collected) -> None:
    trace = TRACE.format(3)
    parent = {"traceparent": f"00-{trace}-{CALLER}-01"}
    sent = watched.running.bearer("counselor") | parent
    found = await watched.running.http.get("/api/v1/cases?q=search-planted", headers=sent)
    assert found.status_code == 200, found.text
    await watched.running.http.get("/console/login?q=page-planted", headers=parent)

    def told() -> bool:
        names = [span.name for span in collector.of(trace)]
        return "GET /cases" in names and len(names) > 1

    await watched.until(told, what="both requests are told")
    assert b"planted" not in collector.raw


def test_nothing_is_traced_without_a_collector() -> None:
    assert tracing_plugins(Settings()) == []
    assert Traced not in [each.cls for each in create_app(Settings()).user_middleware]
    with tracing(Settings(), "worker"):
        assert isinstance(get_tracer_provider(), ProxyTracerProvider)
