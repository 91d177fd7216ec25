"""Opening payloads for Temporal's web pages: of the cases that a person may read, as that person may see them."""

import json
from collections.abc import Sequence
from typing import cast

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from temporalio.api.common.v1 import Payload

from models.access import access_policy
from models.case.kernel import Actor
from models.masks import COVER, masked
from models.tables import CaseRow
from services.access import plain_groups, readable
from services.codec import opened, sealed_with
from services.data_key import KeyDestroyed, KeyMissing, SealBroken
from services.vault import Vault

_JSON = b"json/plain"


class CodecDesk:
    """Opens what may be seen, and leaves everything else as it is."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def cases_of(self, actor: Actor, payloads: Sequence[Payload]) -> dict[str, frozenset[str]]:
        """The cases that sealed these payloads and that the actor may read, each with the groups of fields that
        the actor sees plain in it."""
        subjects = {subject for payload in payloads if (subject := self._subject(payload)) is not None}
        query = select(CaseRow).where(readable(actor), col(CaseRow.case_id).in_(subjects))
        with Session(self._engine) as session:
            return {row.case_id: plain_groups(actor, row) for row in session.exec(query)}

    def decode(self, payloads: Sequence[Payload], cases: dict[str, frozenset[str]]) -> list[Payload]:
        """The payloads, those of these cases opened and masked."""
        return [self._decoded(payload, cases) for payload in payloads]

    def _subject(self, payload: Payload) -> str | None:
        try:
            return self._vault.key_by_id(sealed_with(payload)).subject
        except (KeyDestroyed, KeyMissing):
            return None

    def _decoded(self, payload: Payload, cases: dict[str, frozenset[str]]) -> Payload:
        subject = self._subject(payload)
        if subject is None or subject not in cases:
            return payload
        try:
            plain = opened(self._vault.key_by_id(sealed_with(payload)), payload)
            value = json.loads(plain.data) if plain.data else None
        except (KeyDestroyed, SealBroken, ValueError):
            return payload
        shown = json.dumps(_covered(value, cases[subject]), ensure_ascii=False)
        return Payload(metadata={"encoding": _JSON}, data=shown.encode())


def _covered(value: object, plain: frozenset[str]) -> object:
    """JSON of a workflow, whose own parts hold files and events."""
    if isinstance(value, list):
        return [_covered(item, plain) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _field(key, item, plain) for key, item in cast("dict[str, object]", value).items()}
    # A text that no field names may say anything.
    return COVER if isinstance(value, str) else value


def _field(key: str, value: object, plain: frozenset[str]) -> object:
    return masked({key: value}, plain)[0][key] if key in access_policy().group_of else _covered(value, plain)
