"""Who does something that the audit log keeps, and for which request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gateway.ledger.session import Writes
from gateway.rules.tokens import Caller

CONSOLE: Final = "console"
"""The actor of a command beside the gateway: whoever runs it has the deployment's own secrets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A caller with the request in which it acts.

    Attributes:
        tenant: The tenant whose things it changes, unless a deed names another.
    """

    user_id: str
    tenant: str
    request_id: str
    key_id: str | None = None

    @classmethod
    def of(cls, caller: Caller, request_id: str) -> Actor:
        return cls(user_id=caller.user_id, tenant=caller.tenant, request_id=request_id, key_id=caller.key_id)

    async def did(self, writes: Writes, action: str, target: str, *, tenant: str | None = None, **details: Any) -> None:
        """Write a deed down, in the transaction that does it. No detail may be a secret."""
        await writes.audit_log.add(
            action,
            actor=self.user_id,
            key_id=self.key_id,
            tenant=tenant or self.tenant,
            target=target,
            request_id=self.request_id,
            details=details,
        )


def at_console(tenant: str) -> Actor:
    """Return the actor of a command beside the gateway."""
    return Actor(user_id=CONSOLE, tenant=tenant, request_id=CONSOLE)
