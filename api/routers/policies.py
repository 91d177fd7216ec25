"""The versions of the service standards."""

from fastapi import APIRouter

from api.audited import Audited
from api.deps import ActorDep, ServicesDep
from api.permits import permit
from api.problems import responses
from models.views.page import Page
from models.views.policies import PolicyDiff, PolicyLine, PolicyView

router = APIRouter(route_class=Audited, prefix="/policies", tags=["policies"])


@router.get("", dependencies=[permit("supervision.read")], responses=responses(401, 403, 503))
def list_policies(services: ServicesDep, actor: ActorDep) -> Page[PolicyLine]:
    """All versions: those loaded, and those that cases still follow; there are few, so this is one page."""
    return Page(items=services.policy_reader.policies(actor))


@router.get("/{ref}", dependencies=[permit("supervision.read")], responses=responses(401, 403, 404, 503))
def read_policy(services: ServicesDep, actor: ActorDep, ref: str) -> PolicyView:
    """One version, whole."""
    return services.policy_reader.policy(actor, ref)


@router.get(
    "/{ref}/diff/{other}", dependencies=[permit("supervision.read")], responses=responses(401, 403, 404, 503)
)
def compare_policies(services: ServicesDep, actor: ActorDep, ref: str, other: str) -> PolicyDiff:
    """What differs from one version to the other."""
    return services.policy_reader.diff(actor, ref, other)
