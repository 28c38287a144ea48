"""Turns a finished picture into a result: encodes, stores under a fenced key, describes. Blocks; runs in threads."""

from __future__ import annotations

from dataclasses import dataclass

from proteus import imaging, object_keys
from proteus.artefacts import WarningCode
from proteus.blurhash import blurhash
from proteus.engines import EngineCard
from proteus.marker import PLAIN, Marker
from proteus.marks import Mark
from proteus.payloads import TryonResult, TryonWork
from proteus.picture_warnings import quality_of, require_quality, warn_all
from proteus.queue import Claimed
from proteus.storage import ObjectStore
from proteus.worker.safety import SafetyCheck
from weaver.pipelines.contract import Finished, WeaveJob


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What every picture goes through before it is stored: it is examined, then stamped and signed."""

    safety: SafetyCheck
    marker: Marker = PLAIN


def store_picture(
    store: ObjectStore,
    job: Claimed,
    finished: Finished,
    *,
    inputs: WeaveJob,
    card: EngineCard,
    worker: str,
    treatment: Treatment,
) -> TryonResult:
    """Examine, encode with the AI mark and the job's parameters, sign, store, and return the completion's result.

    Raises:
        ContentBlocked: The safety model refuses what it shows; nothing is stored.
        SafetyUnavailable: It could not be examined.
        DependencyUnavailable: The store does not answer; calling again is safe.
        QualityTooLow: It is too poor for its engine, or the engine's gate does not show it.
        EngineError: The engine's output is no picture.
        InvalidRequest: The job's body cannot be read.
    """
    work = TryonWork.read(job.body)
    format_: imaging.Format = work.output_format or card.output_format
    replaced = [WarningCode.ENGINE_REPLACED] if work.engine not in ("", card.name) else []
    warnings = (*inputs.warnings, *warn_all([*finished.warnings, *replaced], "result"))
    score = quality_of(inputs.confidence, warnings)
    require_quality(score, floor=card.quality_floor)
    picture = finished.image
    treatment.safety.examine(picture, level=work.safety, picture="output")
    picture = treatment.marker.stamped(picture, label=work.label)
    height, width = picture.shape[:2]
    mark = Mark(
        source_type="composite" if card.weights_licence.startswith("none") else "compositeWithTrainedAlgorithmicMedia",
        parameters={
            "job_id": job.id,
            "engine": card.name,
            "engine_version": card.full_version,
            "code_licence": card.code_licence,
            "weights_licence": card.weights_licence,
            "training_data_note": card.training_data_note,
            "commercial_use": card.commercial_use,
            "quality": work.quality,
            "degraded": job.degraded,
            "seed": work.seed,
            **finished.notes,
        },
    )
    data = treatment.marker.signed(imaging.encode(picture, format_, mark=mark), mark)
    key = object_keys.result_key(
        work.user_id,
        work.tryon_job_id,
        work.n,
        token=job.token,
        worker=worker,
        extension=imaging.EXTENSIONS[format_],
    )
    store.put(key, data, content_type=imaging.CONTENT_TYPES[format_])
    return TryonResult(
        result_key=key,
        width=width,
        height=height,
        content_type=imaging.CONTENT_TYPES[format_],
        size_bytes=len(data),
        engine=card.name,
        engine_version=card.full_version,
        seed=work.seed,
        degraded=job.degraded,
        worker=worker,
        notes=finished.notes,
        warnings=warnings,
        quality_score=score,
        mask_key=inputs.mask_key if work.return_mask else None,
        blurhash=blurhash(picture),
    )
