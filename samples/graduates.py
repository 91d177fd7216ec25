"""Graduates made up from a seed: impossible identities (domain.md §9), plausible everything else."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

import yaml

from models.base import Model
from models.identity import check_character


class College(Model):
    """A college with its majors and the jobs its graduates look for."""

    name: str
    code: str
    majors: tuple[str, ...]
    jobs: tuple[str, ...]


class Vocabulary(Model):
    """What graduates are made of; numbers are weights."""

    cohort: int
    surnames: str
    given: dict[str, str]
    colleges: tuple[College, ...]
    hardship: dict[str, int]
    hardship_counts: dict[int, int]
    ethnicities: dict[str, int]
    political: dict[str, int]
    grades: dict[str, int]
    intentions: dict[str, int]
    places: tuple[str, ...]
    pay: tuple[str, ...]
    needs: tuple[str, ...]


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary that lies beside this module."""
    text = Path(__file__).with_name("vocabulary.yaml").read_text(encoding="utf-8")
    return Vocabulary.model_validate(yaml.safe_load(text))


def generate_rows(n: int, seed: int, college: College | None = None) -> Iterator[dict[str, str]]:
    """`n` graduates as cells by field name, streamed; of one college, or of all in turn. Equal seeds give equal
    graduates. Student numbers are unique within a call, and across calls for different colleges."""
    random = Random(f"{seed}/{college.code if college else '*'}")  # noqa: S311 - made-up people, no secrets
    colleges = (college,) if college else vocabulary().colleges
    for index in range(n):
        yield _graduate(random, colleges[index % len(colleges)], index)


def test_id_number(born: date, sequence: int) -> str:
    """An ID number of region 000000 with the right check digit; odd sequences are male."""
    first_17 = f"000000{born:%Y%m%d}{sequence:03}"
    return first_17 + check_character(first_17)


def _graduate(random: Random, college: College, index: int) -> dict[str, str]:
    words = vocabulary()
    entered = words.cohort - 4
    sex = random.choice("12")
    born = date(entered - 19, 9, 1) + timedelta(days=random.randrange(540))
    student_no = f"{entered}{college.code}{index + 1:06}"
    major = random.choice(college.majors)
    hardship = _hardship(random)
    return {
        "student_no": student_no,
        "exam_no": f"{entered % 100}000000{index + 1:06}",
        "name": _name(random, sex),
        "sex": {"1": "男", "2": "女"}[sex],
        "id_number": test_id_number(born, 2 * random.randrange(1, 499) + (sex == "1")),
        "ethnicity": _weighted(random, words.ethnicities),
        "political_status": _weighted(random, words.political),
        "phone": f"100{random.randrange(10**8):08}",
        "email": f"{student_no}@graduates.example",
        "department": college.name,
        "major": major,
        "class_name": f"{major.split('(')[0]}{entered % 100}{random.randint(1, 3):02}班",
        "education_level": "本科",
        "programme_years": "4",
        "enrolled_on": f"{entered}-09-01",
        "graduates_on": f"{words.cohort}-06-30",
        "hardship": hardship,
        "hardship_grade": _weighted(random, words.grades) if hardship else "",
        "subsidy_claimed": random.choice("是否"),
        "intention": _weighted(random, words.intentions),
        "intention_places": "、".join(random.sample(words.places, random.randint(1, 2))),
        "intention_jobs": "、".join(random.sample(college.jobs, random.randint(1, 2))),
        "expected_pay": random.choice(words.pay),
        "service_needs": "、".join(random.sample(words.needs, random.randint(1, 3))),
    }


def _name(random: Random, sex: str) -> str:
    given = random.choices(vocabulary().given[sex], k=random.choice((1, 2, 2, 2)))
    return random.choice(vocabulary().surnames) + "".join(given)


def _hardship(random: Random) -> str:
    counts = vocabulary().hardship_counts
    count = random.choices(list(counts), weights=list(counts.values()))[0]
    types: dict[str, None] = {}
    while len(types) < count:
        types[_weighted(random, vocabulary().hardship)] = None
    return random.choice("、,;").join(types)


def _weighted(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), weights=list(weights.values()))[0]
