"""A session: the statements of every noun on one connection. `Reads` reads; `Writes` changes, in one transaction.

The edge commits (`Ledger.write`); nothing here does. Rows are locked in one order everywhere, so transactions do not
wait for each other in circles: jobs (tailor's before try-ons', then by id), try-ons, users.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.accounts import AccountReads, AccountWrites
from gateway.ledger.api_keys import ApiKeyReads, ApiKeyWrites
from gateway.ledger.arrivals import ArrivalReads
from gateway.ledger.audit_log import AuditReads, AuditWrites
from gateway.ledger.backlog import BacklogReads
from gateway.ledger.batches import BatchReads, BatchWrites
from gateway.ledger.consents import ConsentReads, ConsentWrites
from gateway.ledger.deletions import DeletionReads, DeletionWrites
from gateway.ledger.deployment import DeploymentReads, DeploymentWrites, deployment
from gateway.ledger.engine_offers import EngineOfferReads, EngineOfferWrites
from gateway.ledger.events import EventReads, EventWrites
from gateway.ledger.exports import ExportReads
from gateway.ledger.figures import FigureReads
from gateway.ledger.idempotency import IdempotencyReads, IdempotencyWrites
from gateway.ledger.images import ImageReads, ImageWrites
from gateway.ledger.job_lists import JobListReads
from gateway.ledger.jobs import JobReads, JobWrites
from gateway.ledger.needs import NeedReads, NeedWrites
from gateway.ledger.orders import OrderReads, OrderWrites
from gateway.ledger.outfits import OutfitReads, OutfitWrites
from gateway.ledger.refresh_tokens import RefreshTokenReads, RefreshTokenWrites
from gateway.ledger.retention import RetentionReads, RetentionWrites
from gateway.ledger.schema import METADATA
from gateway.ledger.spend import SpendReads, SpendWrites
from gateway.ledger.tenants import TenantReads, TenantWrites
from gateway.ledger.tryons import TryonReads, TryonWrites
from gateway.ledger.usage import UsageReads, UsageWrites
from gateway.ledger.users import UserReads, UserWrites
from gateway.ledger.webhook_deliveries import WebhookDeliveryReads, WebhookDeliveryWrites
from gateway.ledger.webhooks import WebhookReads, WebhookWrites

__all__ = ["METADATA", "Reads", "Writes"]


class Reads:
    """Reads, noun by noun: `await reads.tryons.find(…)`. Every statement sees what is committed by then."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.users = UserReads(connection)
        self.images = ImageReads(connection)
        self.tryons = TryonReads(connection)
        self.jobs = JobReads(connection)
        self.job_lists = JobListReads(connection)
        self.needs = NeedReads(connection)
        self.orders = OrderReads(connection)
        self.outfits = OutfitReads(connection)
        self.batches = BatchReads(connection)
        self.backlog = BacklogReads(connection)
        self.arrivals = ArrivalReads(connection)
        self.figures = FigureReads(connection)
        self.events = EventReads(connection)
        self.exports = ExportReads(connection)
        self.idempotency = IdempotencyReads(connection)
        self.deletions = DeletionReads(connection)
        self.engine_offers = EngineOfferReads(connection)
        self.deployment = DeploymentReads(connection)
        self.retention = RetentionReads(connection)
        self.tenants = TenantReads(connection)
        self.consents = ConsentReads(connection)
        self.accounts = AccountReads(connection)
        self.api_keys = ApiKeyReads(connection)
        self.refresh_tokens = RefreshTokenReads(connection)
        self.audit_log = AuditReads(connection)
        self.webhooks = WebhookReads(connection)
        self.webhook_deliveries = WebhookDeliveryReads(connection)
        self.usage = UsageReads(connection)
        self.spend = SpendReads(connection)

    async def ping(self) -> None:
        """Raise unless the migrations' newest table answers."""
        await self._connection.execute(select(func.count()).select_from(deployment))

    async def now(self) -> datetime:
        """Return the database's time, which stamps the rows: a gateway's own clock may be off."""
        found: datetime = (await self._connection.execute(select(func.clock_timestamp()))).scalar_one()
        return found


class Writes:
    """Changes, noun by noun: `await writes.jobs.add(…)`. All become visible together, when the transaction commits.

    Each noun's reads are here, too: a transaction reads what it has locked.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.users = UserWrites(connection)
        self.images = ImageWrites(connection)
        self.tryons = TryonWrites(connection)
        self.jobs = JobWrites(connection)
        self.needs = NeedWrites(connection)
        self.orders = OrderWrites(connection)
        self.outfits = OutfitWrites(connection)
        self.batches = BatchWrites(connection)
        self.events = EventWrites(connection)
        self.idempotency = IdempotencyWrites(connection)
        self.deletions = DeletionWrites(connection)
        self.engine_offers = EngineOfferWrites(connection)
        self.deployment = DeploymentWrites(connection)
        self.retention = RetentionWrites(connection)
        self.tenants = TenantWrites(connection)
        self.consents = ConsentWrites(connection)
        self.accounts = AccountWrites(connection)
        self.api_keys = ApiKeyWrites(connection)
        self.refresh_tokens = RefreshTokenWrites(connection)
        self.audit_log = AuditWrites(connection)
        self.webhooks = WebhookWrites(connection)
        self.webhook_deliveries = WebhookDeliveryWrites(connection)
        self.usage = UsageWrites(connection)
        self.spend = SpendWrites(connection)
