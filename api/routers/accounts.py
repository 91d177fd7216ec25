"""Accounts, which administrators keep, and API tokens."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends

from api.audited import Audited
from api.deps import ActorDep, CallerDep, CursorQuery, LimitQuery, NowDep, ServicesDep
from api.permits import permit
from api.problems import responses
from api.routers.auth import session_only
from models.views.page import Page
from models.views.sign_on import (
    AccountChange,
    AccountDraft,
    AccountView,
    FirstPassword,
    ResetDraft,
    TokenDraft,
    TokenMade,
    TokenView,
)

# A token that could make accounts or tokens would be more than its scopes.
router = APIRouter(route_class=Audited, tags=["accounts"], dependencies=[Depends(session_only)])


@router.get("/accounts", dependencies=[permit("account.manage")], responses=responses(403))
def list_accounts(
    services: ServicesDep, actor: ActorDep, now: NowDep, cursor: CursorQuery = None, limit: LimitQuery = 100
) -> Page[AccountView]:
    """The accounts of the school."""
    return services.sign_on.accounts.page(actor, cursor=cursor, limit=limit, now=now)


@router.post(
    "/accounts", status_code=201, dependencies=[permit("account.manage")], responses=responses(404, 409, 413)
)
def create_account(
    services: ServicesDep, caller: CallerDep, now: NowDep, draft: AccountDraft
) -> FirstPassword:
    """An account for a member of staff, with a one-time first password."""
    return services.sign_on.accounts.create(caller.actor, draft.staff_id, draft.account, caller.address, now)


@router.patch(
    "/accounts/{account_id}", dependencies=[permit("account.manage")], responses=responses(404, 409, 413)
)
def change_account(
    services: ServicesDep, caller: CallerDep, now: NowDep, account_id: str, change: AccountChange
) -> AccountView:
    """Disable or enable an account, or unlock it after failures."""
    return services.sign_on.accounts.change(
        caller.actor, account_id, caller.address, now, disabled=change.disabled, unlock=change.unlock
    )


@router.post(
    "/accounts/{account_id}/reset",
    dependencies=[permit("account.manage")],
    responses=responses(404, 409, 413),
)
def reset_account(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    account_id: str,
    draft: Annotated[ResetDraft | None, Body()] = None,
) -> FirstPassword:
    """A new one-time first password for staff, and if need be a second factor to be set up anew. All sessions
    end."""
    second_factor = draft is not None and draft.second_factor
    return services.sign_on.accounts.reset(
        caller.actor, account_id, caller.address, now, second_factor=second_factor
    )


@router.post(
    "/cases/{case_id}/account",
    status_code=201,
    dependencies=[permit("account.give")],
    responses=responses(404),
)
def give_account(services: ServicesDep, caller: CallerDep, now: NowDep, case_id: str) -> FirstPassword:
    """The account of the graduate of this case, with a one-time first password; a new one where it was lost."""
    return services.sign_on.accounts.give_to_graduate(caller.actor, case_id, caller.address, now)


@router.get("/tokens", dependencies=[permit("token.own")])
def list_tokens(services: ServicesDep, actor: ActorDep, now: NowDep) -> Page[TokenView]:
    """One's own API tokens; as administrator all of the school."""
    return Page(items=list(services.sign_on.tokens.valid(actor, now)))


@router.post("/tokens", status_code=201, dependencies=[permit("token.own")], responses=responses(413))
def create_token(services: ServicesDep, caller: CallerDep, now: NowDep, draft: TokenDraft) -> TokenMade:
    """An API token for a machine, which acts as oneself within its scopes."""
    return services.sign_on.tokens.create(caller.actor, draft, caller.address, now)


@router.delete(
    "/tokens/{token_id}", status_code=204, dependencies=[permit("token.own")], responses=responses(404)
)
def revoke_token(services: ServicesDep, caller: CallerDep, now: NowDep, token_id: str) -> None:
    """End an API token."""
    services.sign_on.tokens.revoke(caller.actor, token_id, caller.address, now)
