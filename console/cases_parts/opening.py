"""Opening a file by hand, for a graduate whom no roster named."""

from console.choices import hardship_options
from console.forms import Choices, Form
from console.links import go
from console.sheet import open_sheet
from console.texts import _, say
from console.visit import ROOT, Visit
from models.roster.codes import person_codes
from models.views.case import CaseView
from models.views.vocabulary import vocabulary
from services.cases import CaseDraft
from services.office import DepartmentView

# What is known when a file is opened; the rest is corrected on the file, or comes with a roster.
_ASKED = (
    "name",
    "student_no",
    "department_id",
    "hardship_types",
    "phone",
    "id_number",
    "sex",
    "education_level",
    "major",
    "class_name",
    "graduates_on",
    "cohort",
    "email",
    "address",
)


async def open_by_hand(visit: Visit) -> None:
    """Show the form; the file that it opens is shown next."""
    departments = await visit.api.every(DepartmentView, "/departments")
    own = visit.me.department_id
    words, codes = vocabulary(), person_codes()
    choices = Choices(
        options={
            "department_id": {item.id: item.name for item in departments if own in (None, item.id)},
            "hardship_types": hardship_options(),
            "sex": {item.code: say(words.choice("sex", item.code)) for item in codes["sexes"].entries},
            "education_level": {
                item.code: say(words.choice("education_level", item.code))
                for item in codes["education_levels"].entries
            },
        },
        hidden=frozenset(CaseDraft.model_fields) - frozenset(_ASKED),
        values={"department_id": own} if own else {},
        first=_ASKED,
    )

    async def send(form: Form) -> None:
        case = await visit.api.post(CaseView, "/cases", form.value(), key=form.key)
        go(f"{ROOT}/cases/{case.case_id}")

    open_sheet(
        _("Open a file by hand"),
        CaseDraft,
        "case",
        choices,
        send,
        text=_("Whole rosters are imported; a file that exists already is never opened twice."),
    )
