"""The morning on which very many cases have something due."""

import asyncio
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from aiosmtpd.controller import Controller

from bench.installation import ZHUHANG, environment_on, running
from bench.scale.seed import Place, seed
from bench.section import Figures, Findings, Ground, Row, plain_url
from models.calendar import Calendar
from services.settings import Settings

ABOUT = (
    "Cases with something due in the ledger of one school: from the time of the digest until a mail server has taken "
    "the last person's message."
)
LIMIT_SECONDS = 420
_DUE = 20_000
# Of the lives that are told some are at their end, with nothing due any more.
_WITHOUT = 1.5
_AHEAD = timedelta(seconds=30)
_PATIENCE = 240
_STANDARDS = """extends: national
id: morning
version: 1
title: 集中到期测量用服务标准
provinces: ["*"]
digest: {{at: "{at}", quiet_from: "00:00", quiet_to: "00:00"}}
"""
_WAITING = """SELECT count(*), count(*) FILTER (WHERE status NOT IN ('sent', 'given_up')), count(DISTINCT staff_id)
FROM delivery WHERE school_id = %s AND channel <> 'inbox'"""


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


def next_minute(policy: Path) -> datetime:
    """Put the digest at a minute that comes soon."""
    local = datetime.now(ZoneInfo(Calendar().timezone)) + _AHEAD
    nine = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    policy.write_text(_STANDARDS.format(at=nine.strftime("%H:%M")), encoding="utf-8")
    return nine.astimezone(UTC)


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
    """One morning."""
    cases = int(_WITHOUT * _DUE) // (10 if ground.quick else 1)
    place = Place(1000 + secrets.randbelow(60_000), cases)
    environment = environment_on(ground, "morning", ground.first_port)
    environment |= {
        "ZHUHANG_SCHOOL_CODE": place.id,
        "ZHUHANG_NOTIFY_URLS": f"mailto://127.0.0.1:{ground.first_port + 3}?from=zhuhang@bench.example&to={{email}}",
    }
    policy = Path(environment["ZHUHANG_POLICY"])
    next_minute(policy)
    url = environment["ZHUHANG_DATABASE_URL"]
    settings = Settings(
        data_dir=Path(environment["ZHUHANG_DATA_DIR"]),
        database_url=url,
        key_database_url=environment["ZHUHANG_KEY_DATABASE_URL"],
        school_code=place.id,
        policy=policy,
    )
    await asyncio.to_thread(seed, settings, [place], now=datetime.now(UTC))
    due = await asyncio.to_thread(make_due, url)
    nine = next_minute(policy)
    with (
        mail_server(ground.first_port + 3) as mails,
        running([ZHUHANG, "worker"], environment, ground.folder / "worker.log"),
    ):
        messages, people = await arrived(url, place.id, nine)
    seconds = max(mails.taken) - nine.timestamp()
    if len(mails.taken) < messages:
        raise RuntimeError(f"the mail server took {len(mails.taken)} of {messages} messages")
    return Findings(
        ratios={"digest_seconds_after_nine": [seconds]},
        figures={
            f"A morning with {due:,} cases due": Figures(
                unit="s",
                rows={
                    "first message": Row(values=[min(mails.taken) - nine.timestamp()]),
                    "last message": Row(values=[seconds], note=f"{messages:,} messages to {people:,} people"),
                },
            )
        },
        raw={"due": due, "messages": messages, "people": people},
    )
