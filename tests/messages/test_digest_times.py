"""When the digest goes out."""

from datetime import datetime

import pytest

from models.digest_times import DigestTimes
from models.policy import Digest

DAILY = DigestTimes(digest=Digest(), timezone="Asia/Shanghai")
BEAT = DigestTimes(
    digest=Digest.model_validate({"every": "5 seconds", "quiet_from": "00:00", "quiet_to": "00:00"}),
    timezone="Asia/Shanghai",
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-02T08:59:59", "2026-11-02T09:00"),
        ("2026-11-02T09:00:00", "2026-11-03T09:00"),
        ("2026-12-31T23:00:00", "2027-01-01T09:00"),
    ],
)
def test_the_first_digest_is_the_next_nine_oclock(now: str, first: str) -> None:
    assert DAILY.first(local(now)) == local(first)


def test_there_is_one_a_day_however_late_the_last_one_was() -> None:
    assert DAILY.after(local("2026-11-02T09:00:01")) == local("2026-11-03T09:00")
    assert DAILY.after(local("2026-11-02T20:30")) == local("2026-11-03T09:00")
    assert DAILY.period(local("2026-11-03T09:00")) == "2026-11-03"


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-11-02T09:00", "2026-11-02T09:00"),
        ("2026-11-02T21:00", "2026-11-03T08:00"),
        ("2026-11-02T23:59:59", "2026-11-03T08:00"),
        ("2026-11-03T00:30:15", "2026-11-03T08:00"),
        ("2026-11-03T07:59:59", "2026-11-03T08:00"),
        ("2026-11-03T08:00", "2026-11-03T08:00"),
    ],
)
def test_nothing_goes_out_in_the_quiet_hours(moment: str, allowed: str) -> None:
    assert DAILY.allowed(local(moment)) == local(allowed)


def test_after_an_outage_the_missed_digest_goes_out_once_when_it_may() -> None:
    """Away from the 2nd until the night of the 5th: one digest at the end of the quiet hours, the next a day on."""
    due = DAILY.after(local("2026-11-02T09:00"))
    back = local("2026-11-05T03:00")
    sent = DAILY.allowed(max(due, back))
    assert sent == local("2026-11-05T08:00")
    assert DAILY.period(sent) == "2026-11-05"
    assert DAILY.after(sent) == local("2026-11-06T09:00")


def test_a_beat_is_named_by_its_start() -> None:
    assert BEAT.first(local("2026-11-02T00:00:03")) == local("2026-11-02T00:00:05")
    assert BEAT.period(local("2026-11-02T00:00:07")) == "2026-11-01T16:00:05Z"
    assert BEAT.after(local("2026-11-02T00:00:07")) == local("2026-11-02T00:00:10")
