"""A case keeps its policy version and moves to another on purpose."""

from models.case.ladder import deadlines

from .given import Case, types
from .people import M1, SUPERVISOR, adapted, days

NEWER = adapted(days(), version=2, contact_every={"A": "3 days"})


def test_a_case_moves_to_another_version_on_purpose() -> None:
    case = Case().delivering()
    document = NEWER.model_dump(mode="json")
    recorded = case.when(
        SUPERVISOR, "change_policy", policy_ref="national@2", reason="new year", policy=document
    )
    assert types(recorded) == ["policy_changed"]
    assert case.state.policy == NEWER
    assert "2026-09-10" in [str(item.due.on) for item in deadlines(case.state)]


def test_changing_the_policy_is_refused() -> None:
    case = Case()
    newer, current = NEWER.model_dump(mode="json"), days().model_dump(mode="json")
    change = {"reason": "x"}
    unknown = case.refused(SUPERVISOR, "change_policy", policy_ref="national@9", **change)
    assert unknown == "unknown_policy"
    other = case.refused(SUPERVISOR, "change_policy", policy_ref="national@9", policy=newer, **change)
    assert other == "unknown_policy"
    same = case.refused(SUPERVISOR, "change_policy", policy_ref="national@1", policy=current, **change)
    assert same == "nothing_changed"
    case.paired()
    mentor = case.refused(M1, "change_policy", policy_ref="national@2", policy=newer, **change)
    assert mentor == "role_not_allowed"
