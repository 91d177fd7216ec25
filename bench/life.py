"""The life that is lived on the product and on its peers: a file is opened and eleven commands follow.

Each list may be one request: its commands are those of one person.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from bench.installation import Side

Command = dict[str, Any]

CONFIRM: Command = {
    "type": "confirm_eligibility",
    "decision": "open",
    "hardship_types": [{"type": "LIFTED_POVERTY", "proof": "证明"}],
}
ASSIGN: Command = {"type": "assign_mentor", "mentor_id": "mentor", "reason": "专业对口"}
CONTACT: Command = {"type": "record_contact", "method": "phone", "content": "电话联系，了解求职进展。"}
_RECOMMENDATION: Command = {
    "type": "record_service",
    "service_type": "job_recommendation",
    "method": "phone",
    "content": "推荐软件测试岗位。",
}
LISTS: tuple[tuple[str, tuple[Command, ...]], ...] = (
    ("college", (CONFIRM, ASSIGN, {"type": "annotate", "text": "家中有困难，优先安排。"})),
    (
        "mentor",
        (
            {"type": "record_contact", "method": "face_to_face", "content": "第一次摸底谈话。"},
            {
                "type": "record_assessment",
                "intention": "省内就业",
                "obstacles": ["缺少面试经验"],
                "risk_level": "B",
            },
            {
                "type": "set_plan",
                "goals": [{"title": "就业", "measures": [{"title": "推荐岗位", "due_on": "2099-01-01"}]}],
            },
        ),
    ),
    ("mentor", (_RECOMMENDATION, _RECOMMENDATION, _RECOMMENDATION)),
    ("mentor", ({**_RECOMMENDATION, "service_type": "career_guidance"}, CONTACT)),
)
COMMANDS: tuple[tuple[str, Command], ...] = tuple(
    chain.from_iterable(((actor, command) for command in commands) for actor, commands in LISTS)
)
# One is the opening.
COMMANDS_OF_A_LIFE = 1 + len(COMMANDS)


async def opened(side: Side, student_no: str) -> str:
    """A new case; its id."""
    draft = {"student_no": student_no, "name": "测试", "department_id": "cs"}
    return (await side.post("/cases", "counselor", draft))["case_id"]


async def lived(side: Side, student_no: str) -> str:
    """A whole life by single commands; the case's id."""
    case_id = await opened(side, student_no)
    for actor, command in COMMANDS:
        await side.post(f"/cases/{case_id}/commands", actor, command)
    return case_id


async def in_delivery(side: Side, count: int, prefix: str) -> Sequence[str]:
    """Cases with a mentor, so that contacts may be recorded."""
    found: list[str] = []
    for number in range(count):
        case_id = await opened(side, f"{prefix}{number:06d}")
        for command in (CONFIRM, ASSIGN):
            await side.post(f"/cases/{case_id}/commands", "college", command)
        found.append(case_id)
    return found
