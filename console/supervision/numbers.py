"""The numbers of the overview, each with the list of cases behind it."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlencode

from nicegui import ui

from console.frame import card, empty
from console.links import link
from console.supervision.charts import bars
from console.texts import _, say
from console.visit import ROOT, Visit
from models.case.state import STAGES
from models.views.supervision import LoopTime, Overview
from models.views.vocabulary import vocabulary


class Numbers:
    """The numbers as they are now."""

    def __init__(
        self, visit: Visit, found: Overview, wanted: Mapping[str, str], departments: Mapping[str, str]
    ) -> None:
        self._visit, self._found, self._departments = visit, found, departments
        names = {"hardship_type": "primary_type"}
        self._wanted = {names.get(key, key): text for key, text in wanted.items() if text}
        self._lists = visit.may("case.list")

    def show(self) -> None:
        """All of it."""
        self._figures()
        with ui.element("div").classes("columns halves"):
            with ui.element("div"):
                self._funnel()
                self._overdue()
                self._after_leaving()
            with ui.element("div"):
                self._stages()
                self._referrals()
                self._destinations()
        self._by_department()
        self._by_hardship()

    def _figures(self) -> None:
        found = self._found
        with ui.element("div").classes("figures"):
            self._figure(_("Open cases"), found.open, {"open": "true"})
            self._figure(_("Without a mentor"), found.unassigned, {"unassigned": "true"}, late=True)
            self._figure(_("Nothing delivered yet"), found.unserved_count, {"unserved": "true"}, late=True)
            self._figure(_("Overdue tasks"), found.overdue, {"overdue": "true"}, late=True)
            self._figure(_("Destination settled"), found.settled, {"settled": "true"})
            self._figure(_("All files"), found.total, {})

    def _figure(self, what: str, number: int | None, query: Mapping[str, str], *, late: bool = False) -> None:
        tone = "late" if late and number else ""
        place = link(target=self._list(query)) if self._lists else ui.element("div")
        with place.classes("figure"):
            ui.label(_shown(number)).classes(f"number {tone}")
            ui.label(what).classes("what")

    def _list(self, query: Mapping[str, str]) -> str:
        return f"{ROOT}/cases?{urlencode({**self._wanted, **query})}"

    def _funnel(self) -> None:
        words = vocabulary()
        steps = [item for item in self._found.funnel if item.count is not None]
        with card(_("How far the graduates have come"), icon="filter_alt"):
            names = [say(words.choice("step", item.step, "funnel")) for item in steps]
            bars(_("Funnel of steps"), names, {_("Graduates"): [item.count or 0 for item in steps]})

    def _stages(self) -> None:
        stages: dict[str, int] = {}
        for item in self._found.stages:
            stages[item.stage] = stages.get(item.stage, 0) + (item.count or 0)
        keys = [stage for stage in STAGES if stage in stages]
        with card(_("Stage now"), icon="timeline"):
            names = [say(vocabulary().stage(key)) for key in keys]
            bars(
                _("Cases by stage"),
                names,
                {_("Cases"): [stages[key] for key in keys]},
                opens=(lambda index: self._list({"stage": keys[index]})) if self._lists else None,
            )

    def _overdue(self) -> None:
        rungs: dict[str, int] = {}
        for item in self._found.overdue_by_rung:
            rungs[item.rung] = rungs.get(item.rung, 0) + (item.count or 0)
        with card(_("Overdue by step of escalation"), icon="warning"):
            if not rungs:
                empty(_("Nothing is overdue."), _("What is late appears here by itself."), icon="task_alt")
                return
            for rung, count in rungs.items():
                self._row(
                    say(vocabulary().choice("rung", rung)), count, f"{ROOT}/overdue?rung={rung}", late=True
                )

    def _row(self, what: str, number: int | None, target: str, *, late: bool = False) -> None:
        with ui.element("div").classes("line"):
            ui.label(what).classes("grow")
            if self._lists and target:
                link(_shown(number), target).classes("late strong" if late and number else "strong")
            else:
                ui.label(_shown(number)).classes("strong")

    def _after_leaving(self) -> None:
        after = self._found.after_leaving
        with card(_("Follow-up after leaving school"), icon="directions_walk"):
            self._row(
                _("Left school, still open"), after.open, self._list({"left_school": "true", "open": "true"})
            )
            self._row(_("Follow-up in time"), after.on_time, "")
            self._row(_("Follow-up late"), after.late, f"{ROOT}/overdue?clock=follow_up", late=True)
            self._row(_("No follow-up due"), after.none_due, "")

    def _referrals(self) -> None:
        loop = self._found.referrals
        with card(_("Referrals"), icon="swap_horiz"):
            if not loop.by_status:
                empty(_("No referrals yet."), _("They are sent from a case."), icon="swap_horiz")
                return
            for item in loop.by_status:
                name = say(vocabulary().choice("status", item.status, "referrals"))
                self._row(name, item.count, f"{ROOT}/referrals?status={item.status}")
            self._row_text(_("Until the answer (median)"), _hours(loop.to_answer))
            self._row_text(_("Until the loop is closed (median)"), _hours(loop.to_close))

    def _row_text(self, what: str, text: str) -> None:
        with ui.element("div").classes("line"):
            ui.label(what).classes("grow")
            ui.label(text).classes("strong")

    def _destinations(self) -> None:
        with card(_("Destinations"), icon="flag"):
            if not self._found.destinations:
                empty(_("No destinations yet."), _("Graduates and mentors register them."), icon="flag")
            for item in self._found.destinations:
                name = say(vocabulary().destination(item.code))
                status = say(vocabulary().choice("status", item.status, "destinations"))
                self._row(
                    f"{name} · {status}",
                    item.count,
                    self._list({"destination_code": item.code, "destination_status": item.status}),
                )

    def _by_department(self) -> None:
        figures: dict[str, tuple[str, Mapping[str, str] | None]] = {
            "open": (_("Open"), {"open": "true"}),
            "unassigned": (_("Without a mentor"), {"unassigned": "true"}),
            "unserved_count": (_("Nothing delivered yet"), {"unserved": "true"}),
            "services_due": (_("Services due"), None),
            "services_done": (_("Delivered"), None),
            "services_confirmed": (_("Confirmed"), None),
            "packages_complete": (_("Packages complete"), {"package_complete": "true"}),
            "settled": (_("Settled"), {"settled": "true"}),
        }
        rows = [
            (
                self._departments.get(item.department_id, item.department_id),
                {"department": item.department_id},
                item,
            )
            for item in self._found.departments
        ]
        self._table(_("By department"), _("Department"), figures, rows)

    def _by_hardship(self) -> None:
        figures: dict[str, tuple[str, Mapping[str, str] | None]] = {
            "open": (_("Open"), {"open": "true"}),
            "unassigned": (_("Without a mentor"), {"unassigned": "true"}),
            "packages_complete": (_("Packages complete"), {"package_complete": "true"}),
            "settled": (_("Settled"), {"settled": "true"}),
            "total": (_("All files"), {}),
        }
        rows = [
            (
                say(vocabulary().hardship(item.type)) if item.type else _("Not decided yet"),
                {"primary_type": item.type or ""},
                item,
            )
            for item in self._found.hardship_types
        ]
        if not self._visit.sees_everywhere("hardship"):
            figures = {name: (label, None) for name, (label, _query) in figures.items()}
        self._table(_("By hardship type"), _("Hardship type"), figures, rows)

    def _table(
        self,
        title: str,
        first: str,
        figures: Mapping[str, tuple[str, Mapping[str, str] | None]],
        rows: Sequence[tuple[str, Mapping[str, str], object]],
    ) -> None:
        with card(title, icon="table_chart"), _table():
            with ui.element("thead"), ui.element("tr"):
                _cell("th", first)
                for label, _query in figures.values():
                    _cell("th", label)
            with ui.element("tbody"):
                for name, of, item in rows:
                    with ui.element("tr"):
                        _cell("th", name)
                        for key, (_label, query) in figures.items():
                            number = getattr(item, key)
                            with ui.element("td"):
                                if query is None or not self._lists or not number:
                                    ui.label(_shown(number))
                                else:
                                    link(_shown(number), self._list({**of, **query}))


@contextmanager
def _table() -> Generator[None]:
    # What does not fit on a phone is moved sideways, also by keyboard.
    with ui.element("div").classes("scroll").props("tabindex=0"), ui.element("table").classes("numbers"):
        yield


def _cell(tag: str, text: str) -> None:
    with ui.element(tag):
        ui.label(text)


def _shown(number: int | None) -> str:
    """Small numbers are not told to the province: they could point at a person."""
    return _("few") if number is None else str(number)


def _hours(time: LoopTime) -> str:
    if time.median_hours is None:
        return "—"
    if time.median_hours < 48:
        return _("{hours} hours", hours=round(time.median_hours, 1))
    return _("{days} days", days=round(time.median_hours / 24, 1))
