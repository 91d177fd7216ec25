"""What was typed into a form and not yet taken, kept by the tab that it was typed in: a page that has to be loaded
anew, as when the service was started again, puts it back. It leaves the tab for nowhere, and is forgotten once the form
is taken or given up, at signing off, and when somebody else signs on."""

import json
from importlib import metadata, resources
from typing import Any, cast

from nicegui import ui
from pydantic import BaseModel, Field, ValidationError

_SECONDS = 5.0
PREFIX = "zhuhang-unsent "
"""With what the names begin under which the tab keeps things, as `tab.js` has it; then comes whose they are."""


class Unsent(BaseModel):
    """A form as it was left: all its values as the server knew them, and `texts`, the typed ones in their order as
    they stood in the browser. The key and the version (of the case) go with it: sending it again does nothing twice."""

    key: str = Field(max_length=100)
    version: int | None
    values: dict[str, Any]
    texts: list[str] = []


def script(owner: str) -> str:
    """What every page of a person needs for it; what others typed in the tab is forgotten."""
    source = resources.files("console").joinpath("static/tab.js").read_text(encoding="utf-8")
    # Within a script of a page nothing may look like its end.
    named = json.dumps(owner).replace("<", "\\u003c")
    return f"<script>{source}unsent.only({named});</script>"


FORGET = "unsent.only();"
"""The script that forgets everything."""


class Place:
    """The place of one form in the tab."""

    def __init__(self, owner: str, *names: str) -> None:
        # A later version may ask for other fields.
        self.name = " ".join((owner, metadata.version("zhuhang"), *names))

    async def read(self) -> Unsent | None:
        """What was left, if anything."""
        try:
            asked = ui.run_javascript(f"unsent.read({json.dumps(self.name)})", timeout=_SECONDS)
            found = cast("object", await asked)
            return Unsent.model_validate_json(found) if isinstance(found, str) else None
        except (TimeoutError, ValidationError):
            return None

    def keep(self, form: Unsent, *, touched: bool) -> None:
        """Hold the form; with `touched` it is something to put back."""
        given = form.model_dump_json(exclude={"texts"})
        ui.run_javascript(f"unsent.keep({json.dumps(self.name)}, {given}, {json.dumps(touched)})")

    def forget(self) -> None:
        """There is nothing left to put back."""
        ui.run_javascript(f"unsent.forget({json.dumps(self.name)})")
