"""The file that an answer shows is not built on what never happened."""

import pytest

from models.case.machine import Recorded
from models.views.case import CaseView
from services.last_states import LastStates
from services.ledger import LedgerReader
from services.states import States
from tests.core.given import Case
from tests.core.people import M1, SUPERVISOR
from tests.faults.test_unhappened import Office, office, paired, twin_of
from workflows.messages import CommandAnswer

__all__ = ["office"]


@pytest.fixture
def last(office: Office) -> LastStates:
    return LastStates(LedgerReader(office.engine, States(office.vault), office.vault))


async def shown(last: LastStates, case: Case, events: list[Recorded]) -> CaseView:
    answer = CommandAnswer(request_digest="", version=events[-1].seq, events=events, projected=True)
    view, _ = await last.shown_after(SUPERVISOR, "case-1", answer, case.now)
    return view


async def test_what_the_ledger_has_beyond_an_answer_is_not_built_upon(
    office: Office, last: LastStates
) -> None:
    dying = paired(office)
    successor, assigned = twin_of(dying), dying.events[-1:]
    never = [
        *dying.when(SUPERVISOR, "annotate", text="never said"),
        *dying.when(M1, "record_assessment", intention="work", risk_level="A"),
    ]
    office.project(dying, never)
    # Who assigned the mentor is answered when the ledger has that already.
    await shown(last, dying, assigned)

    for text in ("one", "two"):
        office.project(successor, successor.when(SUPERVISOR, "annotate", text=text))
    office.project(successor, third := successor.when(SUPERVISOR, "annotate", text="three"))
    view = await shown(last, successor, third)
    assert (view.version, view.stage, view.risk_level) == (6, successor.state.stage, None)
