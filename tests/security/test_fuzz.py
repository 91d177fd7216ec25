"""Every operation of the API asked by every role, and by nobody, with made-up requests."""

# The package tells too little about its types for more.
# pyright: basic

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.permits import PUBLIC
from models.case.kernel import Role
from models.first_actors import CAREER_CENTRE_ACTOR, SETUP_ACTOR
from services.sign_on.local import LocalSessions
from tests.product import Product, running_product, settings_for
from tests.security.serving import served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Requests made up for each operation, with and against its description; everybody sends each.
EXAMPLES = 3
PATIENCE = 30
NOBODY = "nobody"


@dataclass
class Town:
    """An installation, where it is served, who asks there, and what a path can name there."""

    product: Product
    url: str
    callers: dict[Role, str]
    known: dict[str, str]

    def headers(self) -> dict[str, dict[str, str]]:
        """A session of its own for each role: an operation may end it."""
        sessions = LocalSessions(self.product.services.engine, self.product.settings)
        tokens = {role: sessions.token(actor, timedelta(hours=1)) for role, actor in self.callers.items()}
        return {NOBODY: {}} | {role: {"Authorization": f"Bearer {one}"} for role, one in tokens.items()}


@pytest.fixture(scope="module")
async def town(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Town]:
    chosen = settings_for(tmp_path_factory.mktemp("fuzz"), temporal_address, school="90017")
    async with AsyncExitStack() as stack:
        product = await stack.enter_async_context(running_product(chosen))
        host, port = await stack.enter_async_context(served(product.app))
        await product.request(
            "POST", "/staff", json={"id": "observer", "name": "观察员", "role": "provincial_observer"}
        )
        own, other = await product.delivering(), await product.delivering()
        callers = {
            Role.MENTOR: "mentor-1",
            Role.COUNSELOR: "counselor",
            Role.DEPARTMENT_SUPERVISOR: "college",
            Role.SCHOOL_SUPERVISOR: CAREER_CENTRE_ACTOR,
            Role.PROVINCIAL_OBSERVER: "observer",
            Role.PARTNER: "employer",
            Role.GRADUATE: f"graduate:{own}",
            Role.ADMINISTRATOR: SETUP_ACTOR,
        }
        # Nobody of the callers: what happens to these ends no later request.
        known = {"case_id": other, "staff_id": "teacher", "department_id": "edu", "account_id": "teacher"}
        yield Town(product, f"http://{host}:{port}", callers, known)


@pytest.mark.timeout(600)
async def test_no_request_of_anybody_gets_an_answer_that_is_not_described(town: Town) -> None:
    assert town.callers.keys() == frozenset(Role) - {Role.SYSTEM}
    found = await asyncio.to_thread(asked_everything, town)
    assert not found, "\n\n".join(found)


def asked_everything(town: Town) -> list[str]:
    """Each operation of the document asked by everybody; what was wrong with the answers."""
    schema = schemathesis.openapi.from_dict(town.product.app.openapi())
    found: list[str] = []
    with requests.Session() as session:
        for result in schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            # An operation that takes nothing has no request that does not fit; then all of them do.
            cases = st.one_of([operation.as_strategy(mode) for mode in schemathesis.GenerationMode])
            found += asked(town, session, cases)
    return found


def asked(
    town: Town,
    session: requests.Session,
    cases: st.SearchStrategy[schemathesis.Case],
) -> list[str]:
    """Some made-up requests of one operation, each sent by everybody."""
    found: list[str] = []
    everybody = town.headers()

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=cases, known=st.booleans())
    def ask(case: schemathesis.Case, known: bool) -> None:
        if known:
            case.path_parameters = {
                name: town.known.get(name, value) for name, value in case.path_parameters.items()
            }
        public = case.operation.definition.raw.get("x-permission", PUBLIC) == PUBLIC
        for who, headers in everybody.items():
            if public and who != NOBODY:
                # Who asks makes no difference, and passwords take long to try.
                continue
            response = case.call(town.url, session, headers, timeout=PATIENCE, allow_redirects=False)
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as error:
                found.append(f"{who}: {error}")
            if who == NOBODY and not public and response.status_code < 400:
                found.append(f"{case.operation.label} answers nobody with {response.status_code}")

    ask()
    return found
