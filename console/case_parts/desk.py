"""What every part of a case's page has at hand: the file as it is now, what may be done, and who is who."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from nicegui import ui

from console.acts import act
from console.backend import Refusal
from console.frame import aria
from console.links import go
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit
from models.case.machine import Possibility
from models.views.case import CaseView, CommandResult, CommandsView, TimelineEntry
from models.views.vocabulary import vocabulary

# Fields that hold the id of a person or a department.
NAMED = frozenset(
    {
        "approved_by",
        "asked_by",
        "audience",
        "author_id",
        "decided_by",
        "department_id",
        "mentor_id",
        "on_behalf_of",
        "owner",
        "owner_id",
        "placed_by",
        "previous",
        "previous_mentor",
        "recorded_by",
        "registered_by",
        "requested_by",
        "sender_id",
        "to",
    }
)


@dataclass
class Kept:
    """What stays while the page is brought up to date: opened parts, fields seen plain, and how much of the
    timeline is shown."""

    opened: set[str] = field(default_factory=set[str])
    plain: dict[str, Any] = field(default_factory=dict[str, Any])
    purpose: str | None = None
    shown: int = 20
    which: str = "all"


@dataclass
class Desk:
    """One file in front of one person. `show` draws anew what has changed."""

    visit: Visit
    case: CaseView
    entries: list[TimelineEntry]
    possible: Mapping[str, Possibility]
    show: Callable[[], None] = lambda: None
    kept: Kept = field(default_factory=Kept)

    async def done(self, _result: CommandResult) -> None:
        """What follows an act that was taken; it may have been the last thing this person sees of the file."""
        try:
            await self.look()
        except Refusal as refusal:
            if refusal.problem.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                raise
            go(f"{ROOT}/work")

    async def look(self) -> None:
        """Bring the file up to date and show it. What stood there stays until the new is here. Raises Refusal."""
        known = self.case
        self.case, self.possible = await _read(self.visit, known.case_id)
        # Who stands otherwise to the file than before sees other parts of every event.
        before = self.entries if known.masked == self.case.masked else []
        self.entries = [*before, *await _timeline(self.visit, known.case_id, before)]
        await _learn(self)
        self.show()

    @property
    def allowed(self) -> frozenset[str]:
        """The commands that the API would take from this person now."""
        return frozenset(type_ for type_, item in self.possible.items() if item.allowed)

    def may(self, command: str) -> bool:
        """Whether the API would take the command from this person now."""
        return command in self.possible and self.possible[command].allowed

    def who(self, id_: str | None) -> str:
        """What a person, a department or an audience is called."""
        if not id_:
            return "—"
        if id_ == self.case.graduate_actor_id:
            return _("The graduate")
        kind, colon, rest = id_.partition(":")
        if not colon:
            return self.visit.name(id_)
        if kind == "department":
            return _("Supervisors of {name}", name=self.visit.name(rest))
        return say(vocabulary().role("school_supervisor")) if kind == "school" else self.visit.name(rest)

    def doer(self, entry: TimelineEntry) -> str:
        """Who did what an entry tells, by name and role."""
        if entry.actor_role in ("system", "graduate"):
            return say(vocabulary().role(entry.actor_role))
        role = say(vocabulary().role(entry.actor_role))
        return _("{name} ({role})", name=self.visit.name(entry.actor_id), role=role)

    def button(
        self,
        command: str,
        label: str = "",
        values: Mapping[str, Any] | None = None,
        *,
        primary: bool = False,
        about: str = "",
    ) -> None:
        """A button for the command where it is allowed; `about` tells those who hear it what it is for."""
        if not self.may(command):
            return
        text = label or say(vocabulary().command(command))
        props = "unelevated color=primary" if primary else "outline dense"
        # The file as it is at the click: a button outlives changes that do not concern it.
        made = ui.button(text, on_click=lambda: act(self.visit, self.case, command, self.done, values))
        made.props(f"{props} no-caps").classes("act")
        if about:
            made.props(aria(_("{act}: {what}", act=text, what=about)))

    def opened(self, key: str, title: str, *, icon: str = "") -> ui.expansion:
        """A part that is folded until asked for, and stays as it was left."""

        def keep(open_: bool) -> None:
            (self.kept.opened.add if open_ else self.kept.opened.discard)(key)

        found = ui.expansion(title, icon=icon or None, value=key in self.kept.opened)
        found.on_value_change(lambda event: keep(bool(event.value)))
        return found.classes("fold full-width").props("dense")

    def events(self, *types: str) -> list[TimelineEntry]:
        """The entries of these types, the newest first."""
        return [entry for entry in reversed(self.entries) if entry.type in types]


def fact(what: str, text: str, tone: str = "") -> None:
    """One thing known, under its name."""
    with ui.element("div").classes("fact"):
        ui.label(what).classes("what")
        ui.label(text or "—").classes(tone)


def when(at: datetime) -> ui.label:
    """How long ago or until when; the instant itself on demand."""
    return ui.label(ago(at)).classes("small soft nowrap").tooltip(moment(at))


def tag(text: str, tone: str = "") -> None:
    """A short mark."""
    ui.label(text).classes(f"tag {tone}")


def people_in(value: Any, name: str = "") -> Iterator[str]:
    """The ids of people and departments anywhere in something read from the API."""
    if isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from people_in(inner, str(key))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from people_in(inner, name)
    elif name in NAMED and isinstance(value, str):
        yield value.partition(":")[2] or value


async def desk_of(visit: Visit, case_id: str) -> Desk:
    """The file as it is now. Raises Refusal."""
    case, possible = await _read(visit, case_id)
    desk = Desk(visit, case, await _timeline(visit, case_id, []), possible)
    await _learn(desk)
    return desk


async def _read(visit: Visit, case_id: str) -> tuple[CaseView, Mapping[str, Possibility]]:
    case = await visit.api.get(CaseView, f"/cases/{case_id}")
    possible = await visit.api.get(CommandsView, f"/cases/{case_id}/commands")
    return case, {item.type: item for item in possible.commands}


async def _timeline(visit: Visit, case_id: str, known: list[TimelineEntry]) -> list[TimelineEntry]:
    """What happened after what is known."""
    cursor = str(known[-1].seq) if known else None
    return await visit.api.every(TimelineEntry, f"/cases/{case_id}/timeline", cursor=cursor)


async def _learn(desk: Desk) -> None:
    ids = [*people_in(desk.case.model_dump(mode="json"))]
    ids += [id_ for entry in desk.entries for id_ in (entry.actor_id, *people_in(entry.data))]
    await desk.visit.learn_names(ids)
