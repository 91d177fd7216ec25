"""The policy of access as a document."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.access import AccessPolicy, access_policy
from models.case.kernel import Actor, Role
from services.access import demand
from services.caller import Caller
from services.errors import NotAllowed


def document() -> dict[str, Any]:
    return access_policy().model_dump(mode="json")


def caller(role: Role, permissions: frozenset[str] | None = None) -> Caller:
    return Caller(Actor(id="x", role=role, school_id="90001"), "token", "127.0.0.1", permissions=permissions)


def test_a_role_without_a_rule_is_refused() -> None:
    given = document()
    del given["roles"]["partner"]
    with pytest.raises(ValidationError, match="the roles must be"):
        AccessPolicy.model_validate(given)


def test_a_misspelt_permission_is_refused() -> None:
    given = document()
    given["roles"]["mentor"]["permissions"].append("case.raed")
    with pytest.raises(ValidationError, match=r"unknown permissions \['case.raed'\]"):
        AccessPolicy.model_validate(given)


def test_a_permission_that_nobody_has_is_refused() -> None:
    given = document()
    given["permissions"]["case.burn"] = {"zh": "x", "en": "x"}
    with pytest.raises(ValidationError, match="nobody has"):
        AccessPolicy.model_validate(given)


def test_administrators_and_observers_have_nothing_of_cases() -> None:
    for role in (Role.ADMINISTRATOR, Role.PROVINCIAL_OBSERVER):
        access = access_policy().roles[role]
        assert not access.stands
        of_cases = {"case", "ledger", "import", "referral", "inbox", "training"}
        assert not [name for name in access.permissions if name.partition(".")[0] in of_cases]


def test_a_token_narrows_what_the_role_may() -> None:
    demand(caller(Role.MENTOR), "case.read")
    demand(caller(Role.MENTOR, frozenset({"case.read"})), "case.read")
    for refused in (
        caller(Role.MENTOR, frozenset({"case.list"})),
        # A token never widens the role.
        caller(Role.ADMINISTRATOR, frozenset({"case.read"})),
    ):
        with pytest.raises(NotAllowed) as answer:
            demand(refused, "case.read")
        assert answer.value.details == {"permission": "case.read"}
