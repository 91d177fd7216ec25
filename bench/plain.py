"""The product with its protection taken out part by part, to measure what that costs: no encryption, no audit, no
sign-on, no permissions, no counting of requests. It lives here alone; no setting of the product does this."""

import asyncio
import hashlib
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated
from unittest.mock import patch

import uvicorn
import uvloop
from fastapi import FastAPI, Header
from temporalio.client import Client, GrpcCompression
from temporalio.converter import DataConverter

from api.app import create_app
from api.deps import ServicesDep, Signed, recognised
from api.http_protocol import GuardedHttp
from cli.clean_exit import run_and_leave
from cli.collector import spare_what_is_loaded
from models.audit import Outcome
from services.actors import Actors
from services.audit import Audit
from services.caller import Caller, Stranger
from services.database import migrate
from services.logs import configure_logging
from services.rate_limits import Kind, RateLimits
from services.settings import Settings, load_settings
from services.sign_on.credentials import Recognised
from services.temporal import PayloadConverter
from services.vault import CASE_PREFIX, IndexKind, Vault
from worker import build_worker

# Who asks, in the place of a credential.
ACTOR_HEADER = "X-Bench-Actor"
_THREADS = 16


class PlainVault(Vault):
    """Hands through what it is given."""

    def seal(self, subject: str, text: str, context: str) -> str:
        return text

    def open(self, subject: str, sealed: str, context: str) -> str:
        return sealed

    def ensure(self, subjects: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def destroyed(self, subjects: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def warm(self, subjects: Iterable[str]) -> None:
        pass

    def case_id(self, school_id: str, student_no: str) -> str:
        return f"{CASE_PREFIX}{school_id}-{student_no}"

    def index(self, school_id: str, kind: IndexKind, value: str) -> str:
        return f"{school_id}-{value}"

    def derive(self, purpose: str) -> bytes:
        return hashlib.sha256(purpose.encode()).digest()


class NoAudit(Audit):
    """Writes nothing."""

    async def record(
        self,
        caller: Caller | Stranger,
        act: str,
        *,
        case_id: str | None = None,
        purpose: str | None = None,
        outcome: Outcome | str = Outcome.DONE,
        code: str | None = None,
        detail: Mapping[str, str | int | Sequence[str]] | None = None,
    ) -> str:
        return ""

    def record_now(
        self,
        caller: Caller | Stranger,
        act: str,
        *,
        case_id: str | None = None,
        purpose: str | None = None,
        outcome: Outcome | str = Outcome.DONE,
        code: str | None = None,
        detail: Mapping[str, str | int | Sequence[str]] | None = None,
    ) -> str:
        return ""

    def record_cases(
        self,
        caller: Caller | Stranger,
        act: str,
        case_ids: Sequence[str],
        purpose: str | None = None,
        outcome: Outcome = Outcome.DONE,
        code: str | None = None,
    ) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


class NoLimits(RateLimits):
    """Counts nothing."""

    async def hit(self, kind: Kind, who: str) -> None:
        pass


async def plain_connect(settings: Settings, vault: Vault, *, lazy: bool = False) -> Client:
    """A client whose payloads anybody can read."""
    converter = DataConverter(payload_converter_class=PayloadConverter)
    return await Client.connect(
        settings.temporal_target, data_converter=converter, lazy=lazy, grpc_compression=GrpcCompression.NONE
    )


def plain_app(settings: Settings) -> FastAPI:
    """The application without its protection; to be used while `plain_parts` holds."""
    app = create_app(settings)

    @cache
    def known(actors: Actors, actor_id: str) -> Recognised:
        day = timedelta(days=1)
        now = datetime.now(UTC)
        return Recognised(
            actor=actors.find(actor_id),
            how="session",
            credential_id="",
            token_hash="",
            ends_at=now + day,
            idle=day,
            last_seen_at=now,
            read_at=time.monotonic(),
        )

    async def believed(services: ServicesDep, actor: Annotated[str, Header(alias=ACTOR_HEADER)]) -> Signed:
        found = known(services.actors, actor)
        return Signed(found, Caller(actor=found.actor, how=found.how, address=""), "", by_cookie=False)

    app.dependency_overrides[recognised] = believed
    return app


def plain_parts(stack: ExitStack) -> None:
    """Put the plain parts in the places of the protecting ones until the stack ends."""
    parts: dict[str, object] = {
        "services.assembly.Vault": PlainVault,
        "services.assembly.connect": plain_connect,
        "services.assembly.Audit": NoAudit,
        "api.app.RateLimits": NoLimits,
        "api.permits.demand": _granted,
    }
    for place, part in parts.items():
        stack.enter_context(patch(place, part))


def _granted(_caller: Caller, _permission: str) -> None:
    pass


def serve_api(settings: Settings) -> None:
    """Serve until asked to end."""
    with ExitStack() as stack:
        plain_parts(stack)
        options = uvicorn.Config(
            plain_app(settings),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            http=GuardedHttp,
            server_header=False,
            proxy_headers=False,
        )
        spare_what_is_loaded()
        uvicorn.Server(options).run()


async def serve_worker(settings: Settings) -> None:
    """Work until killed."""
    spare_what_is_loaded()
    vault = PlainVault.of(settings)
    client = await plain_connect(settings, vault)
    with ThreadPoolExecutor(_THREADS) as executor:
        async with build_worker(client, settings, vault, executor):
            await asyncio.Event().wait()


def main() -> int:
    """`python -m bench.plain migrate|worker|api`, with the settings in the environment."""
    settings = load_settings()
    configure_logging(settings)
    match sys.argv[1]:
        case "migrate":
            migrate(settings)
        case "worker":
            uvloop.run(serve_worker(settings))
        case _:
            serve_api(settings)
    return 0


if __name__ == "__main__":
    run_and_leave(main)
