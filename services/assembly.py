"""The use cases of one installation, put together once for the API and the command line."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Engine
from temporalio.client import Client

from models.case.correction import as_in_rosters
from models.case.kernel import Actor
from models.case.machine import AnyCommand, PublicCommand
from models.case.plan import SetPlan
from models.case.profile import CorrectProfile
from models.case.standards import ChangePolicy, ChangePolicyTo
from models.case.transfer import RequestTransfer
from models.policy import Policy
from services.actors import Actors
from services.approvals import Approvals
from services.attachments import Attachments
from services.audit import Audit
from services.audit_reader import AuditReader
from services.batches import Batches
from services.break_glass import BreakGlasses
from services.campaigns import CampaignReader
from services.cases import CaseOpener
from services.certificates import CertificateSeal
from services.channels import Channels
from services.codec_desk import CodecDesk
from services.commands import Commands
from services.database import create_engine_from
from services.delegations import Delegations
from services.erasures import Erasures
from services.export import LedgerExport
from services.first_staff import ensure_school
from services.identities import Identities
from services.import_rows import ImportRows
from services.imports import Imports
from services.inbox import InboxReader
from services.last_states import LastStates
from services.ledger import LedgerReader
from services.measure_owners import check_owners
from services.messages import Deliveries
from services.my_channel import MyChannels
from services.offboarding import Offboardings
from services.office import Office
from services.overview import Overviews
from services.own_channels import OwnChannels
from services.paper.papers import Papers
from services.paper.press import Press
from services.policies import load_policies
from services.policy_reader import PolicyReader
from services.rebalance import Rebalancer
from services.referrals import ReferralReader
from services.settings import Settings
from services.sign_on.assembly import SignOnParts
from services.sso.sign_on import SchoolSignOn
from services.states import States
from services.status import StatusReader
from services.supervision import Supervision
from services.temporal import connect
from services.training import ClassLedger, Training
from services.trends import TrendReader
from services.vault import Vault


@dataclass(frozen=True)
class Services:
    """Everything that a request may need."""

    settings: Settings
    engine: Engine
    vault: Vault
    client: Client
    policies: tuple[Policy, ...]
    policy_reader: PolicyReader
    actors: Actors
    sign_on: SignOnParts
    sso: SchoolSignOn
    audit: Audit
    audit_reader: AuditReader
    office: Office
    ledger: LedgerReader
    last_states: LastStates
    attachments: Attachments
    opener: CaseOpener
    identities: Identities
    imports: Imports
    import_rows: ImportRows
    export: LedgerExport
    papers: Papers
    commands: Commands
    batches: Batches
    status: StatusReader
    inbox: InboxReader
    supervision: Supervision
    rebalancer: Rebalancer
    overviews: Overviews
    trends: TrendReader
    campaigns: CampaignReader
    approvals: Approvals
    referrals: ReferralReader
    deliveries: Deliveries
    my_channels: MyChannels
    codec_desk: CodecDesk
    training: Training
    offboardings: Offboardings
    delegations: Delegations
    break_glass: BreakGlasses
    erasures: Erasures

    def forget(self, actor_id: str) -> None:
        """Read anew what this person may do: it has just changed."""
        self.sign_on.credentials.forget(actor_id)

    def prepare(self) -> None:
        """Make the school known in the database, and finish what an earlier process died over."""
        settings = self.settings
        ensure_school(self.engine, settings.school_code, settings.school_name, settings.province)
        self.attachments.finish_removals()

    async def completed(self, actor: Actor, commands: list[PublicCommand]) -> list[AnyCommand]:
        """The commands with what the case does not find out: the document of a policy version, a correction in the
        words of a roster, and that the receiving side of a transfer and the owners of measures exist.

        Raises Conflict (`unknown_department`, `mentor_unknown`, `owner_unknown`).
        """
        for command in commands:
            if isinstance(command, RequestTransfer):
                await asyncio.to_thread(self.office.check_receiver, actor.school_id, command)
            if isinstance(command, SetPlan):
                await asyncio.to_thread(check_owners, self.engine, actor.school_id, command)
        return [self._completed(command) for command in commands]

    def _completed(self, command: PublicCommand) -> AnyCommand:
        match command:
            case ChangePolicy():
                return self._with_policy(command)
            case CorrectProfile():
                return as_in_rosters(command)
            case _:
                return command

    async def check_corrections(self, actor: Actor, case_id: str, commands: list[AnyCommand]) -> None:
        """Raises Conflict (`student_no_taken`, `id_number_taken`) where a number that is corrected belongs to another
        case already."""
        if any(isinstance(command, CorrectProfile) for command in commands):
            await asyncio.to_thread(self.identities.check_corrections, actor, case_id, commands)

    def _with_policy(self, command: ChangePolicy) -> ChangePolicyTo:
        found = next((policy for policy in self.policies if policy.ref == command.policy_ref), None)
        return ChangePolicyTo(policy_ref=command.policy_ref, reason=command.reason, policy=found)


async def open_services(settings: Settings) -> Services:
    """Connect lazily, so that the API starts and says what is missing while Temporal is away.

    Raises PolicyError where the service standards have an error.
    """
    engine = create_engine_from(settings)
    vault = Vault.of(settings)
    client = await connect(settings, vault, lazy=True)
    policies = load_policies(settings.policy)
    states = States(vault)
    ledger = LedgerReader(engine, states, vault)
    imports = Imports(engine, client, settings, vault)
    actors = Actors(engine)
    audit = Audit(engine, vault, settings.data_dir)
    sign_on = SignOnParts.of(engine, vault, actors, settings, audit)
    channels = Channels.of_settings(settings)
    own_channels = OwnChannels(settings.notify_schemes, settings.notify_hosts)
    deliveries = Deliveries(engine, channels, settings.delivery_at_once)
    return Services(
        settings=settings,
        engine=engine,
        vault=vault,
        client=client,
        policies=policies,
        policy_reader=PolicyReader(engine, policies),
        actors=actors,
        sign_on=sign_on,
        sso=SchoolSignOn(engine, vault, actors, sign_on, settings),
        audit=audit,
        audit_reader=AuditReader(engine),
        office=Office(engine, policies, own_channels),
        ledger=ledger,
        last_states=LastStates(ledger),
        attachments=Attachments(engine, vault, settings),
        opener=CaseOpener(client, engine, vault, policies, settings),
        identities=Identities(engine, vault),
        imports=imports,
        import_rows=ImportRows(engine, imports, vault),
        export=LedgerExport(engine, states, vault, settings.ledger_columns),
        papers=Papers(engine, states, vault, Press.of_settings(settings), settings.paper_limit),
        commands=Commands(client),
        batches=Batches(client, engine, settings, vault),
        status=StatusReader(client),
        inbox=InboxReader(engine, vault),
        supervision=Supervision(engine, vault),
        rebalancer=Rebalancer(engine, states, vault),
        overviews=Overviews(engine, settings.smallest_count),
        trends=TrendReader(engine),
        campaigns=CampaignReader(engine, settings.smallest_count),
        approvals=Approvals(engine, states, vault),
        referrals=ReferralReader(engine, states, vault),
        deliveries=deliveries,
        my_channels=MyChannels(engine, channels, own_channels, deliveries),
        codec_desk=CodecDesk(engine, vault),
        training=Training(client, engine, settings, ClassLedger(engine, vault), vault),
        offboardings=Offboardings(client, engine, settings),
        delegations=Delegations(engine, settings.delegation_max_days),
        break_glass=BreakGlasses(engine, vault, settings.break_glass_hours),
        erasures=Erasures(engine, CertificateSeal(vault, settings)),
    )
