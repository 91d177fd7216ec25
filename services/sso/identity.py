"""What a provider vouches for, and whom that is here."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from models.case.kernel import Actor
from services.actors import GRADUATE_PREFIX, Actors, graduate_actor_id
from services.errors import UnknownActor
from services.sso.errors import not_registered
from services.vault import Vault

_LONGEST = 100


@dataclass(frozen=True)
class Identity:
    """A person as the provider names them. `strong`: the provider has asked for a second factor. `id_token` is
    its own word for this sign-on, by which it is asked to end it."""

    staff_no: str | None
    student_no: str | None
    strong: bool = False
    id_token: str | None = field(default=None, repr=False)


def number_in(claims: Mapping[str, object], name: str) -> str | None:
    """The staff or student number in a claim: one text or whole number, nothing else is taken for one."""
    value = claims.get(name) if name else None
    if isinstance(value, list):
        several = cast("list[object]", value)
        value = several[0] if len(several) == 1 else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if 0 < len(text) <= _LONGEST and text.isprintable() else None


class People:
    """Finds whom an identity stands for, among the staff and graduates of one school."""

    def __init__(self, actors: Actors, vault: Vault, school_id: str) -> None:
        self._actors = actors
        self._vault = vault
        self._school_id = school_id

    def find(self, identity: Identity) -> Actor:
        """The member of staff, else the graduate in the own file. Raises Forbidden (`not_registered`)."""
        candidates: list[str] = []
        if identity.staff_no and not identity.staff_no.startswith(GRADUATE_PREFIX):
            candidates.append(identity.staff_no)
        if identity.student_no:
            candidates.append(graduate_actor_id(self._vault.case_id(self._school_id, identity.student_no)))
        for actor_id in candidates:
            with suppress(UnknownActor):
                actor = self._actors.find(actor_id)
                if actor.school_id == self._school_id:
                    return actor
        raise not_registered()
