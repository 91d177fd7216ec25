"""The codec of Temporal's web pages (https://docs.temporal.io/production-deployment/data-encryption)."""

from fastapi import APIRouter
from temporalio.api.common.v1 import Payload

from api.audited import Audited
from api.deps import CallerDep, ServicesDep
from api.permits import permit
from api.problems import responses
from models.views.codec import EncodedPayload, EncodedPayloads

router = APIRouter(route_class=Audited, tags=["codec"])


@router.post(
    "/codec/decode",
    dependencies=[permit("codec.decode")],
    responses=responses(401, 403, 413, 422, 503),
)
def decode_payloads(services: ServicesDep, caller: CallerDep, sent: EncodedPayloads) -> EncodedPayloads:
    """Open payloads of cases that the caller may read, masked as in the file; each case is recorded as
    read. All others come back as they are."""
    payloads = [Payload(metadata=dict(item.metadata), data=item.data) for item in sent.payloads]
    cases = services.codec_desk.cases_of(caller.actor, payloads)
    services.audit.record_cases(caller, "case.decoded", sorted(cases))
    decoded = services.codec_desk.decode(payloads, cases)
    return EncodedPayloads(payloads=[EncodedPayload.of(dict(item.metadata), item.data) for item in decoded])
