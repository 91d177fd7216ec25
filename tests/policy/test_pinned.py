"""A policy as cases pin it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from models.pinned_policy import PinnedPolicy
from services.policies import load_policies

PINNED: TypeAdapter[PinnedPolicy] = TypeAdapter(PinnedPolicy)


def test_equal_documents_are_one_policy_in_memory() -> None:
    given = load_policies()[0]
    read = PINNED.validate_json(given.model_dump_json())
    assert read == given
    assert PINNED.validate_json(given.model_dump_json(indent=1)) is read
    other = PINNED.validate_json(given.model_copy(update={"version": 99}).model_dump_json())
    assert (other.version, read.version) == (99, given.version)


def test_a_changed_copy_has_a_fingerprint_of_its_own() -> None:
    given = load_policies()[0]
    before = given.digest_of_content
    assert given.model_copy(update={"minimum_monthly_pay": 1}).digest_of_content != before
    assert given.model_copy().digest_of_content == before


def test_what_is_wrong_keeps_its_place() -> None:
    wrong = load_policies()[0].model_copy(update={"minimum_monthly_pay": -1})
    with pytest.raises(ValidationError) as refused:
        PINNED.validate_json(wrong.model_dump_json())
    assert [error["loc"] for error in refused.value.errors()] == [("minimum_monthly_pay",)]
