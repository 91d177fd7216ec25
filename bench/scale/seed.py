"""A ledger of any size on PostgreSQL within minutes: real lives, written by the real projection, repeated by the
database for other people, schools, colleges and mentors. Names and numbers of the first province are sealed and found
as in use; the other provinces have the same under other ids, so that nobody there is found by them. What the states
and events hold is not repeated, so that files do not open."""

import base64
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import psycopg

from bench.scale.lives import lives
from bench.scale.repeat import PERSONS, Repeated, copy, dsn, make_staging, repeat, repeat_keys, repeat_people
from models.case.kernel import Role
from models.tables import Department, School, Staff
from samples.graduates import test_id_number, vocabulary
from services.ciphers import KEY_BYTES
from services.data_key import DataKey
from services.database import create_engine_from, insert_missing, migrate
from services.key_store import StoredKey
from services.policies import load_policies
from services.projection import Ledger
from services.sealed import NAME, STUDENT_NO
from services.settings import Settings
from services.vault import Vault

LIVES = 200
SCHOOLS_OF_A_PROVINCE = 6
COLLEGES = 10
CASES_OF_A_MENTOR = 15
# Cases of each school as a share of the first, whose people read.
_SIZES = (1.0, 1.0, 0.2, 3.0, 0.4, 0.4)
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_KEYS = ("data_key", ("subject", "key_id", "master_id", "wrapped", "created_at", "destroyed_at"))
_FIRST_BIRTHDAY = date(2002, 9, 1)


@dataclass(frozen=True)
class Place:
    """A school of the ledger: its number tells all its ids."""

    number: int
    cases: int

    @property
    def id(self) -> str:
        return f"{20_000 + self.number}"

    @property
    def partner(self) -> str:
        return f"p-{self.id}"

    @property
    def centre(self) -> str:
        """Its school supervisor."""
        return f"{self.id}-centre"

    @property
    def observer(self) -> str:
        """The observer of its province."""
        return f"{self.id}-observer"

    @property
    def mentors(self) -> int:
        """How many mentors each of its colleges has."""
        return max(1, self.cases // COLLEGES // CASES_OF_A_MENTOR)

    def college(self, number: int) -> str:
        return f"c-{self.id}-{number}"

    def chief(self, college: int) -> str:
        """The supervisor of a college."""
        return f"{self.college(college)}-chief"

    def counselor(self, college: int) -> str:
        return f"{self.college(college)}-counselor"

    def mentor(self, college: int, number: int) -> str:
        return f"m-{self.id}-{college}-{number}"

    def student_no(self, number: int) -> str:
        return f"{self.id}{number:08}"


def places(schools: int, cases: int) -> list[Place]:
    """Schools of very different size, `cases` on average."""
    return [Place(number, int(cases * _SIZES[number % len(_SIZES)])) for number in range(schools)]


def people(place: Place) -> Iterator[Staff]:
    """The staff of a school."""

    def someone(staff_id: str, role: Role, college: str | None = None, capacity: int = 0) -> Staff:
        return Staff(
            id=staff_id,
            school_id=place.id,
            department_id=college,
            name="测试",
            role=role,
            capacity=capacity,
            created_at=_MADE,
        )

    yield someone(place.centre, Role.SCHOOL_SUPERVISOR)
    yield someone(place.observer, Role.PROVINCIAL_OBSERVER)
    yield someone(place.partner, Role.PARTNER)
    for college in range(COLLEGES):
        yield someone(place.chief(college), Role.DEPARTMENT_SUPERVISOR, place.college(college))
        yield someone(place.counselor(college), Role.COUNSELOR, place.college(college))
        for number in range(place.mentors):
            yield someone(place.mentor(college, number), Role.MENTOR, place.college(college), 100)


def colleges(place: Place) -> Iterator[Department]:
    """The colleges of a school."""
    for number in range(COLLEGES):
        yield Department(id=place.college(number), school_id=place.id, name=f"学院{number}", created_at=_MADE)


def seed(settings: Settings, schools: Sequence[Place], *, now: datetime) -> None:
    """Fill the empty PostgreSQL databases of the settings, and have the ledger analysed."""
    migrate(settings)
    vault = Vault.of(settings)
    (policy,) = load_policies(settings.policy)
    told = list(lives(policy, now, LIVES, seed=1))
    vault.ensure(item.state.case_id for item in told)
    engine = create_engine_from(settings)
    Ledger(engine, vault).project(told)
    with engine.begin() as connection:
        insert_missing(connection, [_school(place) for place in schools])
        insert_missing(connection, [college for place in schools for college in colleges(place)])
        insert_missing(connection, [person for place in schools for person in people(place)])
    engine.dispose()
    vault.store.close()
    known = schools[:SCHOOLS_OF_A_PROVINCE]
    with psycopg.connect(dsn(settings.database_url), autocommit=True) as connection:
        make_staging(connection)
        _write_people(settings, known)
        repeat_people(
            connection,
            [
                Repeated(known[place.number % len(known)].id, place.id, place.number // len(known))
                for place in schools[len(known) :]
            ],
            LIVES,
        )
        repeat(connection)
    repeat_keys(settings.key_database_url, len(schools) // len(known))


def _school(place: Place) -> School:
    province = f"省{place.number // SCHOOLS_OF_A_PROVINCE}"
    return School(id=place.id, name=f"学校{place.number}", province=province)


def _write_people(settings: Settings, schools: Sequence[Place]) -> None:
    """The people of these schools into the staging table, and their keys into the key store."""
    vault = Vault.of(settings)
    random = Random(schools[0].id)  # noqa: S311 - made-up people, no secrets
    written = [_person(vault, random, place, number) for place in schools for number in range(place.cases)]
    vault.store.close()
    copy(settings.key_database_url, _KEYS, [key for key, _ in written])
    copy(settings.database_url, PERSONS, [person for _, person in written])


def _person(vault: Vault, random: Random, place: Place, number: int) -> tuple[Sequence[Any], Sequence[Any]]:
    student_no = place.student_no(number)
    case_id = vault.case_id(place.id, student_no)
    plain = os.urandom(KEY_BYTES)
    stored = vault.wrapped(StoredKey.of(case_id, os.urandom(8).hex()), plain)
    key = DataKey(case_id, stored.key_id, plain)

    def sealed(text: str, context: str) -> str:
        body = base64.b64encode(key.seal(vault.algorithm, text.encode(), context)).decode()
        return f"{vault.algorithm}.{key.key_id}.{body}"

    name = _name(random)
    college = number % COLLEGES
    born = _FIRST_BIRTHDAY + timedelta(days=number % 900)
    person = (
        case_id,
        random.randrange(LIVES),
        place.id,
        place.college(college),
        place.mentor(college, random.randrange(place.mentors)),
        place.partner,
        place.counselor(college),
        # Hours, so that the same lives do not fall due at the same moment.
        random.uniform(-36, 36),
        sealed(student_no, STUDENT_NO),
        vault.index(place.id, "student_no", student_no),
        vault.index(place.id, "id_number", test_id_number(born, number % 999)),
        vault.index(place.id, "phone", f"100{number:08}"),
        sealed(name, NAME),
        vault.index(place.id, "name", name),
    )
    return (case_id, stored.key_id, stored.master_id, stored.wrapped, stored.created_at, None), person


def _name(random: Random) -> str:
    given = random.choices(vocabulary().given[random.choice("12")], k=2)
    return random.choice(vocabulary().surnames) + "".join(given)
