"""The code tables: destinations, their evidence, services, and the words people use for them."""

from collections import Counter

import pytest

from models.codes import (
    destination,
    destinations,
    evidence_type,
    evidence_types,
    service_type,
    service_types,
)
from models.policy import Policy


def test_every_evidence_id_named_by_a_destination_exists_and_is_no_traineeship():
    known = {kind.id for kind in evidence_types() if not kind.traineeship}

    assert {code for row in destinations() for group in row.evidence for code in group} <= known


def test_no_word_means_two_things():
    evidence = Counter(word for kind in evidence_types() for word in {kind.id, kind.zh, *kind.aliases})
    services = Counter(word for kind in service_types() for word in {kind.id, kind.zh, *kind.aliases})
    codes = Counter(word for row in destinations() for word in (row.code, row.zh))

    assert [word for table in (evidence, services, codes) for word, count in table.items() if count > 1] == []


def test_settled_destinations_need_evidence_and_the_others_none():
    assert [row.code for row in destinations() if not row.settled] == ["70", "71", "72"]
    assert all(bool(row.evidence) == row.settled for row in destinations())


def test_superseded_codes_lead_to_codes_in_use():
    in_use = {row.code for row in destinations() if not row.superseded_by}
    older = {row.code: row.superseded_by for row in destinations() if row.superseded_by}

    assert older.keys() == {"27", "50", "51", "80"}
    assert all(set(codes) <= in_use for codes in older.values())


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("10", ("employment_agreement", "acceptance_letter")),
        ("11", ("labor_contract",)),
        ("46", ("enlistment_notice",)),
        ("502", ("hiring_document",)),
        ("75", ("business_licence",)),
        ("803", ("admission_notice",)),
    ],
)
def test_a_destination_names_its_evidence(code: str, group: tuple[str, ...]):
    row = destination(code)

    assert row is not None
    assert row.evidence == (group,)
    assert row.missing_evidence(frozenset()) == (group,)
    assert row.missing_evidence(frozenset({group[0]})) == ()


def test_study_abroad_needs_an_offer_and_a_visa():
    row = destination("85")

    assert row is not None
    assert len(row.missing_evidence(frozenset())) == 2
    assert row.missing_evidence(frozenset({"offer"})) == (("visa",),)
    assert row.missing_evidence(frozenset({"offer", "visa"})) == ()


def test_pay_counts_where_the_notice_asks_for_it():
    assert {row.code for row in destinations() if row.minimum_pay} == {"12", "27", "271", "76"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("11", "11"),
        (" 271 ", "271"),
        ("８５", "85"),
        ("签劳动合同形式就业", "11"),
        ("三支一扶", "502"),
        ("99", None),
        ("", None),
    ],
)
def test_a_destination_is_found_by_code_or_name(text: str, code: str | None):
    row = destination(text)

    assert (row and row.code) == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("labor_contract", "labor_contract"),
        ("Labour Contract", "labor_contract"),
        ("employment-contract", "labor_contract"),
        (" 劳动合同 ", "labor_contract"),
        ("协议书", "employment_agreement"),
        ("就业协议", "employment_agreement"),
        ("tripartite_agreement", "employment_agreement"),
        ("接收函", "acceptance_letter"),
        ("用人单位证明", "employer_certificate"),
        ("本人签字证明", "self_certificate"),
        ("入伍通知书", "enlistment_notice"),
        ("录用文件", "hiring_document"),
        ("营业执照", "business_licence"),
        ("business_license", "business_licence"),
        ("录取通知书", "admission_notice"),
        ("OFFER", "offer"),
        ("visa", "visa"),
        ("签证", "visa"),
        ("pay_certificate", "pay_slip"),
        ("科研助理证明", "research_assistant_certificate"),
        ("international admission letter", None),
        ("internal memo", None),
        ("照片", None),
    ],
)
def test_evidence_is_known_by_the_words_people_use(text: str, expected: str | None):
    kind = evidence_type(text)

    assert (kind and kind.id) == expected


@pytest.mark.parametrize(
    "text",
    ["traineeship_proof", "internship_proof", "见习证明", "实习证明", "顶岗实习证明", "Internship Certificate",
     "traineeship-letter", "某公司暑期实习鉴定表", "intern reference", "就业见习协议书", "trainee contract"],
)  # fmt: skip
def test_whatever_speaks_of_a_traineeship_is_a_traineeship_proof(text: str):
    kind = evidence_type(text)

    assert kind is not None
    assert kind.traineeship


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("policy_briefing", "policy_briefing"),
        ("政策宣介", "policy_briefing"),
        ("Career Guidance", "career_guidance"),
        ("岗位推荐", "job_recommendation"),
        ("training", "skills_training"),
        ("宏志助航", "skills_training"),
        ("hongzhi", "skills_training"),
        ("就业见习", "traineeship"),
        ("心理疏导", "psychological_support"),
        ("请客吃饭", None),
    ],
)
def test_a_service_is_known_by_code_name_or_alias(text: str, code: str | None):
    assert service_type(text) == code


def test_the_standards_and_the_table_name_the_same_services(national: Policy):
    assert national.service_types == {kind.id for kind in service_types()}
