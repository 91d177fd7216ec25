"""A ledger that was filled under the first schema is brought up to date with cases in flight, which go on."""

import gc
from collections.abc import Generator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlmodel import Session, select

from models.case.kernel import department
from models.tables import CaseNotice
from services.channels import Channels
from services.database import alembic_config, create_engine_from
from services.digest import DigestWriter
from services.settings import Settings
from services.verify import Verifier
from tests.product import Product, running_product, settings_for
from tests.views.databases import postgresql

# A worker that ends in this process leaves its connections to the garbage collector, which must not come upon them in
# a test of something else.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SCHOOLS = {"sqlite": "90031", "postgresql": "90032"}
CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}
PLAN = {
    "type": "set_plan",
    "goals": [{"title": "就业", "measures": [{"title": "推荐", "due_on": "2099-01-01"}]}],
}
ASSESSED = {"type": "record_assessment", "intention": "省内就业", "risk_level": "A"}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, temporal_address: str, tmp_path: Path) -> Generator[Settings]:
    with ExitStack() as stack:
        settings = settings_for(tmp_path / "data", temporal_address, school=SCHOOLS[request.param])
        if request.param == "postgresql":
            settings.database_url = stack.enter_context(postgresql())
        yield settings
    gc.collect()


def digest_of(product: Product, period: str) -> None:
    settings = product.settings
    writer = DigestWriter(product.services.engine, Channels.of_settings(settings), "http://zhuhang")
    writer.collect(settings.school_code, period, datetime.now(UTC))


def back_to_the_first_schema(settings: Settings) -> None:
    command.downgrade(alembic_config(settings.database_url), "0001")
    engine = create_engine_from(settings)
    assert "period" not in {column["name"] for column in inspect(engine).get_columns("case_notice")}
    engine.dispose()


async def test_cases_in_flight_go_on(settings: Settings) -> None:
    async with running_product(settings) as product:
        told = await product.paired()
        await product.accepted(told, "mentor-1", ASSESSED, PLAN)
        digest_of(product, "before")
        untold = await product.paired()
        await product.accepted(untold, "mentor-1", ASSESSED, PLAN)
        keyed = {"Idempotency-Key": "before-the-upgrade"}
        first = await product.do(untold, "mentor-1", CONTACT, headers=keyed)
    back_to_the_first_schema(settings)

    async with running_product(settings) as product:
        again = await product.do(untold, "mentor-1", CONTACT, headers=keyed)
        assert again.body["events"] == first.body["events"]
        for case_id in (told, untold):
            await product.accepted(case_id, "college", {"type": "approve_plan", "plan_version": 1})
        digest_of(product, "after")
        with Session(product.services.engine) as session:
            periods = {
                row.case_id: row.period
                for row in session.exec(
                    select(CaseNotice).where(
                        CaseNotice.kind == "plan_set", CaseNotice.audience == department("cs")
                    )
                )
            }
            assert periods == {told: "before", untold: "after"}
        services = product.services
        verifier = Verifier(services.engine, services.vault, services.client, settings)
        verified = await verifier.verify()
        assert (verified.cases, verified.details) == (2, ())
