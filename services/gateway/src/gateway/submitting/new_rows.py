"""The rows of an accepted try-on, as values: the VTON entry and its units. Pure but for the time and the seed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.ledger.jobs import JobRow
from gateway.rules.batches import SPARE
from gateway.rules.options import PRIORITIES, SEED_LIMIT, TryonOptions
from gateway.submitting.context import SubmitContext
from proteus.engines import EngineCard
from proteus.jobs import JobState, Stage, TryonId, unit_id
from proteus.stages import JobKind


def entry_values(
    context: SubmitContext,
    options: TryonOptions,
    card: EngineCard,
    *,
    person_id: str,
    garment_id: str,
    cut_id: str | None = None,
    parse_id: str | None = None,
) -> dict[str, Any]:
    """Return a new VTON entry, submitted; its seed is the one that will be used."""
    now = datetime.now(UTC)
    return {
        "id": context.job_id,
        "vton_id": f"vton_{context.job_id.removeprefix('job_')}",
        "status": JobState.QUEUED,
        "user_id": context.caller.user_id,
        "person_image_id": person_id,
        "garment_image_id": garment_id,
        "cut_id": cut_id,
        "parse_id": parse_id,
        "options": {
            "category": options.category.value,
            "engine": card.name,
            "quality": options.quality,
            "seed": options.seed if options.seed is not None else secrets.randbelow(SEED_LIMIT - 4),
            "num_samples": options.num_samples,
            "output_format": options.output_format or card.output_format,
            "priority": options.priority,
            "deadline_ms": options.deadline_ms,
            "person_index": options.person_index,
            "expires_in": options.expires_in,
            **({"webhook_url": options.webhook_url} if options.webhook_url else {}),
            **({"mask": options.mask} if options.mask else {}),
            **({"mask_mode": options.mask_mode} if options.mask_mode else {}),
            **({"return_mask": True} if options.return_mask else {}),
        },
        "metadata": options.metadata,
        "external_id": options.external_id,
        "trace_id": context.trace_id,
        "created_at": now,
        "finished_at": None,
        "expires_at": now + timedelta(seconds=options.expires_in) if options.expires_in else None,
    }


def new_units(
    context: SubmitContext, options: TryonOptions, card: EngineCard, *, stage: Stage, hold: bool
) -> list[JobRow]:
    """Return the pictures of a try-on, made now."""
    now = datetime.now(UTC)
    return [
        JobRow(
            id=unit_id(context.job_id, n),
            kind=JobKind.TRYON,
            user_id=context.caller.user_id,
            tenant=context.caller.tenant,
            key_id=context.caller.key_id,
            tryon_id=TryonId(context.job_id),
            n=n,
            state=JobState.QUEUED,
            stage=stage,
            hold=hold,
            engine=card.name,
            batch_key=card.batch_key(options.quality),
            degraded_batch_key=card.batch_key(options.quality, degraded=True),
            priority=SPARE if context.of_batch else PRIORITIES[options.priority],
            deadline_at=now + timedelta(milliseconds=options.deadline_ms) if options.deadline_ms else None,
            trace_id=context.trace_id,
            created_at=now,
            updated_at=now,
            waiting_since=now if stage is Stage.WAITING else None,
        )
        for n in range(1, options.pictures + 1)
    ]
