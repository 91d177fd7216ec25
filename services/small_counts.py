"""Counts for those who must not be able to tell a single person from them."""

from typing import Any, TypeVar

from models.base import Model

V = TypeVar("V", bound=Model)

# What is no count of people.
_NAMES = frozenset({"cohort"})


def without_small_counts(view: V, least: int) -> V:
    """The view with every count from 1 to `least` - 1 as None, and all larger ones as the nearest multiple of
    `least`: else a sum, or a second question, would tell by its difference what was left out."""
    return type(view).model_validate(_covered(view.model_dump(mode="json"), least))


def _covered(value: dict[str, Any], least: int) -> dict[str, Any]:
    few = isinstance(value.get("count"), int) and value["count"] < least
    covered: dict[str, Any] = {}
    for name, item in value.items():
        if name.endswith("_hours"):
            # The mean of two referrals is nearly each of them.
            covered[name] = None if few else item
        elif isinstance(item, list):
            covered[name] = [_covered(line, least) for line in item]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        elif isinstance(item, dict):
            covered[name] = _covered(item, least)  # pyright: ignore[reportUnknownArgumentType]
        else:
            covered[name] = _coarse(item, least) if isinstance(item, int) and name not in _NAMES else item
    return covered


def _coarse(count: int, least: int) -> int | None:
    if 0 < count < least:
        return None
    return round(count / least) * least
