"""The examples that /docs and the OpenAPI description show: one little story, told with the same ids everywhere."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ConfigDict

from proteus import object_keys

USER_ID: Final = "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
IMAGE_ID: Final = "img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
JOB_ID: Final = "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
VTON_ID: Final = "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
STORE: Final = "https://objects.example.com/proteus"
IMAGE_URL: Final = f"{STORE}/{object_keys.upload_key(USER_ID, IMAGE_ID)}"
_CUT: Final = object_keys.cut_keys(USER_ID, "9f86d081884c7d65", parser="classic", parser_version="1", category="auto")
CUT_URL: Final = f"{STORE}/{_CUT.picture}"
PHOTO_URL: Final = f"{STORE}/{object_keys.photo_key(USER_ID, '9f86…', 'jpg')}"
AT: Final = "2026-02-03T12:00:00.000Z"
SOON: Final = "2026-02-03T12:15:00.000Z"

STATUS: Final[dict[str, Any]] = {
    "job_id": JOB_ID,
    "vton_id": VTON_ID,
    "job_type": "tryon",
    "status": "queued",
    "stage": "waiting",
    "position": 3,
    "eta": {"p50_seconds": 9.8, "p90_seconds": 14.1},
    "progress": None,
    "results": [{"n": 1, "status": "queued"}],
    "error": None,
    "engine": "puppet",
    "metadata": None,
    "created_at": AT,
    "finished_at": None,
    "expires_at": None,
    "timings": {},
    "cloth_clean_url": None,
}
VTON: Final[dict[str, Any]] = STATUS | {
    "user_photo_url": IMAGE_URL,
    "cloth_image_url": f"{STORE}/{object_keys.upload_key(USER_ID, 'img_1f0e…')}",
    "cloth_clean_url": CUT_URL,
    "options": {"category": "upper", "engine": "puppet", "quality": "balanced", "seed": 42, "num_samples": 1},
}
IMAGE: Final[dict[str, Any]] = {
    "image_id": IMAGE_ID,
    "image_url": IMAGE_URL,
    "kind": "person",
    "ingested": True,
    "content_type": "image/jpeg",
    "width": 768,
    "height": 1024,
    "size_bytes": 183_204,
    "created_at": AT,
}
USER: Final[dict[str, Any]] = {
    "user_id": USER_ID,
    "kind": "guest",
    "tenant": "guests",
    "display_name": None,
    "last_seq": 12,
    "created_at": AT,
}
MODEL: Final[dict[str, Any]] = {
    "engine": "puppet",
    "version": "1",
    "description": "Instant preview: the cut-out warped onto the torso by a mesh, no diffusion.",
    "code_licence": "Apache-2.0",
    "weights_licence": "none (pose landmarks: BlazePose, Apache-2.0)",
    "training_data_note": "no training",
    "commercial_use": True,
    "allowed": True,
    "default": True,
    "state": "ready",
    "workers": 1,
}
PARSER: Final[dict[str, Any]] = {
    "name": "classic",
    "description": "Plain backgrounds, by geometry.",
    "code_licence": "Apache-2.0",
    "weights_licence": "none",
    "training_data_note": "no training",
    "commercial_use": True,
    "allowed": True,
}
QUEUE_JOB: Final[dict[str, Any]] = {
    "job_id": JOB_ID,
    "kind": "tryon",
    "user_id": USER_ID,
    "tenant": "guests",
    "status": "running",
    "stage": "denoising",
    "engine": "puppet",
    "batch_key": "puppet/1/0x0/0",
    "priority": 1,
    "epoch": 1,
    "token": 1_000_001,
    "attempts": 0,
    "crashes": 0,
    "solo_crashes": 0,
    "cancel_requested": False,
    "error": None,
    "created_at": AT,
    "updated_at": AT,
    "in_redis": None,
}
ARRIVAL: Final[dict[str, Any]] = {
    "tenant": "guests",
    "priority": 1,
    "engine": "catvton",
    "batch_key": "catvton/1/768x1024/20",
    "degradable": True,
    "rank": 0.4142,
    "degraded": False,
    "deadline_at": None,
    "status": "completed",
    "created_at": AT,
    "ready_at": "2026-02-03T12:00:01.250Z",
    "started_at": "2026-02-03T12:00:03.500Z",
    "finished_at": "2026-02-03T12:00:08.750Z",
}
DEAD_LETTER: Final[dict[str, Any]] = {
    "queue": "queue:jobs",
    "job_id": JOB_ID,
    "code": "worker_lost",
    "message": "The worker that ran this job alone was lost 3 times.",
    "attempts": 0,
    "crashes": 3,
    "solo_crashes": 3,
}


def asked(**fields: Any) -> ConfigDict:
    """Configure a request's body: unknown fields are refused, this is the example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


def said(example: dict[str, Any]) -> ConfigDict:
    """Configure an answer's body: this is the example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def page(item: dict[str, Any]) -> ConfigDict:
    """Configure a list's body."""
    return said({"items": [item], "next_cursor": "WyIyMDI2LTAyLTAz…"})
