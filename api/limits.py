"""Rates of what is dear or dangerous, as dependencies of routes: `dependencies=[limited("export")]`."""

from typing import Any

from fastapi import Depends, Request

from api.deps import CallerDep
from services.rate_limits import Kind, RateLimits, network_of


def limited(kind: Kind) -> Any:
    """Count the request for the account that asks; beyond the rate it is answered with 429."""

    async def count(request: Request, caller: CallerDep) -> None:
        await limits_of(request).hit(kind, caller.actor.id)

    return Depends(count)


async def limited_sign_on(request: Request, account: str) -> None:
    """Count an attempt to sign on, for its address and for the account name, whether there is one or not.

    Raises TooManyRequests.
    """
    limits = limits_of(request)
    await limits.hit("sign_on_address", network_of(request.client.host if request.client else ""))
    await limits.hit("sign_on_account", account)


def limits_of(request: Request) -> RateLimits:
    """The counts of this process."""
    return request.app.state.limits
