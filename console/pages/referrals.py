"""Referrals (转介): a partner's inbox, and for those who sent them how far each loop has come."""

from nicegui import context

from console.frame import frame
from console.live import live
from console.referral_parts.loops import Loops
from console.texts import _
from console.visit import Visit, page


@page("/referrals", "Referrals", permission="referral.read")
async def referrals(visit: Visit) -> None:
    """The page; `status` in the address narrows it."""
    with frame(visit, _("Referrals"), here="/referrals"):
        loops = Loops(visit, context.client.request.query_params.get("status", ""))
        await loops.load()
        loops.head()
        loops.show()
        live.watch(lambda change: change.school_id == visit.me.school_id, loops.reload)
