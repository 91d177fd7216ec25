"""The settings by which an installation is seen running; see docs/observability.md."""

from typing import Annotated

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings

_PortOrNone = Annotated[int, Field(ge=0, le=65535)]


class ObservabilitySettings(BaseSettings):
    """Where a process tells how it does, and how eagerly the ledger is compared with the cases. Part of
    `services.settings.Settings`."""

    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address on which processes tell their metrics."
    )
    api_metrics_port: _PortOrNone = Field(
        default=0, description="Port of `/metrics` of an API process; 0: none."
    )
    worker_metrics_port: _PortOrNone = Field(
        default=0, description="Port of `/metrics` of a worker process; 0: none."
    )
    temporal_metrics_port: _PortOrNone = Field(
        default=0,
        description="Port of `/metrics` of the Temporal SDK in a worker process, such as slots and latencies; "
        "0: none.",
    )
    otlp_endpoint: str = Field(
        default="",
        pattern="^(https?://.+)?$",
        validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint"),
        description="Address of an OpenTelemetry collector that takes OTLP over HTTP, such as "
        "`http://127.0.0.1:4318`; absent: nothing is traced.",
    )
    reconcile_seconds: int = Field(
        default=300,
        ge=1,
        le=86_400,
        description="Seconds between two slices of the ledger that are compared with their cases, and repaired.",
    )
    reconcile_cases: int = Field(default=100, ge=1, le=1000, description="Cases in such a slice.")
