"""The product with its protection taken out part by part, to measure what that costs: no encryption, no audit, no
sign-on, no permissions, no counting of requests. It lives here alone; no setting of the product does this.

`python -m bench.plain setup|worker|api` is `zhuhang setup|worker|api` in all else.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated
from unittest.mock import patch

from fastapi import Header
from temporalio.api.common.v1 import Payload
from temporalio.converter import SerializationContext

from api.app import Api, create_app
from api.deps import ServicesDep, Signed, recognised
from cli.clean_exit import run_and_leave
from cli.main import run
from models.audit import Outcome
from services.actors import Actors
from services.audit import Audit
from services.caller import Caller, Stranger
from services.codec import EncryptionCodec
from services.rate_limits import Kind, RateLimits
from services.settings import Settings
from services.sign_on.credentials import Recognised
from services.vault import CASE_PREFIX, IndexKind, Vault

# Who asks, in the place of a credential.
ACTOR_HEADER = "X-Bench-Actor"


class PlainCodec(EncryptionCodec):
    """Hands through what anybody may then read."""

    def with_context(self, context: SerializationContext) -> EncryptionCodec:
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return list(payloads)


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


def plain_app(settings: Settings) -> Api:
    """The application, which believes who says that he asks."""
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


def _granted(_caller: Caller, _permission: str) -> None:
    pass


# Replaced in the classes themselves, which every part of the product has imported already.
_PLAIN = {EncryptionCodec: PlainCodec, Vault: PlainVault, Audit: NoAudit, RateLimits: NoLimits}


def main() -> int:
    """Do what the command line says without protection; the exit status."""
    with ExitStack() as stack:
        for protecting, plain in _PLAIN.items():
            for name, method in vars(plain).items():
                if not name.startswith("_"):
                    stack.enter_context(patch.object(protecting, name, method))
        stack.enter_context(patch("api.app.create_app", plain_app))
        stack.enter_context(patch("api.permits.demand", _granted))
        return run()


if __name__ == "__main__":
    run_and_leave(main)
