"""Who the graduate is (一人一档): the file's own data, its correction, notes and consents."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from models.base import Codes, Model
from models.case.kernel import (
    STAFF,
    SUPERVISORS,
    Command,
    Context,
    Day,
    Event,
    Party,
    Ref,
    Refused,
    Rule,
    Stamp,
)
from models.identity import check_id_number

if TYPE_CHECKING:
    from models.case.state import CaseState

KEY_FIELDS = frozenset({"student_no", "name", "id_number"})
CONTACT_FIELDS = frozenset({"phone", "email", "qq", "address"})


class Particulars(Model):
    """Identity, study and intention, as far as they are known (domain notes §2). Codes are text."""

    exam_no: str | None = None
    sex: str | None = None
    id_number: str | None = None
    ethnicity: str | None = None
    political_status: str | None = None
    phone: str | None = None
    email: str | None = None
    qq: str | None = None
    address: str | None = None
    origin: str | None = None
    major: str | None = None
    class_name: str | None = None
    education_level: str | None = None
    programme_years: str | None = None
    training_mode: str | None = None
    enrolled_on: Day | None = None
    graduates_on: Day | None = None
    teacher_training: str | None = None
    hardship_grade: str | None = None
    subsidy_claimed: bool | None = None
    intention: str | None = None
    intention_places: str | None = None
    intention_jobs: str | None = None
    expected_pay: str | None = None
    service_needs: str | None = None
    remark: str | None = None


Line = Annotated[str, Field(max_length=300)]
"""A line that a person types."""
Passage = Annotated[str, Field(max_length=2000)]
"""As much as a cell of a roster may hold."""


class GivenParticulars(Particulars):
    """The same as people type it in: no text longer than any that is meant."""

    exam_no: Line | None = None
    sex: Line | None = None
    id_number: Line | None = None
    ethnicity: Line | None = None
    political_status: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    qq: Line | None = None
    address: Passage | None = None
    origin: Passage | None = None
    major: Line | None = None
    class_name: Line | None = None
    education_level: Line | None = None
    programme_years: Line | None = None
    training_mode: Line | None = None
    teacher_training: Line | None = None
    hardship_grade: Line | None = None
    intention: Passage | None = None
    intention_places: Passage | None = None
    intention_jobs: Passage | None = None
    expected_pay: Line | None = None
    service_needs: Passage | None = None
    remark: Passage | None = None


class Profile(Particulars):
    """One person's data; `other` keeps what a roster says beyond these fields, by field name."""

    student_no: str
    name: str
    other: dict[str, str] = Field(default_factory=dict[str, str])


class Consent(Model):
    """The graduate's consent to disclose fields, given on a date (PIPL art. 14, 29), until it is withdrawn."""

    id: str
    fields: Codes
    given_on: date
    purpose: str
    withdrawn_at: datetime | None = None


class CorrectProfile(GivenParticulars, Command):
    """Change any field of the profile, with a reason. Key fields take a supervisor; a graduate may change
    their own contact data."""

    type: Literal["correct_profile"] = "correct_profile"
    reason: str = Field(min_length=1, max_length=500)
    student_no: Line | None = None
    name: Line | None = None

    @model_serializer(mode="wrap")
    def _only_what_was_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A field left out stays as it is, a null clears it: the difference must survive the way to the case.
        return {
            name: value for name, value in handler(self).items() if name in self.model_fields_set | {"type"}
        }


class Annotate(Command):
    """A note on the timeline."""

    type: Literal["annotate"] = "annotate"
    text: str = Field(max_length=4000)


class RecordConsent(Command):
    """The graduate's consent to disclose `fields`, as given on a date."""

    type: Literal["record_consent"] = "record_consent"
    fields: list[Ref] = Field(min_length=1, max_length=100)
    given_on: Day
    purpose: str = Field(min_length=1, max_length=500)


class WithdrawConsent(Command):
    """The graduate takes a consent back (PIPL art. 15); why is theirs to say or not."""

    type: Literal["withdraw_consent"] = "withdraw_consent"
    consent_id: Ref
    reason: str | None = Field(default=None, max_length=500)


class ProfileCorrected(Event):
    """`changes` holds the new values; `reason` says why they changed."""

    type: Literal["profile_corrected"] = "profile_corrected"
    changes: dict[str, Any]
    reason: str


class Annotated_(Event):  # noqa: N801  (typing.Annotated has the plain name)
    """Somebody left a note."""

    type: Literal["annotated"] = "annotated"
    text: str


class ConsentRecorded(Event):
    """The ground for later disclosures of these fields."""

    type: Literal["consent_recorded"] = "consent_recorded"
    consent: Consent


class ConsentWithdrawn(Event):
    """No ground for disclosures any more; `referrals` are those under way that rested on it."""

    type: Literal["consent_withdrawn"] = "consent_withdrawn"
    consent_id: str
    referrals: tuple[str, ...] = ()
    reason: str | None = None


ProfileEvent = ProfileCorrected | Annotated_ | ConsentRecorded | ConsentWithdrawn


def evolve(state: CaseState, event: ProfileEvent, stamp: Stamp) -> CaseState:
    match event:
        case ProfileCorrected():
            merged = state.profile.model_dump() | event.changes
            return state.but(profile=Profile.model_validate(merged))
        case ConsentRecorded():
            return state.but(consents=(*state.consents, event.consent))
        case ConsentWithdrawn():
            return _without(state, event, stamp.at)
        case Annotated_():
            return state


def _without(state: CaseState, event: ConsentWithdrawn, at: datetime) -> CaseState:
    """Withdrawing touches what goes on, not what a referral that has ended has disclosed (PIPL art. 15)."""
    ended = {"withdrawn_at": at}
    consents = tuple(
        consent.model_copy(update=ended) if consent.id == event.consent_id else consent
        for consent in state.consents
    )
    stopped = {key: state.referrals[key].without_consent(event.consent_id, at) for key in event.referrals}
    return state.but(consents=consents, referrals={**state.referrals, **stopped})


def consent_to(state: CaseState, field: str) -> Consent | None:
    """The graduate's latest consent to disclose the field that was not withdrawn."""
    standing = (item for item in state.consents if field in item.fields and item.withdrawn_at is None)
    return max(standing, key=lambda item: item.given_on, default=None)


def _correct(state: CaseState, command: CorrectProfile, context: Context) -> list[Event]:
    given = command.model_dump(mode="json", exclude={"type", "reason"}, exclude_unset=True)
    current = state.profile.model_dump(mode="json")
    changes = {field: value for field, value in given.items() if current[field] != value}
    if not changes:
        raise Refused("nothing_changed")
    covered = sorted(field for field, value in changes.items() if _is_masked(value))
    if covered:
        raise Refused("masked_value", fields=", ".join(covered))
    parties = state.parties(context.actor)
    keys = sorted(KEY_FIELDS & changes.keys())
    if keys and not parties & SUPERVISORS:
        raise Refused("key_field_needs_supervisor", fields=", ".join(keys))
    if any(changes[key] in (None, "") for key in KEY_FIELDS & changes.keys() - {"id_number"}):
        raise Refused("field_required", fields=", ".join(keys))
    if parties == frozenset({Party.GRADUATE}) and changes.keys() - CONTACT_FIELDS:
        raise Refused("own_contact_data_only", fields=", ".join(sorted(changes.keys() - CONTACT_FIELDS)))
    _check_id_number(changes.get("id_number"))
    return [ProfileCorrected(changes=changes, reason=command.reason)]


def _is_masked(value: object) -> bool:
    """Whether a value is what a masked view shows in the place of the true one."""
    return isinstance(value, str) and "*" in value


def _check_id_number(number: str | None) -> None:
    # Whether test identities may be used is decided where files are opened; a number must be sound anywhere.
    problem = check_id_number(number, allow_test_identities=True) if number else None
    if problem is not None:
        raise Refused("id_number_unsound", reason_zh=problem.zh, reason_en=problem.en)


def _annotate(_state: CaseState, command: Annotate, _context: Context) -> list[Event]:
    text = command.text.strip()
    if not text:
        raise Refused("empty_text")
    return [Annotated_(text=text)]


def _consent(state: CaseState, command: RecordConsent, context: Context) -> list[Event]:
    if command.given_on > state.policy.calendar.date_of(context.now):
        raise Refused("in_the_future", field="given_on")
    consent = Consent(
        id=f"c{len(state.consents) + 1}",
        fields=frozenset(command.fields),
        given_on=command.given_on,
        purpose=command.purpose,
    )
    return [ConsentRecorded(consent=consent)]


def _withdraw(state: CaseState, command: WithdrawConsent, _context: Context) -> list[Event]:
    known = {consent.id: consent for consent in state.consents}
    consent = known.get(command.consent_id)
    if consent is None:
        raise Refused("unknown_consent", consent_id=command.consent_id, known=", ".join(known))
    if consent.withdrawn_at is not None:
        on = state.policy.calendar.date_of(consent.withdrawn_at)
        raise Refused("consent_withdrawn", consent_id=consent.id, on=on.isoformat())
    resting = tuple(
        referral.id
        for referral in state.referrals.values()
        if referral.running and any(ground.consent_id == consent.id for ground in referral.grounds)
    )
    return [ConsentWithdrawn(consent_id=consent.id, referrals=resting, reason=command.reason)]


def _consented(state: CaseState, _context: Context) -> None:
    if not any(consent.withdrawn_at is None for consent in state.consents):
        raise Refused("no_consent")


def check_happened_at(state: CaseState, happened_at: datetime | None, now: datetime) -> datetime:
    """The moment an act happened: now by default, never in the future, never before the file was opened.

    Raises `in_the_future`, `before_opening`.
    """
    if happened_at is None:
        return now
    if happened_at > now:
        raise Refused("in_the_future", field="happened_at")
    if happened_at < state.opened_at:
        raise Refused("before_opening", opened_at=state.opened_at.isoformat())
    return happened_at


RULES: tuple[Rule[Any], ...] = (
    Rule(CorrectProfile, STAFF - {Party.MENTOR} | {Party.GRADUATE}, _correct),
    Rule(Annotate, STAFF, _annotate, on_closed=True),
    Rule(RecordConsent, STAFF | {Party.GRADUATE}, _consent),
    # As easily as it was given (PIPL art. 15): by the same people, and whatever the case has come to.
    Rule(WithdrawConsent, STAFF | {Party.GRADUATE}, _withdraw, guard=_consented, on_closed=True),
)
