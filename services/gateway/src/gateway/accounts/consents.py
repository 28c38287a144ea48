"""Consent of shoppers: asked before the first photo where the tenant wants it; withdrawn, everything goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from gateway.accounts.deeds import Actor
from gateway.ledger.consents import ConsentRow
from gateway.ledger.engine import Ledger
from gateway.rules.consent import ConsentRule
from gateway.rules.tokens import Caller
from proteus.errors import Conflict


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentState:
    """What is asked of a caller, and what it has agreed to."""

    rule: ConsentRule | None
    given: ConsentRow | None
    is_met: bool


class Consents:
    """The consents of all tenants' shoppers."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def state(self, caller: Caller) -> ConsentState:
        """Return what is asked of the caller."""
        async with self._ledger.read() as reads:
            tenant = await reads.tenants.find(caller.tenant)
            given = await reads.consents.of(caller.user_id)
        rule = ConsentRule.of(tenant.consent) if tenant and caller.is_person else None
        return ConsentState(rule=rule, given=given, is_met=rule is None or rule.is_met_by(given, region=caller.region))

    async def give(
        self,
        caller: Caller,
        *,
        version: str,
        scope: list[str],
        region: str | None,
        age_confirmed: bool,
        request_id: str,
    ) -> ConsentState:
        """Store the caller's consent.

        Raises:
            Conflict: Nothing is asked of the caller, or another text is.
            AgeNotConfirmed: The tenant asks for an age.
        """
        rule = (await self.state(caller)).rule
        if rule is None:
            raise Conflict("No consent is asked of you: photos are taken without it.")
        rule.check(version=version, age_confirmed=age_confirmed)
        async with self._ledger.write() as writes:
            given = await writes.consents.give(
                caller.user_id, version=version, scope=scope, region=region, age_confirmed=age_confirmed
            )
            await Actor.of(caller, request_id).did(
                writes,
                "consent.give",
                caller.user_id,
                version=version,
                scope=scope,
                region=region,
                age_confirmed=age_confirmed,
            )
        return ConsentState(rule=rule, given=given, is_met=rule.is_met_by(given, region=caller.region))

    async def ask(self, caller: Caller, tenant: str, rule: ConsentRule | None, *, request_id: str) -> None:
        """Let a tenant ask its shoppers for consent, or no longer. For its owner and administrators.

        Raises:
            Forbidden: The caller is neither.
        """
        if tenant != caller.tenant:
            caller.require("admin")
        async with self._ledger.write() as writes:
            await writes.tenants.ask_consent(tenant, None if rule is None else asdict(rule))
            await Actor.of(caller, request_id).did(
                writes, "tenant.consent", tenant, tenant=tenant, version=rule.version if rule else None
            )

    async def withdrawn(self, caller: Caller, *, request_id: str) -> None:
        """Write a withdrawal down. The caller erases the user afterwards."""
        async with self._ledger.write() as writes:
            await Actor.of(caller, request_id).did(writes, "consent.withdraw", caller.user_id)
