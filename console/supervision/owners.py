"""What people and offices are called that are due to do something, or that asked for it."""

from collections.abc import Iterable

from console.texts import _, say
from console.visit import Visit
from models.case.kernel import Role, department, staff
from models.views.vocabulary import vocabulary

_PERSON, _DEPARTMENT = staff(""), department("")


async def learn_owners(visit: Visit, owners: Iterable[str]) -> None:
    """Ask what these owners of deadlines are called, once for the page."""
    await visit.learn_names(owner.partition(":")[2] for owner in owners)


def owner_name(visit: Visit, owner: str) -> str:
    """The person or office by which a deadline is to be met, as far as learnt."""
    id_ = owner.partition(":")[2]
    if owner.startswith(_PERSON):
        return person_name(visit, id_)
    if owner.startswith(_DEPARTMENT):
        return visit.name(id_)
    return say(vocabulary().role(Role.SCHOOL_SUPERVISOR))


def person_name(visit: Visit, id_: str | None) -> str:
    """A member of staff as far as learnt; the graduate, and the case itself, by what they are."""
    if id_ is None:
        return _("Nobody")
    if id_.startswith(Role.GRADUATE):
        return say(vocabulary().role(Role.GRADUATE))
    if id_ == Role.SYSTEM:
        return say(vocabulary().role(Role.SYSTEM))
    return visit.name(id_)
