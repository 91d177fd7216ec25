"""Ways to other pages, by their whole address. (`ui.link` and `ui.navigate.to` put the path under which the console is
mounted before every address, also one that has it already, or leads to the API.)"""

import json

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


class link(TextElement):  # noqa: N801  (named as the elements of `ui`)
    """An anchor, with text or other elements within."""

    def __init__(self, text: str = "", target: str = "", *, new_tab: bool = False) -> None:
        super().__init__(tag="a", text=text)
        self._props["href"] = target
        if new_tab:
            self._props["target"] = "_blank"
            self._props["rel"] = "noopener"


def go(address: str, *, new_tab: bool = False) -> None:
    """Lead the browser to another page."""
    to = json.dumps(address)
    ui.run_javascript(f"window.open({to}, '_blank')" if new_tab else f"location.href = {to}")
