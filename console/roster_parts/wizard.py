"""From a file to files: a roster is chosen, looked at without writing, corrected, and taken in."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from nicegui.elements.upload_files import FileUpload
from nicegui.events import UploadEventArguments

from console.backend import Refusal
from console.frame import card
from console.links import go
from console.roster_parts.columns import Column, columns_found, columns_of, show_columns
from console.roster_parts.course import Course
from console.texts import _, say
from console.uploads import uploader
from console.visit import ROOT, Visit
from models.case.kernel import Role
from models.views.imports import ImportView

_KIB = 1024
_WHOLE_SCHOOL = Role.SCHOOL_SUPERVISOR
_FIRST_COHORT, _LAST_COHORT = 2000, 2100


class Wizard:
    """The way of one roster. The file stays on the page until another is chosen; `checked` is called after each look
    at it."""

    def __init__(
        self, visit: Visit, departments: Mapping[str, str], checked: Callable[[], Awaitable[None]]
    ) -> None:
        self._visit, self._departments, self._checked = visit, departments, checked
        self._file: FileUpload | None = None
        self._corrections: dict[str, str] = {}
        self._course: Course | None = None
        # What the last look at the file was asked with; the import then asks for the same.
        self._asked: dict[str, str] | None = None
        self._key = ""

    def show(self) -> None:
        """Build it where the page stands."""
        with card(_("1. Choose the roster"), icon="upload_file"):
            ui.label(
                _(
                    "An Excel workbook (XLSX) or a CSV file with at least student number and name. First it is only "
                    "looked at; nothing is written before you say so."
                )
            ).classes("soft")
            self._options()
            with ui.element("div").classes("upload"):
                uploader(_("Choose a roster"), self._visit.settings.max_upload_mb, self._uploaded)
            self._chosen = ui.label().classes("strong")
            self._trouble = ui.label().classes("trouble").props("role=alert")
            self._trouble.set_visibility(False)
        self._columns = ui.element("div").classes("full-width")
        with card(_("3. Look, then import"), icon="rule") as self._last:
            self._counts = ui.element("div").classes("full-width")
            self._hint = ui.label().classes("meanwhile")
            with ui.element("div").classes("actions"):
                self._again = ui.button(_("Check again"), icon="refresh", on_click=self._check)
                self._again.props("outline no-caps")
                self._import = ui.button(_("Import now"), icon="done_all", on_click=self._take)
                self._import.props("unelevated no-caps color=primary")
            self._rows = ui.element("div").classes("full-width")
        self._last.set_visibility(False)

    def _options(self) -> None:
        with ui.element("div").classes("filters"):
            self._cohort = ui.number(
                _("Class of rows that do not say"),
                min=_FIRST_COHORT,
                max=_LAST_COHORT,
                format="%d",
                on_change=self._changed,
            ).props("outlined dense clearable")
            self._cohort.classes("filter")
            whole = self._visit.me.role == _WHOLE_SCHOOL
            self._department = ui.select(
                dict(self._departments),
                label=_("Department of rows that do not say"),
                clearable=True,
                on_change=self._changed,
            ).props("outlined dense")
            self._department.classes("filter wide-filter").set_visibility(whole)
        self._create = ui.checkbox(
            _("Create departments that the school does not have yet"), on_change=self._changed
        )
        self._create.set_visibility(whole)
        self._other = ui.checkbox(
            _("Take unknown hardship types as “other”, with their words"), on_change=self._changed
        )

    async def _uploaded(self, event: UploadEventArguments) -> None:
        self._file = event.file
        size = max(1, event.file.size() // _KIB)
        self._chosen.set_text(_("Chosen: {name} ({size} KB)", name=event.file.name, size=size))
        await self._check()

    def _fields(self) -> dict[str, str]:
        """What is asked for, but for whether it is a look or the import itself."""
        cohort = self._cohort.value
        given = {
            "department_id": self._department.value or "",
            "cohort": str(int(cohort)) if cohort else "",
            "create_departments": "true" if self._create.value else "",
            "unknown_hardship_as_other": "true" if self._other.value else "",
            "columns": json.dumps(self._corrections) if self._corrections else "",
        }
        return {name: value for name, value in given.items() if value}

    async def _send(self, fields: Mapping[str, str], key: str, *, dry_run: bool) -> ImportView:
        assert self._file is not None  # noqa: S101  (its buttons appear with it)
        content = await self._file.read()
        asked = {**fields, "dry_run": "true" if dry_run else "false"}
        return await self._visit.api.upload(ImportView, "/imports", self._file.name, content, asked, key)

    async def _check(self) -> None:
        """Look at the file without writing."""
        self._say("")
        self._again.disable()
        self._import.disable()
        asked = self._fields()
        try:
            view = await self._send(asked, str(uuid.uuid4()), dry_run=True)
        except Refusal as refusal:
            self._refused(refusal)
            return
        self._asked, self._key = asked, str(uuid.uuid4())
        self._show_columns(columns_of(view, self._corrections))
        self._course = Course(self._visit, view, ended=self._looked, rows=self._rows)
        self._last.set_visibility(True)
        self._counts.clear()
        with self._counts:
            await self._course.show()
        self._changed()

    async def _looked(self, _view: ImportView) -> None:
        self._changed()
        await self._checked()

    def _refused(self, refusal: Refusal) -> None:
        """The file as a whole was not taken: why, and what was found in it. It stays."""
        problem = refusal.problem
        self._asked, self._course = None, None
        wrong = [item.zh if self._visit.language == "zh" else item.en for item in problem.errors]
        self._say(" ".join([say(problem), *wrong]))
        self._counts.clear()
        self._rows.clear()
        self._last.set_visibility(True)
        headers: list[str] = problem.details.get("headers_found", [])
        if headers:
            self._show_columns(columns_found(headers, self._corrections))
        else:
            self._columns.clear()
        self._changed()

    def _show_columns(self, columns: list[Column]) -> None:
        read = sum(1 for column in columns if column.field)
        self._columns.clear()
        with self._columns, card(_("2. What the columns are"), icon="view_column"):
            ui.label(
                _(
                    "{read} of {count} columns are read. Say here what the others are.",
                    read=read,
                    count=len(columns),
                )
                if read < len(columns)
                else _("All {count} columns are read.", count=len(columns))
            ).classes("soft")
            show_columns(columns, self._correct)

    def _correct(self, header: str, field: str) -> None:
        self._corrections[header] = field
        self._changed()

    def _changed(self) -> None:
        """What can be done now."""
        if self._file is None:
            return
        course = self._course
        running = course is not None and not course.over
        sound = course is not None and course.over and course.view.status == "done"
        same = self._asked == self._fields()
        worth = course is not None and bool(course.view.opened or course.view.updated)
        hint = ""
        if course is None:
            hint = _("Choose a mended file, or say what the columns are and check again.")
        elif not same:
            hint = _("You changed something: check again before the import.")
        elif sound and not worth:
            hint = _("There is nothing to import: no row would open or update a file.")
        self._hint.set_text(hint)
        self._hint.set_visibility(bool(hint))
        self._again.set_enabled(not running)
        self._import.set_enabled(sound and same and worth)

    async def _take(self) -> None:
        """Import the file as it was looked at."""
        assert self._asked is not None  # noqa: S101  (the button is off before)
        self._say("")
        self._import.disable()
        try:
            view = await self._send(self._asked, self._key, dry_run=False)
        except Refusal as refusal:
            # The key is kept: asking again after an answer that got lost imports nothing twice.
            self._say(say(refusal.problem))
            self._changed()
            return
        go(f"{ROOT}/import/{view.id}")

    def _say(self, text: str) -> None:
        self._trouble.set_text(text)
        self._trouble.set_visibility(bool(text))
