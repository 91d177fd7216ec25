"""The cases that were chosen for a batch: the tab keeps them, since an address holds only so much, and forgets them as
it forgets what was typed."""

import json
from typing import cast

from nicegui import ui
from pydantic import TypeAdapter, ValidationError

from console.links import go
from console.unsent import PREFIX
from console.visit import ROOT

_SECONDS = 5.0
_IDS = TypeAdapter(list[str])


def take_to_batch(owner: str, case_ids: list[str]) -> None:
    """Choose these cases, and lead to the page that does something for all of them."""
    ids = json.dumps(json.dumps(case_ids))
    ui.run_javascript(f"sessionStorage.setItem({_name(owner)}, {ids})")
    go(f"{ROOT}/batch")


async def chosen(owner: str) -> list[str]:
    """The ids of the cases chosen last, in their order."""
    try:
        asked = ui.run_javascript(f"sessionStorage.getItem({_name(owner)})", timeout=_SECONDS)
        found = cast("str | None", await asked)
        return _IDS.validate_json(found) if found else []
    except (TimeoutError, ValidationError):
        return []


def forget_chosen(owner: str) -> None:
    """Nothing is chosen any more."""
    ui.run_javascript(f"sessionStorage.removeItem({_name(owner)})")


def _name(owner: str) -> str:
    return json.dumps(f"{PREFIX}{owner} chosen")
