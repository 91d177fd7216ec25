"""Whatever people do in whatever order, and whenever: the laws of a case hold."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from models.case.closure import CaseClosed
from models.case.destination import DestinationRejected, DestinationVerified
from models.case.erasure import ErasureBegun, keeping
from models.case.follow_up import follow_up_ends_on
from models.case.kernel import Actor, PlaceAnswer, Refused
from models.case.ladder import RungReached, deadlines, next_wake, no_deadline_reason, rungs, tick
from models.case.lived import lived
from models.case.machine import Recorded, evolve, possible
from models.case.notices import notices
from models.case.plan import PlanApproved, PlanRejected
from models.case.referral import ReferralAnswered, ReferralCancelled
from models.case.state import STAGES, CaseState
from models.case.summary import deadline_lines, summarize
from models.hardship import hardship_types
from models.policy import Policy

from .fields import fields_of
from .given import GOALS, Case, a_command, replayed
from .people import (
    CENTRE,
    COUNSELOR,
    EVERYBODY,
    GRADUATE,
    HRSS,
    M1,
    M2,
    M3,
    OTHER_SUPERVISOR,
    PARTNER,
    PARTNER_2,
    SAMPLE,
    SUPERVISOR,
    SUPERVISOR_2,
    SYSTEM,
    days,
    seconds,
)

SECRETS = [
    SAMPLE.name,
    SAMPLE.id_number,
    SAMPLE.phone,
    *(word for kind in hardship_types().types for word in (kind.id, kind.zh)),
]
INSIDERS = [
    M1,
    M2,
    M3,
    COUNSELOR,
    SUPERVISOR,
    SUPERVISOR_2,
    CENTRE,
    GRADUATE,
    PARTNER,
    PARTNER_2,
    HRSS,
    OTHER_SUPERVISOR,
    SYSTEM,
]


def busy(case: Case) -> Case:
    """A case with everything under way: a referral, a waiting list, a transfer, a second plan."""
    case.places["k2"] = PlaceAnswer(place="waiting", course="Spreadsheets")
    case.delivering().when(M1, "send_referral", kind="employer", to="p1", purpose="a job")
    case.when(PARTNER, "answer_referral", referral_id="r1", answer="accepted")
    case.when(M1, "enrol_training", class_id="k2")
    case.when(M1, "request_transfer", kind="mentor", to="m2", reason="leave")
    case.when(M1, "set_plan", goals=GOALS)
    return case


BEGINNINGS: list[Callable[[Case], Case]] = [
    lambda case: case,
    Case.eligible,
    Case.proposed,
    Case.assessed,
    Case.delivering,
    Case.left,
    Case.verified,
    Case.closed,
    Case.unowed,
    busy,
]


class Life(RuleBasedStateMachine):
    """One case under any sequence of commands and waits."""

    @initialize(
        policy=st.sampled_from([days(), seconds()]),
        graduates_on=st.sampled_from([None, "2026-09-12"]),
        far=st.sampled_from(BEGINNINGS),
    )
    def begin(self, policy: Policy, graduates_on: str | None, far: Callable[[Case], Case]) -> None:
        self.case = Case(policy, graduates_on=graduates_on)
        self.seen = self.case.state
        self.checked = 1
        far(self.case)

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        """Somebody does something that is possible, as far as anybody can tell beforehand."""
        able: dict[str, list[Actor]] = {}
        for actor in INSIDERS:
            for answer in possible(self.case.state, actor, self.case.now):
                if answer.allowed:
                    able.setdefault(answer.type, []).append(actor)
        assume(able)
        name = data.draw(st.sampled_from(sorted(able)))
        self._try(data.draw(st.sampled_from(able[name])), [name], data)

    @rule(data=st.data(), actor=st.sampled_from([*EVERYBODY, SYSTEM]))
    def insist(self, data: st.DataObject, actor: Actor) -> None:
        """Somebody does two things at once, possible or not."""
        names = [answer.type for answer in possible(self.case.state, actor, self.case.now)]
        self._try(actor, data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2)), data)

    def _try(self, actor: Actor, names: list[str], data: st.DataObject) -> None:
        before = self.case.state
        version = data.draw(st.sampled_from([None, before.version]))
        commands = [a_command(name, **data.draw(fields_of(name, before))) for name in names]
        with contextlib.suppress(Refused):
            self.case.when_all(actor, commands, version)
        self.case.settle()

    @rule(
        span=st.sampled_from(
            [{"seconds": 1}, {"seconds": 4}, {"seconds": 9}, {"days": 1}, {"days": 8}, {"days": 40}]
        )
    )
    def wait(self, span: dict[str, float]) -> None:
        self.case.wait(**span)

    @rule(hours=st.integers(min_value=1, max_value=3000))
    def break_down(self, hours: int) -> None:
        self.case.after_outage(hours=hours)

    @precondition(lambda self: hasattr(self, "case"))
    @invariant()
    def lawful(self) -> None:
        state = self.case.state
        assert state.version == len(self.case.events)
        assert state.stage in STAGES
        assert tick(state, self.case.now) == []
        wake = next_wake(state)
        assert wake is None or wake > self.case.now
        self._something_is_due_or_a_reason_given(state)
        summarize(state, deadline_lines(state))
        for item in self.case.events[self.checked :]:
            self._lawful_event(item)
        self.checked = len(self.case.events)

    def _something_is_due_or_a_reason_given(self, state: CaseState) -> None:
        due, reason = deadlines(state), no_deadline_reason(state)
        assert len({deadline.key for deadline in due}) == len(due)
        if state.closed:
            kept = {"stability_check", "approve_erasure", "answer_objection"}
            assert {deadline.clock for deadline in due} <= kept
            assert state.hold is None
        if state.erasing:
            assert due == []
            assert next_wake(state) is None
        if reason == "follow_up_period_over":
            ends_on = follow_up_ends_on(state)
            assert state.stage == "follow_up"
            assert ends_on is not None
            assert ends_on <= self.case.today + timedelta(days=366)
        else:
            assert due or reason in {"on_hold", "closed", "not_open", "being_erased"}

    def _lawful_event(self, item: Recorded) -> None:
        event, before = item.event, self.seen
        assert not before.erasing
        self.seen = evolve(before, item)
        match event:
            case PlanApproved() | PlanRejected():
                assert before.draft_plan is not None
                assert before.draft_plan.author_id != item.actor_id
            case DestinationVerified() | DestinationRejected():
                assert before.destinations[event.destination_id].registered_by != item.actor_id
            case CaseClosed():
                assert before.closure is not None
                assert before.closure.requested_by != item.actor_id
            case ErasureBegun():
                assert before.legal_hold is None
                assert keeping(before) is not None
                assert event.ground == "retention_ended" or (
                    before.erasure is not None and before.erasure.requested_by != item.actor_id
                )
            case ReferralAnswered():
                assert before.referrals[event.referral_id].status == "sent"
            case ReferralCancelled():
                assert before.referrals[event.referral_id].status in {"sent", "accepted"}
            case RungReached():
                assert before.hold is None
                assert event.number > before.rungs.get(event.key, 0)
            case _:
                pass
        for notice in notices(self.seen, item):
            text = notice.model_dump_json()
            assert not [secret for secret in SECRETS if secret in text]

    def teardown(self) -> None:
        if not hasattr(self, "case"):
            return
        state = self.case.state
        assert replayed(self.case) == state
        read_back = [Recorded.model_validate_json(item.model_dump_json()) for item in self.case.events]
        assert lived(read_back, state) == state
        again = CaseState.model_validate_json(state.model_dump_json())
        assert again == state
        # What was written down and read again expects the same of time.
        assert next_wake(again) == next_wake(state)
        assert [rungs(again, deadline) for deadline in deadlines(again)] == [
            rungs(state, deadline) for deadline in deadlines(state)
        ]
        reached = [
            (item.event.key, item.event.number)
            for item in self.case.events
            if isinstance(item.event, RungReached)
        ]
        assert len(set(reached)) == len(reached)


Life.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLife = Life.TestCase
