"""Which acts answer what is due: the way from a line of the inbox to the form, without a detour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.policy import ClockName
from models.views.inbox import DeadlineEntry


@dataclass(frozen=True)
class Answer:
    """A command that does what is due. `subject` is its field that names what the deadline is about; `values` are
    what the form begins with."""

    command: str
    subject: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def begin(self, entry: DeadlineEntry) -> dict[str, Any]:
        """What is known already."""
        if self.subject is None:
            return dict(self.values)
        # A destination is verified on two levels, which its deadline names behind a dot.
        name, _, level = entry.subject.partition(".")
        return {**self.values, self.subject: name} | ({"level": level} if level else {})


ANSWERS: Mapping[ClockName, tuple[Answer, ...]] = {
    "confirm_eligibility": (Answer("confirm_eligibility"),),
    "propose_mentor": (Answer("propose_mentor"),),
    "answer_pairing": (Answer("accept_pairing"), Answer("decline_pairing")),
    "assign_mentor": (Answer("assign_mentor"),),
    "first_talk": (Answer("record_assessment"),),
    "set_plan": (Answer("set_plan"),),
    "approve_plan": (Answer("approve_plan"), Answer("reject_plan")),
    "psychological_support": (Answer("send_referral"),),
    "answer_referral": (Answer("answer_referral", "referral_id"),),
    "report_referral_outcome": (Answer("report_referral_outcome", "referral_id"),),
    "acknowledge_referral": (Answer("acknowledge_referral", "referral_id"),),
    "verify_destination": (
        Answer("verify_destination", "destination_id"),
        Answer("reject_destination", "destination_id"),
    ),
    "answer_transfer": (Answer("accept_transfer", "transfer_id"), Answer("decline_transfer", "transfer_id")),
    "answer_objection": (Answer("answer_objection", "objection_id"),),
    "approve_closure": (Answer("approve_closure"), Answer("reject_closure")),
    "approve_erasure": (Answer("approve_erasure"), Answer("reject_erasure")),
    "contact": (Answer("record_contact"),),
    "measure": (Answer("complete_measure", "measure_id"),),
    "follow_up": (Answer("record_follow_up"),),
    "stability_check": (Answer("record_stability_check"),),
}
"""The first is the one that is usually meant."""


def answers_to(entry: DeadlineEntry) -> tuple[Answer, ...]:
    """The acts that do what is due."""
    return next((answers for clock, answers in ANSWERS.items() if clock == entry.clock), ())
