"""The words of screens: whatever a person may do, see or choose in a case is named in both languages."""

from collections.abc import Iterator
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import pytest
from pydantic import BaseModel

from models.calendar import DurationValue
from models.case.kernel import Role
from models.case.machine import AnyEvent, PublicCommand
from models.case.state import STAGES
from models.codes import destinations, evidence_types, service_types
from models.hardship import HardshipType
from models.ledger_columns import ledger_columns
from models.policy import ClockName, Ending, Policy, RungName
from models.roster.columns import roster_columns
from models.tables.office import Staff
from models.training_class import ClassStatus
from models.views.case import CaseLine, CaseView, TimelineEntry
from models.views.erasure import CertificateView, RetentionLine
from models.views.imports import ImportRowView, ImportView
from models.views.inbox import Inbox
from models.views.referral import ReferralEntry
from models.views.sign_on import AccountDraft, TokenDraft
from models.views.supervision import Caseload, OverdueEntry, Overview
from models.views.training import ClassView
from models.views.vocabulary import vocabulary
from models.views.wording import Text
from services.break_glass import BreakGlassDraft
from services.delegations import DelegationDraft
from services.my_channel import MyChannelChange
from services.offboarding import OffboardingDraft
from services.office import DepartmentDraft
from services.policies import load_policies

LINES: dict[str, tuple[type[BaseModel], ...]] = {
    "": (CaseLine, CaseView, TimelineEntry, Inbox, Caseload, OverdueEntry, RetentionLine, CertificateView),
    "class": (ClassView,),
    "import": (ImportView,),
    "import_row": (ImportRowView,),
    "overview": (Overview,),
    "referral": (ReferralEntry,),
    "staff": (Staff,),
    "account": (AccountDraft,),
    "break_glass": (BreakGlassDraft,),
    "channel": (MyChannelChange,),
    "delegation": (DelegationDraft,),
    "department": (DepartmentDraft,),
    "offboarding": (OffboardingDraft,),
    "token": (TokenDraft,),
}
"""What pages and lists show, by owner."""
UNSEEN = {"zh", "en", "next_cursors", "uncovered_told_on"}
"""Sentences themselves, what leads to the next page, and what the product notes for itself."""

Place = tuple[str, str, Any]
"""An owner, one of its fields, and what the field takes."""


def members(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


COMMANDS = {kind.model_fields["type"].default: kind for kind in members(PublicCommand)}
EVENTS = {kind.model_fields["type"].default: kind for kind in members(AnyEvent)}


def parts(annotation: Any) -> Iterator[Any]:
    """The plain types in an annotation: members of unions and literals, items of collections."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from parts(get_args(annotation)[0])
    elif origin in (Union, UnionType, list, tuple, dict, frozenset):
        for argument in get_args(annotation):
            yield from parts(argument)
    else:
        yield annotation


def places(owner: str, kind: type[BaseModel]) -> Iterator[Place]:
    """Every field of a model and of the values that it holds. A policy is a document of its own, and a duration
    a text."""
    for name, field in kind.model_fields.items():
        if name in UNSEEN:
            continue
        yield owner, name, field.annotation
        for part in parts(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in (Policy, DurationValue):
                yield from places(name, part)


def values(annotation: Any) -> Iterator[str]:
    for part in parts(annotation):
        if get_origin(part) is Literal:
            yield from map(str, get_args(part))
        elif isinstance(part, type) and issubclass(part, StrEnum):
            yield from (member.value for member in part)
        elif part is bool:
            yield from ("true", "false")


def all_places() -> list[Place]:
    acts = {**COMMANDS, **EVENTS}
    found = [place for name, kind in acts.items() for place in places(name, kind)]
    found += [place for owner, kinds in LINES.items() for kind in kinds for place in places(owner, kind)]
    # The type of a command or event is its name.
    found = [place for place in found if not (place[0] in acts and place[1] == "type")]
    return [*found, *places("respond_within", DurationValue), ("class", "status", ClassStatus)]


PLACES = all_places()
OPEN_CHOICES = {"bool", "item", "no_deadline_reason"}
"""Choices whose values are no literal of a model: yes and no, items of policies, codes of the ladder."""


def unnamed(said: dict[str, Text]) -> list[str]:
    """Those without a name of their own, or with Chinese in the English, or none in the Chinese."""
    return [
        name
        for name, text in said.items()
        if not (text.zh and text.en and any("一" <= sign <= "鿿" for sign in text.zh.replace("QQ", "一")))
        or any("一" <= sign <= "鿿" for sign in text.en)
    ]


def test_every_command_and_event_is_named_and_no_other() -> None:
    assert set(vocabulary().commands) == set(COMMANDS)
    assert set(vocabulary().events) == set(EVENTS)
    assert unnamed({name: vocabulary().command(name) for name in COMMANDS}) == []
    assert unnamed({name: vocabulary().event(name) for name in EVENTS}) == []


def test_no_two_commands_look_alike() -> None:
    assert len({vocabulary().command(name).zh for name in COMMANDS}) == len(COMMANDS)
    assert len({vocabulary().command(name).en for name in COMMANDS}) == len(COMMANDS)


def test_every_field_of_commands_events_and_files_is_named() -> None:
    said = {f"{owner}.{name}": vocabulary().field(name, owner) for owner, name, _ in PLACES}
    assert len(said) > 300
    assert unnamed(said) == []


def test_every_field_that_a_roster_or_a_disclosure_names_is_named() -> None:
    columns = {column.field: column.zh for column in roster_columns().columns}
    assert {name: vocabulary().field(name).zh for name in columns} == columns
    headed = {column.id: column.zh for column in ledger_columns().values()}
    assert {name: vocabulary().field(name, "ledger").zh for name in headed} == headed
    assert unnamed({name: vocabulary().field(name, "ledger") for name in headed}) == []
    for policy in load_policies():
        rules = policy.disclosure
        disclosed = rules.free.union(rules.consent, *rules.statutory.values())
        assert unnamed({name: vocabulary().choice("disclose", name) for name in disclosed}) == []


def test_every_value_that_can_be_chosen_or_shown_is_named() -> None:
    said = {
        f"{owner}.{name}={value}": vocabulary().choice(name, value, owner)
        for owner, name, annotation in PLACES
        for value in values(annotation)
    }
    assert len(said) > 150
    assert unnamed(said) == []


def test_stages_roles_and_codes_are_named() -> None:
    words = vocabulary()
    assert set(words.stages) == set(STAGES)
    assert set(words.roles) == set(Role)
    assert unnamed({stage: words.stage(stage) for stage in STAGES}) == []
    assert unnamed({role: words.role(role) for role in Role}) == []
    assert unnamed({kind: words.hardship(kind) for kind in HardshipType}) == []
    assert unnamed({kind.id: words.service(kind.id) for kind in service_types()}) == []
    assert unnamed({row.code: words.destination(row.code) for row in destinations()}) == []
    assert unnamed({kind.id: words.evidence(kind.id) for kind in evidence_types()}) == []
    assert unnamed({clock: words.choice("clock", clock) for clock in get_args(ClockName)}) == []
    assert unnamed({rung: words.choice("rung", rung) for rung in get_args(RungName)}) == []
    assert unnamed({ending: words.choice("ending", ending) for ending in get_args(Ending)}) == []
    items = {line.item for policy in load_policies() for line in policy.service_package}
    assert unnamed({item: words.choice("item", item) for item in items}) == []


def keys(document: Any) -> Iterator[str]:
    """Every name in a document."""
    match document:
        case dict():
            yield from cast("dict[str, Any]", document)
            yield from (name for part in cast("dict[str, Any]", document).values() for name in keys(part))
        case list():
            yield from (name for part in cast("list[Any]", document) for name in keys(part))
        case _:
            pass


def test_nothing_is_named_that_does_not_exist() -> None:
    words = vocabulary()
    fields = {name for _, name, _ in PLACES}
    outside = {column.field for column in roster_columns().columns}
    for policy in load_policies():
        outside |= policy.disclosure.consent.union(*policy.disclosure.statutory.values())
    assert set(words.fields) - fields - outside == set()
    taken = {(name, value) for _, name, annotation in PLACES for value in values(annotation)}
    named = {(name, value) for name, texts in words.choices.items() for value in texts}
    assert {choice for choice in named - taken if choice[0] not in OPEN_CHOICES} == set()
    held = {(owner, name) for owner, name, _ in PLACES} | {("ledger", name) for name in ledger_columns()}
    documents = [policy.model_dump(mode="json") for policy in load_policies()]
    held |= {("policy", name) for document in documents for name in keys(document)}
    for own in words.owned:
        assert {(owner, name) for owner in own.owners for name in own.fields} - held == set()
        assert {(owner, name) for owner in own.owners for name in own.choices} - held == set()


@pytest.mark.parametrize(
    ("field", "value", "owner", "zh"),
    [
        ("method", "phone", "record_contact", "电话"),
        ("kind", "hrss", "request_transfer", "人社部门"),
        ("status", "completed", "trainings", "已结业"),
        ("status", "completed", "referrals", "已办成"),
        ("status", "failed", "roll", "未结业"),
        ("ending", "not_open", "", "不予建档"),
        ("type", "DIBAO", "hardship_types", "低保家庭"),
        ("type", "labor_contract", "evidence", "劳动合同"),
        ("sex", "2", "profile", "女"),
        ("disclose", "phone", "send_referral", "手机号"),
        ("needs_psychological_support", "false", "record_assessment", "否"),
        ("employer", "无此代码", "", "无此代码"),
    ],
)
def test_a_value_is_called_by_what_it_means_there(field: str, value: str, owner: str, zh: str) -> None:
    assert vocabulary().choice(field, value, owner).zh == zh


def test_an_owner_may_call_a_field_otherwise() -> None:
    assert vocabulary().field("reason", "assign_mentor").zh == "理由"
    assert vocabulary().field("reason", "request_closure").zh == "销号理由"
    help_ = vocabulary().field_help("text", "hardship_types")
    assert help_ is not None
    assert "其他" in help_.zh
    assert vocabulary().field_help("text") is None


def test_what_has_no_name_is_called_by_itself() -> None:
    words = vocabulary()
    called = (words.command, words.event, words.stage, words.role, words.service, words.evidence, words.field)
    assert all(call("no_such_name") == Text(zh="no_such_name", en="no_such_name") for call in called)
    assert words.command_help("no_such_name") is None
