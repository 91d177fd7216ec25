"""Every query over cases begins from what the asking person may read, and every route names its permission."""

import ast
from collections.abc import Iterator, Sequence

import pytest
from starlette.routing import BaseRoute

from api.app import create_app
from api.permits import PUBLIC, SIGNED_ON, declared
from models.access import access_policy
from tests.access.queries import Site, sites, sites_of
from tests.product import Product

# The conditions from which a query over a case-bearing table may begin.
SCOPES = frozenset(
    {
        "readable",
        "shown",
        "visible_attachments",
        "visible_imports",
        "visible_openings",
        "visible_delegations",
        "own_batches",
        "own_deadlines",
        "own_notices",
        "supervised",
        "_seen_by",
    }
)
# Tables that hold no case: there the school is the scope.
OF_SCHOOL = frozenset({"Delivery", "TrainingClass", "Offboarding"})

_WORKER = "the worker writes what cases and imports say, for nobody's eyes"
_FOUND = "reads what hangs on rows that were found within the scope just before"
ALLOWED = {
    "services.absence._tell": "writes notices; their readers find them in their inboxes",
    "services.actors.Actors.find": "finds out who is asking",
    "services.actors._covering": "finds out who is asking",
    "services.actors._reading": "finds out who is asking",
    "services.attachment_names.AttachmentNames.keep": _WORKER,
    "services.batches.Batches._find": "a batch by the key of who begins it",
    "services.batches.Batches._views": "counts of batches that were found as one's own just before",
    "services.batch_run.BatchRunner._left": _WORKER,
    "services.batch_run.drop_old_batches": "deletes what ended long ago",
    "services.move.open_workflows._case_ids": "the whole installation moves to another one",
    "services.scrub._delete_own_batches": _WORKER,
    "services.attachments.Attachments.add": "an attachment by the key of who sends it",
    "services.attachments.Attachments.finish_removals": "deletes what was removed, of the machine's own school",
    "services.attachments.Attachments._keep": "the attachment of the request itself, whose case was demanded before",
    "services.campaigns._counted": "counts, with the conditions of the overview's scope",
    "services.changes._settled": "a number, for a process that keeps many people's pages up to date",
    "services.changes._rows": "ids that say what to read anew; each page does so within its reader's scope",
    "services.demo.ledger_is_empty": "counts cases of a new installation at its start",
    "services.digest._covering": "writes each person's own messages, within one school",
    "services.digest.DigestWriter.collect": "writes each person's own messages, within one school",
    "services.erased_check.ErasedCheck._kept_after": "ids, for what the machine itself looks after",
    "services.erased_check.ErasedCheck.come_back": "ids, for what the machine itself looks after",
    "services.import_chunk.ChunkTaker._judge": _WORKER,
    "services.import_chunk.ChunkTaker._meet": _WORKER,
    "services.import_chunk.ChunkTaker._write": _WORKER,
    "services.import_people.people_of_ledger": "tells a known person from a new one; within the importer's school",
    "services.import_people._updates": _WORKER,
    "services.import_retention.empty_old_rows": "empties what imports refused long ago",
    "services.import_rows.ImportRows._rows": _FOUND,
    "services.imports.Imports.read": _WORKER,
    "services.imports.Imports._find": "an import by the key of who sends it",
    "services.imports.Imports._read_rows": _WORKER,
    "services.imports.Imports._count": _WORKER,
    "services.case_filter.conditions": "narrows a query that begins from the scope",
    "services.messages.Deliveries._begin": _WORKER,
    "services.messages.Deliveries._end": _WORKER,
    "services.messages.Deliveries.named": "what became of the messages that one has just sent oneself",
    "services.offboarding.Offboardings.view": "of a leaver who was found within the supervisor's scope",
    "services.offboarding.Offboardings._begin": "of a leaver who was found within the supervisor's scope",
    "services.offboarding.OffboardingLedger.cases": "ids for the workflow that moves a leaver's cases",
    "services.offboarding.OffboardingLedger.record": _WORKER,
    "services.offboarding._count": "a number; the leaver was found within the supervisor's scope",
    "services.office._views": "a number for each member of staff of the school",
    "services.pairing.MentorPool._loads": _WORKER,
    "services.projection": _WORKER,
    "services.projection.Ledger.open": _WORKER,
    "services.rebalance._loads": "a number for each member of staff of the school",
    "services.referrals._due_times": _FOUND,
    "services.referrals.ReferralReader._assessment_notes": _FOUND,
    "services.scrub._count_anonymously": _WORKER,
    "services.scrub._strip_referrals": _WORKER,
    "services.training.ClassLedger.holding": _WORKER,
    "services.unhappened.met": _WORKER,
    "services.unhappened._remove": _WORKER,
    "services.digest._is_written": _WORKER,
    "services.past_events.PastEvents.read": _WORKER,
    "services.past_events.PastEvents.all_of": "compares the whole ledger with Temporal on the machine itself",
    "services.repair.Repairs.repair": "writes what a case knows of itself, for nobody's eyes",
    "services.repair.Repairs._tell": "writes who is to be told, as the case's events have it",
    "services.repair.Repairs._wrong": "writes what a case knows of itself, for nobody's eyes",
    "services.verify.Verifier.unknown": "compares the whole ledger with Temporal on the machine itself",
    "services.verify.Verifier.ledger_ids": "compares the whole ledger with Temporal on the machine itself",
    "services.unequal.Unequal._lost_files": "compares the whole ledger with the files on the machine itself",
    "services.unequal.Unequal.parts": "compares a case with the ledger on the machine itself",
    "activities.offboarding.OffboardingActivities._state": _WORKER,
    "activities.training.TrainingActivities._same_school": "tells whether case and class are of one school",
}


def unscoped(found: Iterator[Site]) -> list[str]:
    """The places that begin from no scope."""
    return [
        site.place
        for site in found
        if not site.names & SCOPES and not (site.tables <= OF_SCHOOL and "actor.school_id" in site.names)
    ]


def test_every_query_over_cases_begins_from_the_scope() -> None:
    """A new query belongs into the scope; the list is for what no person reads through."""
    assert set(unscoped(sites())) == set(ALLOWED)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("select(CaseRow).where(CaseRow.case_id == case_id)", ["new.reader"]),
        ("session.get(CaseRow, case_id)", ["new.reader"]),
        ("select(Staff.name).join(CaseRow)", ["new.reader"]),
        ("select(CaseRow).where(readable(actor))", []),
        ("select(Delivery).where(Delivery.school_id == actor.school_id)", []),
        ("select(CaseRow).where(CaseRow.school_id == actor.school_id)", ["new.reader"]),
        ("select(Staff)", []),
    ],
)
def test_the_lint_sees_a_query_without_scope(body: str, found: list[str]) -> None:
    tree = ast.parse(f"def reader(session, actor, case_id):\n    return {body}")
    assert unscoped(sites_of("new", tree)) == found


def undeclared(routes: Sequence[BaseRoute]) -> set[str]:
    """The addresses that do not declare exactly one permission."""
    return {path for (_, path), names in declared(routes).items() if len(names) != 1}


def test_every_route_declares_one_permission(product: Product) -> None:
    app = create_app(product.settings)
    # The description of the API names no person and no data.
    assert undeclared(app.routes) == {"/openapi.json"}

    @app.get("/new")
    def new() -> None:  # pyright: ignore[reportUnusedFunction]
        """A route without a rule."""

    assert undeclared(app.routes) == {"/openapi.json", "/new"}


def test_what_needs_no_permission_is_known_by_name(product: Product) -> None:
    found = declared(create_app(product.settings).routes)
    assert {path for (_, path), names in found.items() if names == [PUBLIC]} == {
        "/healthz",
        "/readyz",
        "/api/v1/auth/sign-on",
        "/api/v1/auth/providers",
        *(f"/api/v1/auth/{way}/{step}" for way in ("oidc", "cas") for step in ("start", "callback")),
    }
    own = {path for (_, path), names in found.items() if names == [SIGNED_ON]}
    assert all(path.startswith("/api/v1/auth/") for path in own)
    used = {name for names in found.values() for name in names} - {PUBLIC, SIGNED_ON}
    # Asked for beside the route's own, by a parameter.
    assert set(access_policy().permissions) - used == {"ledger.export_plain"}
    assert used <= set(access_policy().permissions)
