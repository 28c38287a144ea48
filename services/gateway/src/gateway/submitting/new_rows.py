"""The rows of an accepted try-on, as values: the VTON entry and its units. Pure but for the fresh ids and the seed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.rules.options import PRIORITIES, SEED_LIMIT, TryonOptions
from gateway.rules.tokens import Caller
from proteus.engines import EngineCard
from proteus.jobs import JobKind, JobState, Stage, new_id, unit_id


def entry_values(
    caller: Caller,
    options: TryonOptions,
    card: EngineCard,
    *,
    person_id: str,
    garment_id: str,
    cut_id: str | None,
    trace_id: str,
) -> dict[str, Any]:
    """Return a new VTON entry, a draft; its ids are fresh, its seed is the one that will be used."""
    now = datetime.now(UTC)
    uuid = new_id("x").removeprefix("x_")
    return {
        "id": f"job_{uuid}",
        "vton_id": f"vton_{uuid}",
        "status": None,
        "user_id": caller.user_id,
        "person_image_id": person_id,
        "garment_image_id": garment_id,
        "cut_id": cut_id,
        "parse_id": None,
        "options": {
            "category": options.category.value,
            "engine": card.name,
            "quality": options.quality,
            "seed": options.seed if options.seed is not None else secrets.randbelow(SEED_LIMIT - 4),
            "num_samples": options.num_samples,
            "output_format": options.output_format or card.output_format,
            "priority": options.priority,
            "deadline_ms": options.deadline_ms,
            "expires_in": options.expires_in,
        },
        "metadata": options.metadata,
        "trace_id": trace_id,
        "created_at": now,
        "finished_at": None,
        "expires_at": now + timedelta(seconds=options.expires_in) if options.expires_in else None,
    }


def unit_values(
    caller: Caller, options: TryonOptions, card: EngineCard, entry: Mapping[str, Any], n: int, *, now: datetime
) -> dict[str, Any]:
    """Return the n-th picture of an entry, every column of its row; the caller decides about `stage` and `hold`."""
    return {
        "id": unit_id(entry["id"], n),
        "kind": JobKind.TRYON,
        "user_id": caller.user_id,
        "tenant": caller.tenant,
        "image_id": None,
        "tryon_id": entry["id"],
        "n": n,
        "variant": "",
        "state": JobState.QUEUED,
        "stage": Stage.WAITING,
        "hold": False,
        "epoch": 1,
        "submitted_epoch": 0,
        "token": 0,
        "engine": card.name,
        "batch_key": card.batch_key(options.quality),
        "degraded_batch_key": card.batch_key(options.quality, degraded=True),
        "priority": PRIORITIES[options.priority],
        "deadline_at": now + timedelta(milliseconds=options.deadline_ms) if options.deadline_ms else None,
        "attempts": 0,
        "crashes": 0,
        "solo_crashes": 0,
        "cancel_requested": False,
        "trace_id": entry["trace_id"],
        "result": None,
        "result_key": None,
        "error": None,
        "created_at": now,
        "updated_at": now,
        "waiting_since": now,
        "started_at": None,
        "finished_at": None,
    }
