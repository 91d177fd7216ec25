"""The load: people who lead cases through their lives, and an office that imports rosters."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bench.chaos.acts import next_act
from bench.chaos.caller import Caller, Request
from bench.installation import ROSTER
from models.base import Model
from samples.generate import write_csv
from samples.graduates import generate_rows, vocabulary

DEPARTMENT = "cs"
COLLEGE = vocabulary().colleges[0]
MENTORS = ("mentor-1", "mentor-2", "mentor-3")
STAFF: tuple[dict[str, Any], ...] = (
    *({"id": mentor, "name": "导师", "role": "mentor", "capacity": 1000} for mentor in MENTORS),
    {"id": "counselor", "name": "辅导员", "role": "counselor"},
    {"id": "college", "name": "学院负责人", "role": "department_supervisor"},
)
PARTNER = {"id": "employer", "name": "示例企业", "role": "partner"}
CENTRE = "career-centre"
ACTORS = (*(person["id"] for person in STAFF), PARTNER["id"], CENTRE, "admin")
_THINKING = (0.02, 0.3)
_IMPORT_PAUSE = (8.0, 20.0)
# Of so many cases one has a graduate who acts.
_WITH_GRADUATE = 4
_METHODS = ("face_to_face", "phone", "message", "visit", "online")


class Size(Model):
    """How much is done: clients at a time, cases that they lead, imports and the rows of each."""

    clients: int
    cases: int
    imports: int
    rows: int


class Load:
    """Everything that people do until `ending` is set."""

    def __init__(self, caller: Caller, random: Random, size: Size, folder: Path) -> None:
        self._caller = caller
        self._random = random
        self._size = size
        self._folder = folder
        self._numbers = itertools.count(1)
        self._cases: list[str] = []
        self._people = set(ACTORS)
        self.ending = asyncio.Event()

    async def furnish(self) -> None:
        """A college and its people, before any fault."""
        department = {"id": DEPARTMENT, "name": COLLEGE.name}
        await self._office("/departments", department)
        for person in STAFF:
            address = f"{person['id']}@chaos.example"
            await self._office("/staff", person | {"department_id": DEPARTMENT, "email": address})
        await self._office("/staff", PARTNER)

    async def begin(self) -> set[str]:
        """The first cases; their graduates, who must be signed on to act."""
        for _ in range(max(1, self._size.cases // _WITH_GRADUATE)):
            await self._open()
        graduates = {f"graduate:{case_id}" for case_id in self._cases}
        self._people |= graduates
        return graduates

    async def run(self) -> None:
        """All clients, until `ending` is set and everything that was begun has been answered."""
        async with asyncio.TaskGroup() as clients:
            clients.create_task(self._imports())
            for _ in range(self._size.clients):
                clients.create_task(self._client())

    async def _office(self, path: str, body: dict[str, Any]) -> None:
        key = f"office-{next(self._numbers)}"
        answer = await self._caller.send(
            Request(actor="admin", path=path, key=key, kind="import", subject="", json=body)
        )
        # The twin of a request may have been first.
        if answer.get("id") != body["id"] and not str(answer.get("code")).endswith("_exists"):
            raise RuntimeError(f"{path}: {answer}")

    async def _client(self) -> None:
        while not self.ending.is_set():
            if len(self._cases) < self._size.cases:
                await self._open()
            elif self._cases:
                await self._advance(self._random.choice(self._cases))
            await asyncio.sleep(self._random.uniform(*_THINKING))

    async def _open(self) -> None:
        number = next(self._numbers)
        draft = {"student_no": f"K{number:07d}", "name": "测试", "department_id": DEPARTMENT}
        self._cases.append("")
        place = len(self._cases) - 1
        answer = await self._caller.send(
            Request(
                actor="counselor",
                path="/cases",
                key=f"open-{number}",
                kind="open",
                subject=draft["student_no"],
                json=draft,
            )
        )
        self._cases[place] = answer["case_id"]

    async def _advance(self, case_id: str) -> None:
        """One step in a case, as it stands; two clients may well do so at the same time."""
        if not case_id:
            return
        case = await self._caller.read(f"/cases/{case_id}", "college")
        number = next(self._numbers)
        key = f"do-{number}"
        words = {
            "mark": f"#{key}#",
            "a_mentor": self._random.choice(MENTORS),
            "a_method": self._random.choice(_METHODS),
            "a_risk": self._random.choice("ABC"),
            "soon": (datetime.now(UTC) + timedelta(seconds=self._random.uniform(3, 15))).isoformat(),
        }
        actor, bodies = next_act(case, self._random, self._people, words)
        await self._caller.send(
            Request(
                actor=actor,
                path=f"/cases/{case_id}/commands",
                key=key,
                kind="command",
                subject=case_id,
                marks=(words["mark"],),
                json=bodies[0] if len(bodies) == 1 else bodies,
            )
        )

    async def _imports(self) -> None:
        """Rosters of people whom nobody has seen, one after the other."""
        wanted = self._size.imports * self._size.rows
        people = generate_rows(2 * wanted, self._random.randrange(10**6), COLLEGE)
        # Two people who share a number by chance would be one row refused.
        rows = list({row["id_number"]: row for row in people}.values())[:wanted]
        for number in range(self._size.imports):
            if self.ending.is_set():
                return
            part = rows[number * self._size.rows : (number + 1) * self._size.rows]
            file = self._folder / f"roster-{number}.csv"
            write_csv(file, ROSTER, part)
            await self._caller.send(
                Request(
                    actor=CENTRE,
                    path="/imports",
                    key=f"import-{number}",
                    kind="import",
                    subject=file.name,
                    people=tuple(row["student_no"] for row in part),
                    files={"file": (file.name, file.read_bytes())},
                )
            )
            await asyncio.sleep(self._random.uniform(*_IMPORT_PAUSE))
