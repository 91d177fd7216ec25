"""The campaigns of a cohort's last year (促就业专项行动)."""

from calendar import monthrange
from datetime import date
from functools import cache
from importlib import resources

import yaml
from pydantic import Field

from models.base import Model


class CampaignDay(Model):
    """A date, `years` from the cohort's year of graduation."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    years: int = Field(default=0, ge=-2, le=2)

    def of(self, cohort: int) -> date:
        """The date for a cohort; the last day of a month that is shorter."""
        year = cohort + self.years
        return date(year, self.month, min(self.day, monthrange(year, self.month)[1]))


class Campaign(Model):
    """One campaign; both dates are inclusive."""

    id: str
    zh: str
    en: str
    starts: CampaignDay
    ends: CampaignDay


@cache
def campaigns() -> tuple[Campaign, ...]:
    """All campaigns, in the order of their dates."""
    source = resources.files("models.data").joinpath("campaigns.yaml")
    found = yaml.safe_load(source.read_text(encoding="utf-8"))["campaigns"]
    return tuple(Campaign.model_validate(item) for item in found)
