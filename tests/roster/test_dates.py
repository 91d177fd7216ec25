"""Dates in all forms of domain.md §2."""

from datetime import date

import pytest

from models.roster.dates import parse_cohort, parse_date

JUNE_30 = date(2027, 6, 30)


@pytest.mark.parametrize(
    "text",
    [
        "2027-06-30",
        "2027/6/30",
        "2027.6.30",
        "2027年6月30日",
        "2027 年 6 月 30 号",
        "２０２７－０６－３０",
        "20270630",
        "20270630.0",
        "46568",
        "46568.75",
        "2027-06-30 00:00:00",
        "2027-06-30T08:30:00Z",
        "2027-06-30T08:30:00.000+08:00",
        "2027/6/30 0:00",
        "'2027-06-30",
        " 2027-06-30 ",
        "2027.06",
        "2027-6",
        "2027/06",
        "2027年6月",
        "202706",
    ],
)
def test_every_form_means_the_30th_of_june(text: str) -> None:
    assert parse_date(text, "last_day") == JUNE_30


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2028年2月", date(2028, 2, 1), date(2028, 2, 29)),
        ("2027.02", date(2027, 2, 1), date(2027, 2, 28)),
        ("202312", date(2023, 12, 1), date(2023, 12, 31)),
    ],
)
def test_a_month_alone_means_its_first_or_last_day(text: str, first: date, last: date) -> None:
    assert (parse_date(text, "first_day"), parse_date(text, "last_day")) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["2027-06-31", "2027-02-29", "2027-13", "2027-00-10", "20270631", "202713", "2027", "去年九月", "27-6-30",
     "0001-01-01", "1899-01-01", "2100-01-01", "2027-123", "2027-06-30 晚", "6/30/2027", "", "99999999", "1.1E+17"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    assert parse_date(text, "last_day") is None


@pytest.mark.parametrize(
    ("text", "year"),
    [("2027", 2027), ("2027届", 2027), ("27届", 2027), ("2027年", 2027), ("２０２７届毕业生", 2027), ("2027.0", 2027),
     ("27", None), ("2023级", None), ("明年", None), ("1027", None)],
)  # fmt: skip
def test_a_cohort_is_a_year(text: str, year: int | None) -> None:
    assert parse_cohort(text) == year
