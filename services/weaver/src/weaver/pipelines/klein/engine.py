"""The engine `klein` behind the seam: jobs in, pictures out, one Euler step of all jobs at a time.

Every picture walks its own steps, so jobs may join a running batch and leave it at any step. A step either advances all
jobs or, out of memory, none. klein paints the whole canvas anew; the gate compares that with the photo before anything
of it is shown, and where a mask says what may change, only that comes back into the photo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
import torch

from proteus.engines import KLEIN, EngineCard
from proteus.errors import EngineError, InvalidRequest, PhotoRejected
from proteus.jobs import JobId
from weaver.pipelines import framing, levers, rows
from weaver.pipelines.contract import Failed, Finished, Pixels, Progress, StepLever, StepReport, WeaveJob, preset_of
from weaver.pipelines.klein import gate, images
from weaver.pipelines.klein.pipeline import KleinPipeline, Picture
from weaver.pipelines.klein.prompts import WEARING
from weaver.pipelines.sample import grey_job
from weaver.pipelines.torch_device import memory_errors

Gate = Callable[[WeaveJob, Pixels], None]
"""Raises `QualityTooLow` where a job's picture is not to be shown."""


class KleinEngine:
    """The model, loaded.

    Args:
        pipeline: The network and its sampler.
        card: Presets and name; another card only for tests.
        form: The network's numeric form; results name it.
        check: Decides whether a picture is shown.
    """

    def __init__(
        self,
        pipeline: KleinPipeline,
        *,
        card: EngineCard = KLEIN,
        form: str = "fp32",
        check: Gate = gate.require_shown,
    ) -> None:
        self.card = card
        self.pipeline = pipeline
        self.form = form
        self.check = check

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Check a job and bring its photos onto its canvas.

        Raises:
            InvalidRequest: A category without a prompt, or a mask of another size.
            PhotoRejected: The mask is empty.
        """
        if job.garment_category not in WEARING:
            raise InvalidRequest(f"klein weaves {', '.join(WEARING)}; {job.garment_category!r} is none of them")
        mask = job.agnostic_mask
        if mask is not None and mask.shape != job.person.shape[:2]:
            raise InvalidRequest(f"job {job.id}: the mask has not the photo's size")
        if mask is not None and framing.bounding_box(mask) is None:
            raise PhotoRejected("The mask is empty: nothing in the photo may change.")
        preset = self.card.preset(job.quality, degraded=job.degraded)
        return replace(job, prepared=images.prepare(job.person, job.garment, canvas=(preset.width, preset.height)))

    def open(self, canvas: str) -> KleinSession:
        """Start an empty session.

        Raises:
            InvalidRequest: The canvas is none of this engine's.
        """
        if not self.card.forms_on(canvas):
            raise InvalidRequest(f"canvas {canvas!r} is not one of {self.card.name}'s")
        return KleinSession(self, canvas)

    def warm_up(self, lever: StepLever, *, max_batch: int) -> None:
        """Capture the steps of every canvas; what cannot be captured runs eagerly."""
        presets = [*self.card.presets.values(), *([self.card.degraded] if self.card.degraded else [])]
        capture = rows.how(lever)
        for size in dict.fromkeys((preset.width, preset.height) for preset in presets):
            found = self.pipeline.rows.capture(
                partial(self.pipeline.row_inputs, size=size),
                capture=capture,
                most_rows=max_batch,
                tolerance=self.card.tolerance,
            )
            levers.tell_captured(f"{self.card.name} {size[0]}x{size[1]} {lever}", found.rows, found.failed)

    @property
    def padded(self) -> bool:
        """Whether steps are padded to a captured number of rows."""
        return self.pipeline.rows.padded

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a grey figure and a grey garment; what a picture costs does not depend on what it shows."""
        return grey_job(self.card, canvas)


@dataclass
class _Running:
    """One admitted job."""

    job: WeaveJob
    prepared: images.Prepared
    picture: Picture


class KleinSession:
    """A running batch of one canvas."""

    def __init__(self, engine: KleinEngine, canvas: str) -> None:
        self._engine = engine
        self._pipeline = engine.pipeline
        self._canvas = canvas
        self._running: dict[JobId, _Running] = {}

    def admit(self, job: WeaveJob) -> None:
        """Encode a job's pictures; it takes part from the next step on. One not prepared is prepared.

        Raises:
            InvalidRequest, PhotoRejected: Like `KleinEngine.prepare`, or it is not made on this canvas.
            OutOfMemory: The device cannot hold one more.
        """
        preset = preset_of(job, self._engine.card, self._canvas)
        if job.prepared is None:
            job = self._engine.prepare(job)
        prepared: images.Prepared = job.prepared
        with memory_errors():
            picture = self._pipeline.begin(
                *(torch.from_numpy(array)[None] for array in (prepared.person, prepared.garment)),
                category=job.garment_category,
                seed=job.seed,
                steps=preset.steps,
            )
        self._running[job.id] = _Running(job, prepared, picture)

    def step(self) -> StepReport:
        """Advance every job by one step; those that reach their last one come back as pictures.

        Raises:
            OutOfMemory: No job was advanced; with fewer jobs the same step may be tried again.
        """
        running = list(self._running.values())
        if not running:
            return StepReport()
        waiting = [one for one in running if not one.picture.done]
        with memory_errors():
            moved = self._pipeline.denoise([one.picture for one in waiting]) if waiting else []
        for one, picture in zip(waiting, moved, strict=True):
            one.picture = picture
        progress = [
            Progress(id=one.job.id, step=one.picture.index, steps=one.picture.schedule.steps) for one in running
        ]
        finished, failed = [], []
        for one in running:
            if not one.picture.done:
                continue
            try:
                finished.append(self._finish(one))
            except EngineError as error:
                failed.append(Failed(id=one.job.id, error=error))
            self.evict(one.job.id)
        return StepReport(finished=finished, failed=failed, progress=progress)

    def evict(self, job_id: JobId) -> None:
        """Drop a job; unknown ids are no error."""
        self._running.pop(job_id, None)

    def park(self, job_id: JobId) -> object:
        """Take a job out; its picture so far waits in the host's memory."""
        running = self._running.pop(job_id)
        running.picture = running.picture.on("cpu")
        return running

    def resume(self, parked: object) -> None:
        """Take a job in again; it goes on with the next step."""
        running = cast("_Running", parked)
        with memory_errors():
            running.picture = running.picture.on(self._pipeline.device)
        self._running[running.job.id] = running

    def close(self) -> None:
        """Free the batch."""
        self._running.clear()

    def _finish(self, running: _Running) -> Finished:
        job, place = running.job, running.prepared.frame
        with memory_errors():
            decoded = self._pipeline.decode(running.picture).cpu().numpy()
        if not np.isfinite(decoded).all():
            raise EngineError(f"klein made a picture that is not finite for job {job.id}")
        notes: dict[str, Any] = {
            "canvas": "x".join(map(str, running.picture.size)),
            "form": self._engine.form,
            "steps": running.picture.schedule.steps,
            "pasted_back": job.agnostic_mask is not None,
        }

        def shown() -> Pixels:
            painted = images.to_pixels(decoded)
            photo = images.whole(painted, place)
            self._engine.check(job, photo)
            return photo if job.agnostic_mask is None else place.paste(job.person, painted, job.agnostic_mask)

        return Finished(id=job.id, picture=shown, notes=notes)
