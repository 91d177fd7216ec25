"""My work (我的工作): what is due, overdue, waited for, and what happened; one click from the act."""

from console.frame import frame
from console.live import live
from console.texts import _
from console.visit import Visit, page
from console.work_parts.lists import WorkLists


@page("/work", "My work", permission="inbox.read")
async def work(visit: Visit) -> None:
    """The page."""
    with frame(visit, _("My work"), here="/work"):
        lists = WorkLists(visit)
        await lists.load()
        lists.show()
        live.watch(lambda change: change.school_id == visit.me.school_id, lists.reload)
