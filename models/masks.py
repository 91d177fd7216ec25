"""What of a person's data is shown, and what stands in the place of the rest (domain notes §9)."""

from collections.abc import Callable, Mapping
from typing import Any

from models.access import access_policy
from models.identity import mask_id_number, mask_name, mask_phone

COVER = "***"

_OPEN = "open"
_WHOLE = "whole"
_COVERED: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "id_number": mask_id_number,
    "phone": mask_phone,
}


def masked(data: Mapping[str, Any], plain: frozenset[str]) -> tuple[dict[str, Any], set[str]]:
    """The JSON object with what lies outside of the groups `plain` covered, and the fields that were; a field of
    `other` is named `other.<key>`."""
    groups = access_policy().group_of
    shown: dict[str, Any] = {}
    found: set[str] = set()
    for key, value in data.items():
        group = groups.get(key)
        if _says_nothing(value) or group in plain or group == _WHOLE:
            shown[key] = value
        elif group == _OPEN:
            shown[key], inner = _within(value, plain)
            found |= inner
        else:
            shown[key] = _cover(key, value)
            found |= {f"{key}.{name}" for name in value} if isinstance(value, dict) else {key}  # pyright: ignore[reportUnknownVariableType]
    return shown, found


def _within(value: Any, plain: frozenset[str]) -> tuple[Any, set[str]]:
    if isinstance(value, dict):
        return masked(value, plain)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        pairs = [_within(item, plain) for item in value]  # pyright: ignore[reportUnknownVariableType]
        return [item for item, _ in pairs], set[str]().union(*(inner for _, inner in pairs))
    return value, set()


def _says_nothing(value: object) -> bool:
    return value is None or value in ("", [], {})


def _cover(key: str, value: Any) -> Any:
    """What stands in the place of a value: of a list nothing, of a yes or no neither."""
    if isinstance(value, dict):
        return dict.fromkeys(value, COVER)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, list):
        return []
    if isinstance(value, str) and key != "primary_type":
        return _COVERED.get(key, lambda _: COVER)(value)
    return None
