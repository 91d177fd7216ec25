"""Overview (总览): where the graduates of a college or the school stand, each number with its list. It names no person
and ranks nobody (三不得)."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from nicegui import ui

from console.frame import card, empty, frame
from console.links import go
from console.live import live
from console.redrawn import Redrawn
from console.supervision.charts import bars, lines
from console.supervision.numbers import Numbers
from console.texts import _, say
from console.visit import ROOT, Visit, page
from models.hardship import hardship_types
from models.views.supervision import Campaigns, Overview, Trends
from models.views.vocabulary import vocabulary
from services.office import DepartmentView

_TRENDS = ("open", "unassigned", "overdue", "packages_complete", "settled")
_LEAST_WEEKS = 2


@page("/overview", "Overview", permission="supervision.overview")
async def overview_page(
    visit: Visit, department: str = "", cohort: str = "", hardship_type: str = ""
) -> None:
    """The page; its filters stand in the address."""
    wanted = {"department": department, "cohort": cohort, "hardship_type": hardship_type}
    with frame(visit, _("Overview"), here="/overview", wide=True):
        departments = (
            await visit.api.every(DepartmentView, "/departments") if visit.may("office.read") else []
        )
        names = {item.id: item.name for item in departments}
        whole = await visit.api.get(Overview, "/supervision/overview", **wanted)
        _filters(visit, wanted, names, [item.cohort for item in whole.cohorts])

        @Redrawn
        async def content() -> None:
            found = await visit.api.get(Overview, "/supervision/overview", **wanted)
            Numbers(visit, found, wanted, names).show()
            await _campaigns(visit, found, wanted)
            await _trends(visit, wanted)

        await content()
        live.watch(lambda change: change.school_id == visit.me.school_id, content.refresh)


def _filters(
    visit: Visit, wanted: Mapping[str, str], departments: Mapping[str, str], cohorts: Sequence[int]
) -> None:
    def change(name: str, value: str | None) -> None:
        kept = {key: text for key, text in {**wanted, name: value or ""}.items() if text}
        go(f"{ROOT}/overview?{urlencode(kept)}")

    choices = {
        "department": (_("Department"), departments),
        "cohort": (_("Cohort"), {str(item): _("Class of {year}", year=item) for item in cohorts}),
        "hardship_type": (
            _("Hardship type"),
            {item.id: say(vocabulary().hardship(item.id)) for item in hardship_types().types},
        ),
    }
    with ui.element("div").classes("filters"):
        for name, (label, options) in choices.items():
            if len(options) > 1 or wanted[name]:
                ui.select(
                    dict(options),
                    label=label,
                    value=wanted[name] if wanted[name] in options else None,
                    clearable=True,
                    on_change=lambda event, key=name: change(key, event.value),
                ).props("outlined dense").classes("filter")


async def _campaigns(visit: Visit, found: Overview, wanted: Mapping[str, str]) -> None:
    cohorts = [item.cohort for item in found.cohorts]
    if not cohorts:
        return
    cohort = wanted["cohort"] or max(cohorts)
    campaigns = await visit.api.get(Campaigns, "/supervision/campaigns", cohort=cohort)
    kinds = ("services", "contacts", "referrals")
    with card(_("Campaigns of the class of {year}", year=campaigns.cohort), icon="campaign"):
        bars(
            _("What was done in the campaigns"),
            [say(item) for item in campaigns.campaigns],
            {
                say(vocabulary().field(kind, "overview")): [
                    getattr(item, kind) or 0 for item in campaigns.campaigns
                ]
                for kind in kinds
            },
        )


async def _trends(visit: Visit, wanted: Mapping[str, str]) -> None:
    if not visit.may("supervision.read"):
        return
    trends = await visit.api.get(Trends, "/supervision/trends", department=wanted["department"])
    words = vocabulary()
    with card(_("Over the weeks"), icon="show_chart"):
        if len(trends.weeks) < _LEAST_WEEKS:
            when = _("The numbers are kept each morning.")
            empty(_("Trends appear from the second week on."), when, icon="show_chart")
            return
        series = {
            say(words.field(name, "overview")): [week.figures.get(name) for week in trends.weeks]
            for name in _TRENDS
        }
        lines(_("Over the weeks"), [str(week.day) for week in trends.weeks], series)
