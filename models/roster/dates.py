"""Dates as people and spreadsheets write them (domain.md §2)."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from models.roster.text import clean, half_width

# A month alone means its first day (enrolment) or its last (graduation).
MonthMeans = Literal["first_day", "last_day"]

_TIME = r"(?:(?:T|\s+)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_SEPARATED = re.compile(
    r"(?P<year>\d{4})\s*[-–/.年]\s*(?P<month>\d{1,2})(?:\s*[-–/.月]\s*(?:(?P<day>\d{1,2})\s*[日号]?)?)?"
    + _TIME
)
_RUN_TOGETHER = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})?(?:\.0+)?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
# Day 0 of the spreadsheet calendar, right for every day after February 1900.
_SERIAL_EPOCH = date(1899, 12, 30)


def parse_date(text: str, month_means: MonthMeans) -> date | None:
    """The date that a cell means, or None if it is none that can be read, does not exist, or lies outside
    1950 to 2099. Takes 2027-06-30, 2027/6/30, 2027.06, 2027年6月(30日), 20270630, 202706, a spreadsheet's day
    number, and a time after the date, which is dropped."""
    text = half_width(clean(text)).strip()
    if serial := _SERIAL.fullmatch(text):
        day = _SERIAL_EPOCH + timedelta(days=int(serial.group(1)))
    else:
        found = _SEPARATED.fullmatch(text) or _RUN_TOGETHER.fullmatch(text)
        day = _calendar_day(found, month_means) if found else None
    return day if day is not None and 1950 <= day.year < 2100 else None


def _calendar_day(found: re.Match[str], month_means: MonthMeans) -> date | None:
    year, month = int(found["year"]), int(found["month"])
    if year < 1 or not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    day = int(found["day"]) if found["day"] else (1 if month_means == "first_day" else last)
    return date(year, month, day) if 1 <= day <= last else None


def parse_cohort(text: str) -> int | None:
    """The graduating year of 2027, 2027届, 27届 or 2027年; None for anything else."""
    found = re.fullmatch(
        r"(\d{4}|\d{2}(?=届))(?:\.0+)?\s*年?\s*届?(?:毕业生)?", half_width(clean(text)).strip()
    )
    if found is None:
        return None
    year = int(found.group(1))
    year += 2000 if year < 100 else 0
    return year if 1950 <= year < 2100 else None
