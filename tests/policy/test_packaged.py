"""The policies that come with the product, and their stability: a case pins the whole document for years."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.policy import Policy
from services.policies import load_policies

FOLDER = Path(__file__).parents[2] / "models/data/policies"
PACKAGED = sorted(FOLDER.glob("*.yaml"))
RUNGS = ["before_due", "due", "overdue", "college", "school"]


@pytest.mark.parametrize("file", PACKAGED, ids=lambda file: file.stem)
def test_a_packaged_policy_loads_under_its_own_name(file: Path):
    (policy,) = load_policies(file)

    assert policy.id == file.stem
    assert (policy.provinces, policy.cohorts) == (("*",), ())


@pytest.mark.parametrize("file", PACKAGED, ids=lambda file: file.stem)
def test_a_policy_survives_writing_and_reading_exactly(file: Path):
    (policy,) = load_policies(file)

    again = Policy.model_validate_json(policy.model_dump_json())

    assert again == policy
    assert again.model_dump_json() == policy.model_dump_json()
    assert again.digest_of_content == policy.digest_of_content


@pytest.mark.parametrize("file", PACKAGED, ids=lambda file: file.stem)
def test_the_fingerprint_is_the_same_in_every_process(file: Path):
    script = (
        "import sys; from pathlib import Path; from services.policies import load_policies; "
        "print(load_policies(Path(sys.argv[1]))[0].digest_of_content)"
    )
    digests = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", script, str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            cwd=FOLDER.parents[2],
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }

    assert digests == {load_policies(file)[0].digest_of_content}


def test_another_content_has_another_fingerprint(national: Policy):
    assert (
        national.model_copy(update={"minimum_monthly_pay": 1}).digest_of_content != national.digest_of_content
    )


def test_the_national_package_is_1131(national: Policy):
    assert [item.count for item in national.service_package] == [1, 1, 3, 1]
    assert national.service_package[3].types == ("skills_training", "traineeship")
    assert [item.item for item in national.short_package] == ["policy_briefing", "career_guidance"]


def test_the_national_ladder_climbs_from_owner_to_school(national: Policy):
    told = [(rung.rung, str(rung.offset), rung.notify) for rung in national.ladders["default"]]

    assert told == [
        ("before_due", "-1 working_days", "owner"),
        ("due", "0 working_days", "owner"),
        ("overdue", "1 working_days", "owner"),
        ("college", "3 working_days", "department"),
        ("school", "7 working_days", "school"),
    ]


def test_every_field_to_disclose_has_one_ground_without_duty(national: Policy):
    disclosure = national.disclosure
    statutory = frozenset[str]().union(*disclosure.statutory.values())

    assert not disclosure.free & disclosure.consent
    assert not disclosure.free & statutory
    assert statutory <= disclosure.consent
    assert {"id_number", "hardship_types", "disability", "address", "psychological"} <= disclosure.consent


def test_the_trial_policy_differs_in_its_durations_only(national: Policy):
    (seconds,) = load_policies(FOLDER / "seconds.yaml")

    for clock in seconds.clocks.values():
        assert clock.within.unit == "seconds"
        assert 3 <= clock.within.amount <= 8
    assert seconds.clocks.keys() == national.clocks.keys()
    assert [rung.rung for rung in seconds.ladders["default"]] == RUNGS
    for rungs in seconds.ladders.values():
        assert all(rung.offset.unit == "seconds" for rung in rungs)
    assert [str(every) for every in seconds.contact_every.values()] == [
        "6 seconds",
        "12 seconds",
        "20 seconds",
    ]
    assert str(seconds.digest.every) == "5 seconds"
    durations = {
        "id",
        "title",
        "clocks",
        "ladders",
        "digest",
        "contact_every",
        "follow_up",
        "stability_checks",
        "retention",
    }
    assert seconds.model_dump(exclude=durations) == national.model_dump(exclude=durations)
