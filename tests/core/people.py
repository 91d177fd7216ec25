"""An actor for every way of standing to a case, and two sets of service standards to try."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from models.base import Model
from models.calendar import Calendar
from models.case.kernel import Actor, Role
from models.policy import Policy
from services.policies import load_policies

SCHOOL, COLLEGE, OTHER_COLLEGE = "nhu", "cs", "law"

# A Monday, nine in the morning at the school.
START = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)


def person(
    staff_id: str,
    role: Role,
    department_id: str | None = None,
    school_id: str = SCHOOL,
    case_id: str | None = None,
) -> Actor:
    return Actor(id=staff_id, role=role, school_id=school_id, department_id=department_id, case_id=case_id)


M1 = person("m1", Role.MENTOR, COLLEGE)
M2 = person("m2", Role.MENTOR, COLLEGE)
M3 = person("m3", Role.MENTOR, COLLEGE)
FAR_MENTOR = person("m9", Role.MENTOR, OTHER_COLLEGE)
COUNSELOR = person("c1", Role.COUNSELOR, COLLEGE)
SUPERVISOR = person("d1", Role.DEPARTMENT_SUPERVISOR, COLLEGE)
SUPERVISOR_2 = person("d2", Role.DEPARTMENT_SUPERVISOR, COLLEGE)
CENTRE = person("s1", Role.SCHOOL_SUPERVISOR)
GRADUATE = person("g1", Role.GRADUATE, case_id="case-1")
PARTNER = person("p1", Role.PARTNER)
PARTNER_2 = person("p2", Role.PARTNER)
HRSS = person("hrss", Role.PARTNER)
SYSTEM = person("system", Role.SYSTEM)

# Those who may not even learn that the case exists.
OTHER_COUNSELOR = person("c9", Role.COUNSELOR, OTHER_COLLEGE)
OTHER_SUPERVISOR = person("d9", Role.DEPARTMENT_SUPERVISOR, OTHER_COLLEGE)
OTHER_SCHOOL_CENTRE = person("s9", Role.SCHOOL_SUPERVISOR, school_id="other-school")
OTHER_SCHOOL_COLLEGE = person("d8", Role.DEPARTMENT_SUPERVISOR, COLLEGE, school_id="other-school")
OTHER_GRADUATE = person("g2", Role.GRADUATE, case_id="case-2")
OBSERVER = person("o1", Role.PROVINCIAL_OBSERVER, COLLEGE)
ADMINISTRATOR = person("a1", Role.ADMINISTRATOR, COLLEGE)
STRANGERS = (
    FAR_MENTOR,
    OTHER_COUNSELOR,
    OTHER_SUPERVISOR,
    OTHER_SCHOOL_CENTRE,
    OTHER_SCHOOL_COLLEGE,
    OTHER_GRADUATE,
    OBSERVER,
    ADMINISTRATOR,
    PARTNER,
)
EVERYBODY = (
    M1,
    M2,
    M3,
    COUNSELOR,
    SUPERVISOR,
    SUPERVISOR_2,
    CENTRE,
    GRADUATE,
    PARTNER_2,
    HRSS,
    *STRANGERS,
)


@cache
def days() -> Policy:
    """The national standards with Monday to Friday as the only calendar."""
    (national,) = load_policies()
    return national.model_copy(update={"calendar": Calendar()})


@cache
def seconds() -> Policy:
    """The packaged trial standards, with seconds for days."""
    root = Path(__file__).parents[2]
    (policy,) = load_policies(root / "models" / "data" / "policies" / "seconds.yaml")
    return policy


def adapted(policy: Policy, **changes: object) -> Policy:
    """That policy with some entries replaced, checked as a policy file is."""
    document = policy.model_dump(mode="json")
    for name, value in changes.items():
        merged = isinstance(value, dict) and isinstance(document[name], dict)
        document[name] = document[name] | value if merged else value
    return Policy.model_validate(document)


class Sample(Model):
    """What each person's file says of them; none of it may appear in a notice."""

    name: str = "张三丰"
    student_no: str = "20230001"
    id_number: str = "000000200202290015"
    phone: str = "10012345678"


SAMPLE = Sample()
