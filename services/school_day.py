"""The date where the school is."""

from datetime import UTC, date, datetime

from models.calendar import Calendar


def today() -> date:
    """The school's date."""
    return date_of(datetime.now(UTC))


def date_of(moment: datetime) -> date:
    """The school's date at a moment."""
    return Calendar().date_of(moment)
