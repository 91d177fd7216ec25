"""Where a file is chosen or dropped. (Quasar's own head of an uploader has a button without a name.)"""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import UploadEventArguments

from console.texts import _

_MIB = 1024 * 1024


def uploader(
    label: str, most_mb: int, uploaded: Callable[[UploadEventArguments], Awaitable[None]], *, accept: str = ""
) -> None:
    """A place for one file at a time; what was uploaded before makes way for the next. `accept`: what the browser
    offers to choose from."""

    async def arrived(event: UploadEventArguments) -> None:
        state.set_text(ready)
        try:
            await uploaded(event)
        finally:
            upload.run_method("reset")

    ready = _("or drop it here; at most {size} MB", size=most_mb)
    upload = ui.upload(
        auto_upload=True,
        max_file_size=most_mb * _MIB,
        on_upload=arrived,
        on_rejected=lambda: ui.notify(
            _("This file is not taken: it is over {size} MB, or of another kind.", size=most_mb),
            type="warning",
        ),
    ).props(f'flat bordered accept="{accept}"' if accept else "flat bordered")
    with upload.add_slot("list"), ui.element("div").classes("drop"):
        # In the browser itself: it lets files be chosen only in answer to the person's own press.
        ui.button(label, icon="upload_file").props("outline no-caps").on(
            "click", js_handler=f"() => runMethod({upload.id}, 'pickFiles', [])"
        )
        state = ui.label(ready).classes("soft small").props("role=status")
    upload.on("uploading", lambda: state.set_text(_("The file is on its way …")))
