"""From a finished picture to what the world sees of it: encode, store under a fenced key, describe. Blocks; in threads.

The key carries the claim's fencing token, so a zombie never overwrites the picture of the worker that took over, and a
digest of the worker's id: a Redis that fell back by a second (a failover, a power cut) may give a token out twice.
"""

from __future__ import annotations

import hashlib
from typing import Any

from proteus import imaging
from proteus.engines import EngineCard
from proteus.errors import InvalidRequest
from proteus.queue import Claimed
from proteus.storage import ObjectStore
from weaver.pipelines.contract import Finished


def result_key(job: Claimed, worker: str, extension: str) -> str:
    """Return `results/<user>/<try-on job id>/<n>-<token>-<digest of the worker's id>.<ext>`."""
    user_id, tryon_job_id, n = (job.body.get(name) for name in ("user_id", "tryon_job_id", "n"))
    texts = (value for value in (user_id, tryon_job_id) if isinstance(value, str) and value)
    if len(list(texts)) < 2 or type(n) is not int or n < 1:
        raise InvalidRequest("the job's body must name user_id and tryon_job_id, as texts, and n, from 1")
    digest = hashlib.blake2s(worker.encode(), digest_size=4).hexdigest()
    return f"results/{user_id}/{tryon_job_id}/{n}-{job.token}-{digest}.{extension}"


def store_picture(
    store: ObjectStore, job: Claimed, finished: Finished, *, card: EngineCard, worker: str
) -> dict[str, Any]:
    """Encode with the AI mark and the job's parameters, store, and return the description for the completion.

    Raises:
        DependencyUnavailable: The store does not answer; calling again is safe.
    """
    format_: imaging.Format = job.body.get("output_format") or card.output_format
    if not isinstance(format_, str) or format_ not in imaging.CONTENT_TYPES:
        raise InvalidRequest(f"output_format {format_!r} is none of {', '.join(imaging.CONTENT_TYPES)}")
    height, width = finished.image.shape[:2]
    seed = int(job.body.get("seed") or 0)
    mark = imaging.Mark(
        source_type="composite" if card.weights_licence.startswith("none") else "compositeWithTrainedAlgorithmicMedia",
        parameters={
            "job_id": job.id,
            "engine": card.name,
            "engine_version": card.version,
            "code_licence": card.code_licence,
            "weights_licence": card.weights_licence,
            "training_data_note": card.training_data_note,
            "commercial_use": card.commercial_use,
            "quality": job.body.get("quality") or "balanced",
            "degraded": job.degraded,
            "seed": seed,
            **finished.notes,
        },
    )
    data = imaging.encode(finished.image, format_, mark=mark)
    key = result_key(job, worker, imaging.EXTENSIONS[format_])
    store.put(key, data, content_type=imaging.CONTENT_TYPES[format_])
    return {
        "result_key": key,
        "width": width,
        "height": height,
        "content_type": imaging.CONTENT_TYPES[format_],
        "size_bytes": len(data),
        "engine": card.name,
        "engine_version": card.version,
        "seed": seed,
        "degraded": job.degraded,
        "worker": worker,
        "notes": finished.notes,
    }
