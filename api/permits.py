"""What a route takes: one permission, or the word that it takes none."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Depends, Request, params
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from api.audited import begin
from api.deps import CallerDep, SignedDep
from models.access import access_policy
from services.access import demand

_NAME = "permission"
PUBLIC = "public"
SIGNED_ON = "signed_on"


def permit(permission: str) -> Any:
    """The dependency of a route that takes this permission; a route has exactly one.

    Raises KeyError at start for a permission that `access.yaml` does not know.
    """
    access_policy().permissions[permission]

    async def check(request: Request, caller: CallerDep) -> None:
        demand(caller, permission)
        await begin(request)

    setattr(check, _NAME, permission)
    return Depends(check)


def public() -> Any:
    """The mark of a route that anybody may ask, signed on or not."""

    async def anybody() -> None:
        pass

    setattr(anybody, _NAME, PUBLIC)
    return Depends(anybody)


def signed_on() -> Any:
    """The mark of a route about one's own sign-on: anybody with a session may ask, also with one that must do
    something else first."""

    async def anybody_known(signed: SignedDep) -> None:
        pass

    setattr(anybody_known, _NAME, SIGNED_ON)
    return Depends(anybody_known)


def declared(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], list[str]]:
    """The permissions that each route declares, by method and path; a route that is no `APIRoute` has none."""
    found: dict[tuple[str, str], list[str]] = {}
    for route in iter_route_contexts(routes):
        dependencies: list[params.Depends] = (
            route.dependencies if isinstance(route.original_route, APIRoute) else []
        )
        names: list[Callable[..., Any] | None] = [item.dependency for item in dependencies]
        for method in route.methods or {"*"}:
            found[method, route.path or ""] = [getattr(item, _NAME) for item in names if hasattr(item, _NAME)]
    return found


def with_permissions(document: dict[str, Any], routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI document with each operation's permission as `x-permission`."""
    for (method, path), names in declared(routes).items():
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is not None and names:
            operation["x-permission"] = names[0]
    return document
