"""The morning on which very many cases have something due."""

import asyncio
import secrets
import statistics
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import psycopg
from aiosmtpd.controller import Controller

from bench.clocks import first_times, openings, policy_of, start_cases
from bench.installation import environment_on, part, running, settings_of
from bench.scale.seed import Place, seed
from bench.section import Figures, Findings, Ground, Row, plain_url
from models.calendar import Calendar
from services.temporal import connect
from services.vault import Vault

ABOUT = (
    "Cases whose time comes in the night, from then until the ledger shows it; and at nine, with many more cases due, "
    "the digest until a mail server has taken the last person's message."
)
LIMIT_SECONDS = 480
_DUE = 20_000
# Of the lives that are told some are at their end, with nothing due any more.
_WITHOUT = 1.5
# Cases that live through the night, which lasts a minute where the real one has hours: twenty a second, of which the
# real one has one.
_MARKED = 1200
_NIGHT = timedelta(minutes=1)
# Starts a second that a slow machine manages, and seconds for a worker to begin and for all to come to rest.
_STARTS, _REST = 40, 20
_PATIENCE = 240
_POLICY = "morning"
_STANDARDS = """extends: national
id: morning
version: 1
title: 集中到期测量用服务标准
provinces: ["*"]
clocks:
  confirm_eligibility: {{within: 1 days, ladder: morning}}
ladders:
  morning:
    - {{rung: due, offset: 0 days}}
night_window: {{start: "{night:%H:%M}", end: "{nine:%H:%M}"}}
digest: {{at: "{nine:%H:%M}", quiet_from: "00:00", quiet_to: "00:00"}}
"""
_SHOWN = "SELECT count(DISTINCT case_id) FROM case_event WHERE type = 'rung_reached' AND case_id = ANY(%s)"
_WAITING = """SELECT count(*), count(*) FILTER (WHERE status NOT IN ('sent', 'given_up')), count(DISTINCT staff_id)
FROM delivery WHERE school_id = %s AND channel <> 'inbox'"""


class Marks(TypedDict):
    """What the night has brought: cases, how many seconds after its time a case was shown as due (of all of them in
    their order, as a half and as one in a hundred has it), and the last one after the window's end."""

    cases: int
    p50: float
    p99: float
    after_window: float


class Mails:
    """The server's side: when each mail was taken."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(time.time())
        return "250 taken"


@contextmanager
def mail_server(port: int) -> Generator[Mails]:
    """A real mail server on that port of this machine."""
    mails = Mails()
    controller = Controller(mails, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mails
    finally:
        controller.stop()


def make_due(url: str) -> int:
    """Have everything that is owed run out this morning, give everybody an address; how many cases have something
    due."""
    with psycopg.connect(plain_url(url)) as connection:
        connection.execute(
            "UPDATE case_deadline SET due_at = now() - interval '1 hour' * random(), paused = false"
        )
        connection.execute("UPDATE staff SET email = id || '@bench.example'")
        row = connection.execute("SELECT count(DISTINCT case_id) FROM case_deadline").fetchone()
    return int(row[0]) if row else 0


def next_night(policy: Path, seconds: float) -> tuple[datetime, datetime]:
    """Put a night window at the first minute after so many seconds, and the digest at its end: both moments."""
    local = datetime.now(ZoneInfo(Calendar().timezone)) + timedelta(seconds=seconds)
    night = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if (night + _NIGHT).date() != night.date():
        # A window ends on the day on which it starts.
        night += _NIGHT
    policy.write_text(_STANDARDS.format(night=night, nine=night + _NIGHT), encoding="utf-8")
    return night.astimezone(UTC), (night + _NIGHT).astimezone(UTC)


async def marked(url: str, case_ids: list[str], due: list[datetime], end: datetime) -> Marks:
    """Watch the cases being shown as due in the ledger. Raises TimeoutError."""
    late: list[float] = []
    async with asyncio.timeout((end - datetime.now(UTC)).total_seconds() + _PATIENCE):
        connection = await psycopg.AsyncConnection.connect(plain_url(url), autocommit=True)
        async with connection:
            while len(late) < len(due):
                await asyncio.sleep(0.1)
                row = await (await connection.execute(_SHOWN, (case_ids,))).fetchone()
                now = datetime.now(UTC)
                shown = int(row[0]) if row else 0
                late += [(now - moment).total_seconds() for moment in due[len(late) : shown]]
    after_window = late[-1] - (end - due[-1]).total_seconds()
    late.sort()
    return Marks(
        cases=len(due),
        p50=statistics.median(late),
        p99=late[int(len(late) * 0.99)],
        after_window=after_window,
    )


async def arrived(url: str, school_id: str, nine: datetime) -> tuple[int, int]:
    """Wait until nothing is left to be sent: how many messages to how many people. Raises TimeoutError."""
    async with asyncio.timeout((nine - datetime.now(UTC)).total_seconds() + _PATIENCE):
        connection = await psycopg.AsyncConnection.connect(plain_url(url), autocommit=True)
        async with connection:
            while True:
                row = await (await connection.execute(_WAITING, (school_id,))).fetchone()
                if row is not None and row[0] and not row[1]:
                    return int(row[0]), int(row[2])
                await asyncio.sleep(0.25)


async def measure(ground: Ground) -> Findings:
    """One night and its morning."""
    scale = 10 if ground.quick else 1
    place = Place(1000 + secrets.randbelow(60_000), int(_WITHOUT * _DUE) // scale)
    environment = environment_on(ground, "morning", ground.first_port)
    environment |= {
        "ZHUHANG_SCHOOL_CODE": place.id,
        "ZHUHANG_NOTIFY_URLS": f"mailto://127.0.0.1:{ground.first_port + 3}?from=zhuhang@bench.example&to={{email}}",
    }
    policy, url = Path(environment["ZHUHANG_POLICY"]), environment["ZHUHANG_DATABASE_URL"]
    settings = settings_of(environment)
    settings.policy = policy
    await asyncio.to_thread(seed, settings, [place], now=datetime.now(UTC))
    due = await asyncio.to_thread(make_due, url)
    count = _MARKED // scale
    night, nine = next_night(policy, count / _STARTS + _REST)
    numbers = [f"N{number:06d}" for number in range(count)]
    standards = policy_of(policy, _POLICY)
    opened = openings(settings, standards, numbers, place.college(0), night - timedelta(days=1))
    with (
        mail_server(ground.first_port + 3) as mails,
        running(part("worker", settings, 0), environment, ground.folder / "worker.log"),
    ):
        await start_cases(await connect(settings, Vault.of(settings)), settings, opened)
        if datetime.now(UTC) > night:
            raise RuntimeError("not all were started before the night; this machine is too slow for so many")
        case_ids = [item.case_id for item in opened]
        marks, (messages, people) = await asyncio.gather(
            marked(url, case_ids, first_times(opened), nine), arrived(url, place.id, nine)
        )
    seconds = max(mails.taken) - nine.timestamp()
    if len(mails.taken) < messages:
        raise RuntimeError(f"the mail server took {len(mails.taken)} of {messages} messages")
    return Findings(
        ratios={"digest_seconds_after_nine": [seconds]},
        figures={
            f"A night of {_NIGHT.seconds} s in which the time of {count:,} cases comes": Figures(
                unit="s",
                rows={
                    "a case shown as due, after its time (p50)": Row(values=[marks["p50"]]),
                    "the same (p99)": Row(values=[marks["p99"]]),
                    "the last one, after the window's end": Row(
                        values=[marks["after_window"]], note="all within the window where it is negative"
                    ),
                },
            ),
            f"A morning with {due:,} cases due": Figures(
                unit="s",
                rows={
                    "first message": Row(values=[min(mails.taken) - nine.timestamp()]),
                    "last message": Row(values=[seconds], note=f"{messages:,} messages to {people:,} people"),
                },
            ),
        },
        raw={"marks": marks, "due": due, "messages": messages, "people": people},
    )
