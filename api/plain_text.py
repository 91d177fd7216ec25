"""Text that can be kept: refused at the door, so that nothing behind it need think of the rest."""

from collections.abc import Iterator
from typing import cast

from fastapi import Request
from fastapi.routing import APIRoute

from api.invalid import UnstorableTextError
from models.roster.text import UNSTORABLE


async def plain_text(request: Request) -> None:
    """Refuse text that cannot be kept, wherever in the request it is. Raises UnstorableTextError."""
    for name, value in request.path_params.items():
        check_plain(value, "path", name)
    for name, value in request.query_params.multi_items():
        check_plain(value, "query", name)
    route = request.scope.get("route")
    # A form is no body field; it is read as it arrives.
    has_body = isinstance(route, APIRoute) and route.body_field is not None
    if has_body and _is_json(request) and await request.body():
        for path, text in _texts(await request.json()):
            check_plain(text, "body", *path)


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _texts(body: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every name and value in a JSON body with its path, however deep it is nested."""
    left: list[tuple[tuple[str | int, ...], object]] = [((), body)]
    while left:
        path, value = left.pop()
        yield path, value
        if isinstance(value, dict):
            for name, item in cast("dict[str, object]", value).items():
                yield (*path, name), name
                left.append(((*path, name), item))
        elif isinstance(value, list):
            left += [((*path, index), item) for index, item in enumerate(cast("list[object]", value))]


def check_plain(text: object, *loc: str | int) -> None:
    """Raises UnstorableTextError at this place of the request where it is a text that cannot be kept."""
    if isinstance(text, str) and UNSTORABLE.search(text):
        raise UnstorableTextError(loc)
