"""The load of the fault drill does everything that its table holds, and sets each mark down once."""

from datetime import timedelta
from random import Random

from bench.chaos.acts import acts, next_act
from models.case.kernel import Refused
from models.views.case import case_view
from tests.core.given import Case, a_command
from tests.core.people import CENTRE, COUNSELOR, GRADUATE, HRSS, M1, M2, M3, SUPERVISOR

PEOPLE = {person.id: person for person in (M1, M2, M3)} | {
    "counselor": COUNSELOR,
    "college": SUPERVISOR,
    "career-centre": CENTRE,
    "employer": HRSS.model_copy(update={"id": "employer"}),
    GRADUATE.id: GRADUATE,
}


def live(seed: int, steps: int) -> set[tuple[str, ...]]:
    """Lead a case by the table; the requests that were taken, by the types of their commands."""
    random, case = Random(seed), Case()  # noqa: S311
    taken: dict[str, tuple[str, ...]] = {}
    for number in range(steps):
        words = {
            "mark": f"#do-{number}#",
            "soon": (case.now + timedelta(hours=6)).isoformat(),
            "a_mentor": random.choice(("m1", "m2", "m3")),
            "a_method": "phone",
            "a_risk": "B",
        }
        view = case_view(case.state, case.now, GRADUATE.id).model_dump(mode="json")
        who, bodies = next_act(view, random, PEOPLE, words)
        commands = [a_command(body.pop("type"), **body) for body in bodies]
        try:
            case.when_all(PEOPLE[who], commands)
        except Refused:
            continue
        taken[words["mark"]] = tuple(command.type for command in commands)
        case.wait(hours=random.choice((1, 30)))
    texts = [item.event.model_dump_json() for item in case.events]
    assert {mark: sum(mark in text for text in texts) for mark in taken} == dict.fromkeys(taken, 1)
    return set(taken.values())


def test_everything_in_the_table_is_taken_and_carries_its_mark_once() -> None:
    taken = set[tuple[str, ...]]().union(*(live(seed, 250) for seed in range(8)))
    assert taken == {tuple(command["type"] for command in act.send) for act in acts()}


def test_people_write_a_note_when_nobody_tells_how_the_case_stands() -> None:
    sent = next_act(None, Random(1), PEOPLE, {"mark": "#do-1#"})  # noqa: S311
    assert sent == ("college", [{"type": "annotate", "text": "#do-1#"}])
