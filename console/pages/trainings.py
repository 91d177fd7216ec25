"""Training classes (技能培训, 宏志助航): the list, and one class with its roll."""

from nicegui import context

from console.frame import frame
from console.live import live
from console.texts import _
from console.training_parts.classes import Classes
from console.training_parts.roll import Roll
from console.visit import Visit, page
from models.views.training import ClassView


@page("/trainings", "Training classes", permission="training.read")
async def trainings(visit: Visit) -> None:
    """The list; `status` in the address narrows it."""
    with frame(visit, _("Training classes"), here="/trainings"):
        classes = Classes(visit, context.client.request.query_params.get("status", ""))
        await classes.load()
        classes.head()
        classes.show()


@page("/trainings/{class_id}", "Training class", permission="training.read")
async def training(visit: Visit, class_id: str) -> None:
    """One class."""
    shown = await visit.api.get(ClassView, f"/training-classes/{class_id}")
    with frame(visit, shown.course, here="/trainings"):
        roll = Roll(visit, shown)
        await roll.load()
        roll.show()
        live.watch(lambda change: change.case_id in {line.case_id for line in roll.shown.roll}, roll.follow)
