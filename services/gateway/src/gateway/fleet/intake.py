"""Whether new work is taken. An operator decides; Postgres keeps it, so that every gateway and every restart knows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.ledger.deployment import DeploymentReads, DeploymentWrites
from proteus.errors import IntakePaused

FACT: Final = "intake"
"""The name of the deployment's fact."""

RETRY_SECONDS: Final = 30
"""`Retry-After` of a refusal: nobody knows when an operator resumes."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """The decision that holds.

    Attributes:
        paused: New work is refused; what was accepted goes on.
        reason: The operator's words, which refused users read; may be empty.
        since: When it was decided; None: nobody ever paused it.
        by: Who decided.
    """

    paused: bool = False
    reason: str = ""
    since: datetime | None = None
    by: str = ""

    def require_open(self) -> None:
        """Refuse new work while it is paused.

        Raises:
            IntakePaused: With the operator's words.
        """
        if self.paused:
            message = f"No new work is taken for now: {self.reason}" if self.reason else None
            raise IntakePaused(message, retry_after_seconds=RETRY_SECONDS)


OPEN: Final = Intake()


async def read_intake(deployment: DeploymentReads) -> Intake:
    """Return the decision that holds; a fact of another form means that work is taken."""
    text = await deployment.fact(FACT)
    try:
        found = json.loads(text or "{}")
        return Intake(
            paused=found["paused"] is True,
            reason=str(found.get("reason", "")),
            since=datetime.fromisoformat(found["since"]).astimezone(UTC),
            by=str(found.get("by", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return OPEN


async def write_intake(deployment: DeploymentWrites, intake: Intake) -> None:
    """Store a decision."""
    kept = {
        "paused": intake.paused,
        "reason": intake.reason,
        "since": intake.since.isoformat() if intake.since else None,
        "by": intake.by,
    }
    await deployment.set_fact(FACT, json.dumps(kept))
