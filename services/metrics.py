"""What this process counts and measures of its work, for Prometheus (docs/observability.md tells what to watch).

Labels are codes and kinds of which there are few; nothing names a person, a case or a member of staff.
"""

import prometheus_client
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LAG_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800, 7200)
_LATENESS_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400)

HTTP_SECONDS = Histogram(
    "zhuhang_http_request_seconds",
    "Time to answer a request, by method and class of status.",
    ("method", "status"),
    buckets=_REQUEST_SECONDS,
)
COMMANDS = Counter(
    "zhuhang_commands",
    "Commands by type and outcome: done, accepted (durable, not in the ledger yet), refused, stale, failed.",
    ("type", "outcome"),
)
COMMAND_SECONDS = Histogram(
    "zhuhang_command_seconds", "Time from sending a command to its answer.", buckets=_REQUEST_SECONDS
)
REFUSALS = Counter("zhuhang_refusals", "Commands that were refused or failed, by code.", ("code",))
PROJECTION_LAG = Histogram(
    "zhuhang_projection_lag_seconds",
    "Time from an event to its place in the ledger.",
    buckets=_LAG_SECONDS,
)
PROJECTION_FAILURES = Counter(
    "zhuhang_projection_failures", "Tries to write to the ledger that failed, by kind of error.", ("kind",)
)
CASES_BEHIND = Gauge(
    "zhuhang_cases_behind", "Cases with events that this process could not write to the ledger yet."
)
LATENESS = Histogram(
    "zhuhang_deadline_lateness_seconds",
    "Time from the moment at which a reminder or an escalation was due until it stood in the ledger, by rung.",
    ("rung",),
    buckets=_LATENESS_SECONDS,
)
DELIVERIES = Counter(
    "zhuhang_deliveries", "Tries to hand a message over, by outcome: sent, failed, given_up.", ("outcome",)
)
IMPORT_ROWS = Counter("zhuhang_import_rows", "Rows of rosters that got their outcome.", ("outcome",))
RECONCILED = Counter(
    "zhuhang_reconciled_cases",
    "Cases that the reconciler compared: equal, repaired, unrepaired, moving (about to be written by itself).",
    ("result",),
)
RECONCILER_LAST = Gauge(
    "zhuhang_reconciler_last_slice_timestamp_seconds",
    "When this process last compared a slice of the ledger.",
)

# Told as 0 from the start: Prometheus sees no increase in a series that begins with its first event.
for _outcome in ("sent", "failed", "given_up"):
    DELIVERIES.labels(_outcome)
for _result in ("equal", "repaired", "unrepaired", "moving"):
    RECONCILED.labels(_result)


def serve_metrics(host: str, port: int, *collectors: Collector) -> None:
    """Tell the metrics of this process at `/metrics` on a port of its own, from a thread; 0: nowhere. The
    collectors are asked at each look."""
    if not port:
        return
    for collector in collectors:
        REGISTRY.register(collector)
    prometheus_client.start_http_server(port, host)
