"""Who asks, and from where."""

from dataclasses import dataclass
from typing import Literal

from models.case.kernel import Actor

How = Literal["session", "token", "command_line"]


@dataclass(frozen=True)
class Caller:
    """A person, or a machine, whose request is being answered.

    `credential_id` is the id of the session or token, never its secret; `address` the network address;
    `permissions` narrows what the role may do to the scopes of a token (None: everything of the role).
    """

    actor: Actor
    how: How
    address: str
    credential_id: str = ""
    permissions: frozenset[str] | None = None


@dataclass(frozen=True)
class Stranger:
    """Somebody at the school of this installation who has not signed on, or is known by id alone. `how` is the way
    in which that one came."""

    address: str
    school_id: str
    actor_id: str = ""
    how: str = ""
