"""The date where the school is."""

from datetime import UTC, date, datetime

from models.calendar import Calendar


def today() -> date:
    """The school's date."""
    return Calendar().date_of(datetime.now(UTC))
