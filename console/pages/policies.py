"""Service standards (服务标准): their versions as people read them, what differs between two, and how many open cases
follow each. A case moves to another version only by a command on the case."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from console.frame import card, empty, frame
from console.links import link
from console.supervision.filters import address, filters
from console.supervision.standards import place, show_standards, value_text
from console.texts import _, moment
from console.visit import Visit, page
from models.policy import Policy
from models.views.policies import PolicyDiff, PolicyLine, PolicyView


@page("/policies", "Service standards", permission="supervision.read")
async def policies_page(visit: Visit, ref: str = "", other: str = "") -> None:
    """The page; `ref` is the version shown, `other` the one that it is compared with."""
    with frame(visit, _("Service standards"), here="/policies"):
        lines = await visit.api.every(PolicyLine, "/policies")
        chosen = ref or next((line.ref for line in lines if line.loaded), "")
        _versions(lines, chosen)
        if not chosen:
            return
        others = {line.ref: _named(line) for line in lines if line.ref != chosen}
        filters("/policies", {"ref": chosen, "other": other}, {"other": (_("Compare with"), others)}, 1)
        if other:
            _differences(await visit.api.get(PolicyDiff, f"/policies/{other}/diff/{chosen}"))
        view = await visit.api.get(PolicyView, f"/policies/{chosen}")
        show_standards(Policy.model_validate(view.document))


def _named(line: PolicyLine) -> str:
    return _("{title}, version {version}", title=_title(line), version=line.ref.partition("@")[2])


def _title(line: PolicyLine) -> str:
    return line.title.partition(" / ")[0]


def _versions(lines: Sequence[PolicyLine], chosen: str) -> None:
    with card(_("Versions"), icon="rule"):
        if not lines:
            empty(_("No service standards are loaded."), _("They are files of the installation."))
        for line in lines:
            with ui.element("div").classes("line"):
                with ui.element("div").classes("grow"):
                    link(_named(line), address("/policies", {"ref": line.ref})).classes("strong").props(
                        "aria-current=true" if line.ref == chosen else ""
                    )
                    ui.label(_about(line)).classes("small soft")
                if line.loaded:
                    ui.label(_("for new cases")).classes("tag good")
                ui.label(_("{count} open cases", count=line.open_cases)).classes("tag")


def _about(line: PolicyLine) -> str:
    every = "*" in line.provinces
    where = _("All provinces") if every else _(", ").join(line.provinces)
    whom = _(", ").join(str(item) for item in line.cohorts) if line.cohorts else _("all cohorts")
    if line.first_used_at is None:
        return _("{where} · {whom} · not used yet", where=where, whom=whom)
    return _("{where} · {whom} · used since {at}", where=where, whom=whom, at=moment(line.first_used_at))


def _differences(found: PolicyDiff) -> None:
    with card(_("What differs"), icon="difference"):
        if not found.changes:
            empty(_("The two are the same."), _("Choose another version."), icon="task_alt")
        for item in found.changes:
            with ui.element("div").classes("line"):
                ui.label(place(item.path)).classes("grow small")
                ui.label(_shown(item.path, item.old)).classes("tag late")
                ui.label("→").props("aria-hidden=true")
                ui.label(_shown(item.path, item.new)).classes("tag good")


def _shown(path: str, value: Any) -> str:
    return _("not there") if value is None else value_text(path, value)
