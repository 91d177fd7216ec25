"""A talk recorded in seconds: whom, how, what, what next. Made for a phone between two talks."""

from nicegui import context

from console.contact_parts.quick import QuickContact
from console.frame import frame
from console.texts import _
from console.visit import Visit, page


@page("/contact", "Record a contact", permission="case.list")
async def contact(visit: Visit) -> None:
    """The page; `case` in the address has the graduate chosen already."""
    with frame(visit, _("Record a contact"), here="/contact"):
        quick = QuickContact(visit)
        await quick.load(context.client.request.query_params.get("case"))
        quick.show()
