"""Export and print (导出与打印): the ledger as a workbook, and the files of a college to put on file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nicegui import ui

from api.problems import Problem
from console.backend import Refusal
from console.frame import card, frame
from console.roster_parts.column_order import ColumnOrder
from console.texts import ZONE, _, say
from console.visit import Visit, page
from models.purposes import purpose_texts
from services.office import DepartmentView

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PDF = "application/pdf"


@page("/export", "Export and print", permission="ledger.export")
async def export_page(visit: Visit) -> None:
    """The page."""
    departments = await visit.api.every(DepartmentView, "/departments")
    with frame(visit, _("Export and print"), here="/export"):
        Counter(visit, {item.id: item.name for item in departments}).show()


class Counter:
    """What is taken away, and what for."""

    def __init__(self, visit: Visit, departments: Mapping[str, str]) -> None:
        self._visit, self._departments = visit, departments

    def show(self) -> None:
        """Build it where the page stands."""
        with card(_("What for, and whose files"), icon="verified_user"):
            self._asked()
        with ui.element("div").classes("columns halves"):
            with card(_("The ledger as a workbook"), icon="table_view"):
                self._ledger()
            with card(_("Files to print"), icon="picture_as_pdf"):
                self._papers()

    def _asked(self) -> None:
        with ui.element("div").classes("filters"):
            purposes = {id_: say(text) for id_, text in purpose_texts().items()}
            self._purpose = ui.select(purposes, label=_("What it is needed for")).classes("filter")
            self._purpose.props("outlined dense bottom-slots").without_auto_validation()
            self._department = ui.select(
                dict(self._departments), label=_("Department (all if empty)"), clearable=True
            ).classes("filter")
            self._department.props("outlined dense")
            self._cohort = ui.number(_("Class of (all if empty)"), min=2000, max=2100, format="%d")
            self._cohort.classes("filter").props("outlined dense clearable")
        may = self._visit.may("ledger.export_plain")
        self._plain = ui.checkbox(_("With personal data in full")) if may else None
        ui.label(
            _(
                "Your name, the time and the purpose are printed on every page and kept in the file's properties. Each "
                "export is recorded, and each graduate can see that the file was taken away, by whom and what for."
            )
        ).classes("soft small")

    def _ledger(self) -> None:
        ui.label(
            _("One line for each person, as far as you may read the file. Unmasked, it can be imported back.")
        ).classes("soft")
        self._order = ColumnOrder(self._visit.settings.ledger_columns)
        self._order.show()

        async def make() -> None:
            if not self._order.ids:
                _say(trouble, _("Choose at least one column."))
                return
            columns = ",".join(self._order.ids) if self._order.changed else None
            name = _("ledger-{day}.xlsx", day=_today())
            await self._take(button, trouble, "/exports/ledger.xlsx", name, _XLSX, columns=columns)

        trouble = ui.label().classes("trouble").props("role=alert")
        trouble.set_visibility(False)
        button = ui.button(_("Make the workbook"), icon="download", on_click=make)
        button.props("unelevated no-caps color=primary")

    def _papers(self) -> None:
        most = self._visit.settings.paper_limit
        ui.label(
            _(
                "One file for each person (A4, with places to sign), in the order of classes and student numbers. More "
                "than {most} people come in several PDFs.",
                most=most,
            )
        ).classes("soft")

        async def make() -> None:
            name = _("files-{day}.pdf", day=_today())
            refused = await self._take(button, trouble, "/exports/papers", name, _PDF)
            parts = int(refused.details.get("parts", 0)) if refused else 0
            for part in range(1, parts + 1):
                button.set_text(_("Making PDF {part} of {parts}", part=part, parts=parts))
                name = _("files-{day}-{part}.pdf", day=_today(), part=part)
                if await self._take(button, trouble, "/exports/papers", name, _PDF, part=part):
                    break
            button.set_text(_("Make the PDF"))

        trouble = ui.label().classes("trouble").props("role=alert")
        trouble.set_visibility(False)
        button = ui.button(_("Make the PDF"), icon="print", on_click=make)
        button.props("unelevated no-caps color=primary")

    async def _take(
        self, button: ui.button, trouble: ui.label, path: str, name: str, media_type: str, **more: Any
    ) -> Problem | None:
        """Have it made, and give it to the browser; what is refused is said beside the button, and returned."""
        _say(trouble, "")
        self._purpose.error = None
        if not self._purpose.value:
            self._purpose.error = _("Say what it is needed for.")
            return None
        cohort = self._cohort.value
        params: dict[str, Any] = {
            "purpose": self._purpose.value,
            "masked": "false" if self._plain is not None and self._plain.value else "true",
            "department": self._department.value,
            "cohort": int(cohort) if cohort else None,
            **more,
        }
        button.props("loading").disable()
        try:
            given = {key: value for key, value in params.items() if value is not None}
            response = await self._visit.api.send("GET", path, params=given)
        except Refusal as refusal:
            if refusal.signed_off:
                raise
            problem = refusal.problem
            wrong = [item.zh if self._visit.language == "zh" else item.en for item in problem.errors]
            _say(trouble, " ".join([say(problem), *wrong]))
            return problem
        finally:
            button.props(remove="loading").enable()
        ui.download.content(response.content, name, media_type)
        ui.notify(_("Made: {name}", name=name), type="positive")
        return None


def _say(place: ui.label, text: str) -> None:
    place.set_text(text)
    place.set_visibility(bool(text))


def _today() -> str:
    return f"{datetime.now(ZONE):%Y%m%d}"
