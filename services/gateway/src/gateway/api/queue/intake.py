"""Whether new work is taken, for operators (scope `admin`)."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Depends

from gateway.accounts.deeds import Actor
from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep, administrator
from gateway.api.guarding import GuardedRouter
from gateway.api.queue.overview import IntakeBody, IntakeRequest
from gateway.fleet.intake import Intake, write_intake

router = GuardedRouter(prefix="/v1/queue/intake", tags=["queue"], dependencies=[Depends(administrator)])


@router.put("", summary="Pause or resume intake")
async def put_intake(services: ServicesDep, caller: CallerDep, trace: TraceDep, wish: IntakeRequest) -> IntakeBody:
    """Refuse new work, or take it again; every gateway does so within two seconds.

    While it is paused, try-ons, cut-outs and preparations get 503 `intake_paused` with your reason. What was accepted
    goes on, photos may be uploaded, repeated submits get their first answer, external payloads stay on their list.
    """
    intake = Intake(
        paused=wish.paused,
        reason=wish.reason.strip() if wish.paused else "",
        since=datetime.now(UTC),
        by=caller.user_id,
    )
    async with services.ledger.write() as writes:
        await write_intake(writes.deployment, intake)
        action = "intake.pause" if intake.paused else "intake.resume"
        await Actor.of(caller, trace).did(writes, action, "intake", reason=intake.reason)
    services.fleet.decided(intake)
    return IntakeBody.of(intake)
