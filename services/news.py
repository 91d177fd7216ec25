"""Who was told of what has happened in a case, beside who was to be."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from models.case.lived import lived_through
from models.case.machine import Recorded
from models.case.state import CaseState
from models.tables import CaseNotice
from services.ledger_rows import notice_rows


@dataclass
class WrongNews:
    """Notices that were not written and should have been, and others that should not."""

    missing: list[CaseNotice] = field(default_factory=list[CaseNotice])
    beyond: list[CaseNotice] = field(default_factory=list[CaseNotice])


def wrong_news(events: Sequence[Recorded], state: CaseState, told: Iterable[CaseNotice]) -> WrongNews | None:
    """What is wrong with the notices `told` of all events of a case, None where these are not those that led to its
    `state`: nobody can say then who was to be told.

    Of what the ledger took late, as its database was away, those were told whom it concerned by then: that is right
    as well. So are notices beside all events (`services.notices`), and those of events that have come since.
    """
    states = lived_through(events, state)
    if not states or states[-1] != state:
        return None
    wrong = WrongNews()
    found: defaultdict[int, list[CaseNotice]] = defaultdict(list)
    for row in told:
        if 0 < row.seq <= len(events):
            found[row.seq].append(row)
    for index, item in enumerate(events):
        rows = found.pop(item.seq, [])
        wanted = notice_rows(states[index], item)
        if _news(rows) == _news(wanted):
            continue
        then_or_later = [_news(notice_rows(later, item)) for later in states[index:]]
        if not any(news <= _news(rows) for news in then_or_later):
            wrong.missing += wanted
        right = set[tuple[str, str, str]]().union(*then_or_later)
        wrong.beyond += [row for row in rows if not _news([row]) <= right]
    return wrong


def _news(rows: Iterable[CaseNotice]) -> set[tuple[str, str, str]]:
    return {(row.audience, row.kind, row.subject) for row in rows}
