"""The channels on which messages reach a person, and whether they work."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from console.forms import Choices, Form
from console.sheet import open_sheet
from console.texts import _
from console.visit import Visit
from services.messages import DeliveryView
from services.my_channel import MyChannelChange, MyChannelView

Again = Callable[[], Awaitable[None]]


def channel_part(visit: Visit, mine: MyChannelView, again: Again) -> None:
    """What reaches the person, and a button that tries it."""
    with ui.element("div").classes("facts"):
        _fact(_("E-mail"), mine.email or _("none; the administrator enters it"))
        _fact(_("Channel of your own"), channel_name("own") + f" · {mine.own}" if mine.own else _("none"))
    came = ui.column().classes("full-width").style("gap:4px").props("aria-live=polite")

    async def try_it() -> None:
        button.disable()
        try:
            sent = await visit.api.post(list[DeliveryView], "/staff/me/channel/test")
        finally:
            button.enable()
        came.clear()
        with came:
            for item in sent:
                _outcome(item)

    with ui.element("div").classes("actions"):
        ui.button(_("Change the channel"), icon="edit", on_click=lambda: _change(visit, again)).props(
            "outline no-caps"
        )
        button = ui.button(_("Send a test message"), icon="send", on_click=try_it).props("outline no-caps")
        if not (mine.own or mine.channels):
            button.disable()


def _outcome(item: DeliveryView) -> None:
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            ui.label(channel_name(item.channel))
            if item.error:
                ui.label(item.error).classes("small soft")
        if item.status == "sent":
            ui.label(_("sent; look whether it arrived")).classes("tag good")
        else:
            ui.label(_("not taken")).classes("tag late")


def _change(visit: Visit, again: Again) -> None:
    async def send(form: Form) -> None:
        body = {"notify_url": form.value().get("notify_url")}
        await visit.api.post(MyChannelView, "/staff/me/channel", body, method="PUT")
        ui.notify(_("Done."), type="positive")
        await again()

    open_sheet(
        _("Channel of your own"),
        MyChannelChange,
        "channel",
        Choices(),
        send,
        text=_("The address is a secret: it is kept and used, and never shown again."),
    )


def channel_name(channel: str) -> str:
    """What a channel is called: its kind, or that it is the person's own."""
    kinds = {
        "inbox": _("in Zhuhang"),
        "own": _("own channel"),
        "mailto": _("E-mail"),
        "mailtos": _("E-mail"),
        "wecombot": _("WeCom"),
        "dingtalk": _("DingTalk"),
        "feishu": _("Feishu"),
        "lark": _("Feishu"),
    }
    return kinds.get(channel.rpartition("-")[0] or channel, channel)


def _fact(what: str, value: str) -> None:
    with ui.element("div").classes("fact"):
        ui.label(what).classes("what")
        ui.label(value)
