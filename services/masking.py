"""Files, lines and events as one person may see them: what that person does not need is masked."""

from collections.abc import Mapping
from typing import Any

from models.case.destination import Destination
from models.case.intake import Eligibility, Hardship
from models.case.kernel import Actor
from models.case.profile import Profile
from models.identity import mask_name
from models.masks import masked
from models.tables import CaseRow
from models.views.case import AssessmentView, CaseLine, CaseView, TimelineEntry
from services.access import plain_groups, shown_everywhere
from services.errors import FieldMasked

# The parts of a file that hold what is masked.
_PARTS = frozenset({"profile", "declared", "eligibility", "assessment", "destinations"})


def personal_parts(view: CaseView) -> dict[str, Any]:
    """The parts of a file that hold what may be masked, as JSON."""
    return view.model_dump(mode="json", include=set(_PARTS))


def view_for(plain: frozenset[str], view: CaseView) -> CaseView:
    """A whole file for somebody who sees these groups plain."""
    parts, found = masked(personal_parts(view), plain)
    if not found:
        return view
    eligibility, assessment = parts["eligibility"], parts["assessment"]
    shown: dict[str, object] = {
        "profile": Profile.model_validate(parts["profile"]),
        "declared": tuple(Hardship.model_validate(item) for item in parts["declared"]),
        "eligibility": Eligibility.model_validate(eligibility) if eligibility else None,
        "assessment": AssessmentView.model_validate(assessment) if assessment else None,
        "destinations": [Destination.model_validate(item) for item in parts["destinations"]],
        "masked": tuple(sorted(found)),
    }
    return view.model_copy(update=shown)


def line_for(actor: Actor, row: CaseRow, line: Mapping[str, Any]) -> CaseLine:
    """A line of the ledger."""
    # What a line holds beside these two is open.
    personal, found = masked(
        {"name": line["name"], "primary_type": row.primary_type}, plain_groups(actor, row)
    )
    return CaseLine.model_validate({**line, **personal, "masked": sorted(found)})


def entry_for(plain: frozenset[str], entry: TimelineEntry) -> TimelineEntry:
    """An event of the timeline."""
    data, found = masked(entry.data, plain)
    return entry.model_copy(update={"data": data, "masked": tuple(sorted(found))})


def name_for(name: str, *, plain: bool) -> str:
    """The name of a graduate in a list."""
    return name if plain else mask_name(name)


def check_shown(actor: Actor, group: str) -> None:
    """Raises FieldMasked where a list's order or filter would tell what its lines mask."""
    if not shown_everywhere(actor, group):
        raise FieldMasked
