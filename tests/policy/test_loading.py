"""Policy files: what is taken, and every mistake with its file, line and reason."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from models.calendar import DurationValue
from models.policy import Policy
from services.policies import NoPolicyError, load_policies, policy_for, policy_on
from services.policy_source import PolicyError

NATIONAL = (Path(__file__).parents[2] / "models/data/policies/national.yaml").read_text(encoding="utf-8")
VARIANT = "extends: national\nid: zhejiang\nversion: 1\ntitle: 浙江\n"


def changed(old: str, new: str) -> str:
    """The national file with one passage changed."""
    assert NATIONAL.count(old) == 1, old
    return NATIONAL.replace(old, new)


def write(folder: Path, text: str, name: str = "school.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def mistakes() -> list[tuple[str, str]]:
    """The name and the text of each file of `mistakes.txt`."""
    text = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8")
    found = re.findall(r"^=([=+]) (.+)\n((?:(?!=[=+] ).*\n)*)", text, re.MULTILINE)
    return [(name, body if kind == "=" else VARIANT + body) for kind, name, body in found]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in mistakes()])
def test_a_mistake_is_refused_with_file_line_and_reason(tmp_path: Path, text: str):
    file = write(tmp_path, text)
    ((line, reason),) = [
        (number, row.split("#! ")[1]) for number, row in enumerate(text.splitlines(), start=1) if "#! " in row
    ]

    with pytest.raises(PolicyError) as caught:
        load_policies(file)

    said = str(caught.value)
    assert said.startswith(f"{file}:{line}: "), said
    assert reason in said
    assert "\n" not in said
    assert (caught.value.path, caught.value.line, caught.value.code) == (file, line, "policy_invalid")


def test_the_first_of_several_mistakes_is_shown(tmp_path: Path):
    file = write(tmp_path, VARIANT + "minimum_attendance: 2.0\nmentor_hold_limit: never\nclockz: 1\n")

    with pytest.raises(PolicyError, match=r"school\.yaml:5: minimum_attendance"):
        load_policies(file)


def test_a_clock_left_out_of_a_whole_file_is_named(tmp_path: Path):
    text = changed("  first_talk: {within: 5 working days}             # [K] of acceptance\n", "")
    line = text[: text.index("\nclocks:")].count("\n") + 2

    with pytest.raises(PolicyError, match=rf"school\.yaml:{line}: clocks: .*first_talk"):
        load_policies(write(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read"), ("版本: 一".encode("gb18030"), "UTF-8"), (b"id: \x00", "YAML")],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes | None, reason: str):
    file = tmp_path / "school.yaml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(PolicyError, match=reason) as caught:
        load_policies(file)
    assert str(file) in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(PolicyError, match=r"no \.yaml file"):
        load_policies(tmp_path)


def test_two_documents_of_one_version_are_refused(tmp_path: Path):
    write(tmp_path, VARIANT, "a.yaml")
    write(tmp_path, VARIANT, "b.yml")

    with pytest.raises(PolicyError, match=r"b\.yml:2: zhejiang@1 .*stated twice"):
        load_policies(tmp_path)


def test_two_documents_of_one_version_in_one_file_are_refused(tmp_path: Path):
    with pytest.raises(PolicyError, match=r"school\.yaml:7: zhejiang@1"):
        load_policies(write(tmp_path, f"{VARIANT}---\n{VARIANT}"))


def test_rivals_for_the_same_people_are_refused(tmp_path: Path):
    write(tmp_path, VARIANT, "a.yaml")
    write(tmp_path, VARIANT.replace("zhejiang", "jiangsu"), "b.yaml")

    with pytest.raises(PolicyError, match=r"b\.yaml:2: .*zhejiang@1"):
        load_policies(tmp_path)


def test_a_variant_states_only_what_differs(tmp_path: Path, national: Policy):
    text = (
        VARIANT
        + "contact_every: {A: 5 days}\ndigest: {at: 08:30, quiet_from: 22:00}\nproof_required: [DIBAO]\n"
    )
    (variant,) = load_policies(write(tmp_path, "\ufeff" + text))

    assert variant.ref == "zhejiang@1"
    assert variant.contact_every == {**national.contact_every, "A": DurationValue(amount=5, unit="days")}
    assert (variant.digest.at, variant.digest.quiet_from, variant.digest.quiet_to) == (
        time(8, 30),
        time(22),
        time(8),
    )
    assert variant.proof_required == {"DIBAO"}
    assert variant.clocks == national.clocks
    assert variant.calendar == national.calendar


def test_vacations_that_do_not_pause_are_left_out_of_the_calendar(tmp_path: Path):
    text = VARIANT + "calendar:\n  vacations: [{start: 2027-01-18, end: 2027-02-19}]\n"
    (pausing,) = load_policies(write(tmp_path, text))
    (running,) = load_policies(write(tmp_path, text + "vacations_pause_clocks: false\n"))

    assert len(pausing.calendar.vacations) == 1
    assert running.calendar.vacations == ()
    assert running.calendar.holidays == pausing.calendar.holidays


def test_the_most_specific_then_the_newest_policy_is_chosen(tmp_path: Path):
    province = VARIANT + 'provinces: ["33"]\n'
    write(tmp_path, NATIONAL, "national.yaml")
    write(tmp_path, NATIONAL.replace("\nversion: 1\n", "\nversion: 2\n"), "national-2.yaml")
    write(tmp_path, province, "zhejiang.yaml")
    write(
        tmp_path,
        province.replace("id: zhejiang", "id: zhejiang-2027") + "cohorts: [2027]\n",
        "zhejiang-2027.yaml",
    )
    write(tmp_path, VARIANT.replace("id: zhejiang", "id: everybody-2026") + "cohorts: [2026]\n", "2026.yaml")
    policies = load_policies(tmp_path)

    assert len(policies) == 5
    assert policy_for(policies, "11", 2026).ref == "everybody-2026@1"
    assert policy_for(policies, "11", 2027).ref == "national@2"
    assert policy_for(policies, "33", 2026).ref == "zhejiang@1"
    assert policy_for(policies, "33", 2027).ref == "zhejiang-2027@1"


@pytest.mark.parametrize(
    ("day", "ref"),
    [
        ("2026-08-31", "of-2026@1"),
        ("2026-09-01", "of-2027@1"),
        ("2027-01-01", "of-2027@1"),
        ("2027-08-31", "of-2027@1"),
        # Nobody's standards: the first ones.
        ("2027-09-01", "of-2026@1"),
    ],
)
def test_the_standards_of_a_day_are_those_of_the_season_s_cohort(tmp_path: Path, day: str, ref: str):
    for cohort in (2026, 2027):
        text = VARIANT.replace("id: zhejiang", f"id: of-{cohort}") + f"cohorts: [{cohort}]\n"
        write(tmp_path, text, f"{cohort}.yaml")
    assert policy_on(load_policies(tmp_path), "33", date.fromisoformat(day)).ref == ref


def test_nobody_covers_the_cohort(tmp_path: Path):
    policies = load_policies(write(tmp_path, VARIANT + "cohorts: [2027]\n"))

    with pytest.raises(NoPolicyError) as caught:
        policy_for(policies, "33", 2026)
    assert caught.value.code == "no_policy"
    assert "2026" in caught.value.zh
    assert "2026" in caught.value.en
