"""The address of the console itself leads to where the person's day begins."""

from console.frame import doors
from console.links import go
from console.visit import ROOT, Visit, page


@page("/", "Zhuhang")
async def home(visit: Visit) -> None:
    """Go to the first entry of the menu."""
    go(ROOT + (doors(visit)[0].path if doors(visit) else "/account"))
