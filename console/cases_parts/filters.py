"""What a list of cases is narrowed to. It stands in the address, so that back, reload and links come to the same
list; all but the search, whose numbers and names belong to nobody's history or log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from models.case.state import Stage
from models.policy import RiskLevel
from services.case_filter import Sort

STAGES: tuple[str, ...] = get_args(Stage)
RISKS: tuple[str, ...] = get_args(RiskLevel)
SORTS: tuple[str, ...] = get_args(Sort)
STEP = 50
WHETHER = ("overdue", "open", "unassigned", "unserved", "package_complete", "left_school", "settled")
"""Filters that are true or false."""
LINKED = ("primary_type", "destination_code", "destination_status")
"""Filters that only links set, such as those of the overview's numbers."""
_NAMES = ("cohort", "department", "mentor", "hardship_type", "risk_level", "due_before", *WHETHER, *LINKED)
# As many lines as a page shows at most; beyond, one narrows the list.
MOST = 500


@dataclass
class Wanted:
    """The list that a person asked for: `given` are filters of the API by name, `shown` so many lines."""

    given: dict[str, str] = field(default_factory=dict[str, str])
    stages: list[str] = field(default_factory=list[str])
    sort: str = "due"
    shown: int = STEP
    q: str = ""

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """What an address asks for; what it cannot mean is left out."""
        given = {name: query[name] for name in _NAMES if query.get(name)}
        stages = [item for item in query.getlist("stage") if item in STAGES]
        sort, shown = query.get("sort", ""), query.get("shown", "")
        return cls(
            given,
            stages,
            sort if sort in SORTS else "due",
            min(max(int(shown), STEP), MOST) if shown.isdecimal() and len(shown) < 5 else STEP,
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.given or self.stages or self.q)

    def params(self) -> Mapping[str, Any]:
        """The same for the API."""
        return {**self.given, "stage": self.stages or None, "sort": self.sort, "q": self.q.strip() or None}

    def query(self) -> str:
        """The same for the address, with its question mark if there is anything to say."""
        pairs: list[tuple[str, str]] = [("stage", stage) for stage in self.stages] + list(self.given.items())
        if self.sort != "due":
            pairs.append(("sort", self.sort))
        if self.shown != STEP:
            pairs.append(("shown", str(self.shown)))
        return f"?{urlencode(pairs)}" if pairs else ""

    def put(self, name: str, value: object) -> None:
        """Set a filter, or take it away where nothing is given."""
        if value in (None, ""):
            self.given.pop(name, None)
        else:
            self.given[name] = str(value)

    @property
    def true(self) -> list[str]:
        """Those of WHETHER that must be so."""
        return [name for name in WHETHER if self.given.get(name) == "true"]

    @true.setter
    def true(self, names: list[str]) -> None:
        for name in WHETHER:
            if name in names:
                self.given[name] = "true"
            elif self.given.get(name) == "true":
                del self.given[name]

    @property
    def beyond(self) -> dict[str, str]:
        """Filters for which there is no control, by which a link narrowed the list."""
        return {
            name: value
            for name, value in self.given.items()
            if name in LINKED or (name in WHETHER and value != "true")
        }
