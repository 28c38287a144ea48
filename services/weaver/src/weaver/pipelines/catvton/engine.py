"""The engine `catvton` behind the seam: takes a photo and a cut-out, returns the photo dressed.

The photo is framed so that the whole person is on the canvas, the model paints the canvas, and only what the feathered
mask covers comes back into the photo. Every picture walks its own steps, so jobs may join a running batch and leave it
at any step. A step that runs out of memory has advanced no job.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch

from proteus.engines import CATVTON, EngineCard, Preset
from proteus.errors import EngineError, InvalidRequest, OutOfMemory
from proteus.jobs import JobId
from proteus.worker.proofs import Candidate
from weaver.pipelines import levers, rows
from weaver.pipelines.catvton import images
from weaver.pipelines.catvton.forms import ON_GPU, load
from weaver.pipelines.catvton.picture import Picture, Recipe
from weaver.pipelines.catvton.pipeline import CatVtonPipeline, drawn, seeded
from weaver.pipelines.catvton.prepared import Prepared, prepared
from weaver.pipelines.catvton.presets import GUIDANCE, SAMPLING, guided_steps
from weaver.pipelines.catvton.solvers import Step
from weaver.pipelines.contract import (
    DECODED_IN,
    Failed,
    Finished,
    Pixels,
    Progress,
    StepLever,
    StepReport,
    WeaveJob,
    preset_of,
)
from weaver.pipelines.torch_device import memory_errors

ENCODE_AT_ONCE: Final = 4
"""Pictures in one VAE pass; at 768x1024 each holds about a gigabyte of activations in half precision."""

MOMENTS_KEPT: Final = 16
"""Encoded pictures a session remembers: samples of one try-on share both, a batch of looks shares the person."""


class CatVtonEngine:
    """The model, loaded.

    Args:
        pipeline: The published algorithm on one device.
        card: Presets and name; another card only for tests and benchmarks.
        form: The pipeline's numeric form; results name it.
    """

    def __init__(self, pipeline: CatVtonPipeline, *, card: EngineCard = CATVTON, form: str = "fp32") -> None:
        self.card = card
        self.pipeline = pipeline
        self.form = form
        self._plans: dict[tuple[str, int], tuple[Step, ...]] = {}

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Check a job, frame its pictures and make tensors of them.

        Raises:
            InvalidRequest: The job has no mask, or one of another size.
            PhotoRejected: The mask is empty.
        """
        preset = self.card.preset(job.quality, degraded=job.degraded)
        ready = prepared(job, canvas=(preset.width, preset.height))
        noise = self.pipeline.draws(
            self._recipe(job, preset),
            seeded(torch.Generator().manual_seed(job.seed)),
            width=preset.width,
            height=preset.height,
        )
        return replace(job, prepared=replace(ready, noise=noise))

    def open(self, canvas: str) -> CatVtonSession:
        """Start an empty session.

        Raises:
            InvalidRequest: The canvas is none of this engine's.
        """
        if not self.card.forms_on(canvas):
            raise InvalidRequest(f"canvas {canvas!r} is not one of {self.card.name}'s")
        return CatVtonSession(self, canvas)

    def recipe(self, job: WeaveJob, canvas: str) -> Recipe:
        """Return how a job's picture is denoised.

        Raises:
            InvalidRequest: It is not made on this canvas.
        """
        return self._recipe(job, preset_of(job, self.card, canvas))

    def _recipe(self, job: WeaveJob, preset: Preset) -> Recipe:
        sampling = SAMPLING["balanced" if job.degraded else job.quality]
        named = sampling.sampler, preset.steps
        plan = self._plans[named] = self._plans.get(named) or self.pipeline.schedule.plan(*named)
        guided = (0, guided_steps(sampling, preset.steps))
        return Recipe(plan=plan, guidance=GUIDANCE, guided=guided, sampler=sampling.sampler, reuse=sampling.reuse)

    def warm_up(self, lever: StepLever, *, max_batch: int) -> None:
        """Capture the steps of every canvas; what cannot be captured runs eagerly."""
        presets = [*self.card.presets.values(), *([self.card.degraded] if self.card.degraded else [])]
        capture = rows.how(lever)
        for width, height in dict.fromkeys((preset.width, preset.height) for preset in presets):
            found = self.pipeline.rows.capture(
                partial(self.pipeline.row_inputs, width=width, height=height),
                capture=capture,
                most_rows=2 * max_batch,
                tolerance=self.card.tolerance,
            )
            levers.tell_captured(f"{self.card.name} {width}x{height} {lever}", found.rows, found.failed)

    @property
    def padded(self) -> bool:
        """Whether steps are padded to a captured number of rows."""
        return self.pipeline.rows.padded

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a grey figure in a grey garment; what a picture costs does not depend on what it shows."""
        quality, degraded = self.card.sample_form(canvas)
        preset = self.card.preset(quality, degraded=degraded)
        grey = np.full((preset.height, preset.width, 4), 128, np.uint8)
        mask = np.zeros((preset.height, preset.width), np.uint8)
        mask[preset.height // 4 : preset.height // 2, preset.width // 4 : -preset.width // 4] = 255
        return WeaveJob(
            id=JobId("sample"),
            person=grey[..., :3],
            garment=grey,
            garment_category="upper",
            person_mask=mask,
            agnostic_mask=mask,
            quality=quality,
            degraded=degraded,
        )


@dataclass
class _Running:
    """One admitted job, and its picture once it is encoded."""

    job: WeaveJob
    prepared: Prepared
    recipe: Recipe
    picture: Picture | None = None


class CatVtonSession:
    """A running batch of one canvas."""

    def __init__(self, engine: CatVtonEngine, canvas: str) -> None:
        self._engine = engine
        self._pipeline = engine.pipeline
        self._canvas = canvas
        self._running: dict[JobId, _Running] = {}
        self._moments: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def admit(self, job: WeaveJob) -> None:
        """Admit a job; it takes part from the next step on. One that was not prepared is prepared.

        Raises:
            InvalidRequest, PhotoRejected: Like `CatVtonEngine.prepare`, or it is not made on this canvas.
        """
        recipe = self._engine.recipe(job, self._canvas)
        ready: Prepared = (job if job.prepared else self._engine.prepare(job)).prepared
        self._running[job.id] = _Running(job=job, prepared=ready, recipe=recipe)

    def step(self) -> StepReport:
        """Encode new jobs, advance every job by one step, finish those that are done.

        Raises:
            OutOfMemory: No job was advanced; with fewer jobs the same step may be tried again.
        """
        waiting: list[Picture] = []
        with memory_errors():
            self._encode([running for running in self._running.values() if running.picture is None])
            pictures = [running.picture for running in self._running.values() if running.picture]
            if waiting := [picture for picture in pictures if not picture.done]:
                self._pipeline.denoise(waiting)
        finished: list[Finished] = []
        failed: list[Failed] = []
        progress = [
            Progress(
                id=running.job.id,
                step=running.picture.index,
                steps=len(running.recipe.plan),
                cost=running.recipe.cost(running.picture.index - 1),
                cost_left=running.recipe.cost_left(running.picture.index),
            )
            for running in self._running.values()
            if running.picture
        ]
        for running in list(self._running.values()):
            if running.picture is None or not running.picture.done:
                continue
            try:
                finished.append(self._finish(running, running.picture))
            except OutOfMemory:
                if not waiting and not finished:
                    raise
                break  # What is done leaves now; the next step decodes the others, with less beside them.
            except EngineError as error:
                failed.append(Failed(id=running.job.id, error=error))
            self.evict(running.job.id)
        return StepReport(finished=finished, failed=failed, progress=progress)

    def evict(self, job_id: JobId) -> None:
        """Drop a job; unknown ids are no error."""
        self._running.pop(job_id, None)

    def park(self, job_id: JobId) -> object:
        """Take a job out; its picture so far waits in the host's memory."""
        running = self._running[job_id]
        if running.picture is not None:
            running.picture = running.picture.on("cpu")
        return self._running.pop(job_id)

    def resume(self, parked: object) -> None:
        """Take a job in again; it goes on with the next step."""
        running = cast("_Running", parked)
        if running.picture is not None:
            with memory_errors():
                running.picture = running.picture.on(self._pipeline.device)
        self._running[running.job.id] = running

    def close(self) -> None:
        """Free the batch and the encoded pictures."""
        self._running.clear()
        self._moments.clear()

    def _encode(self, arrivals: Sequence[_Running]) -> None:
        """Encode persons and garments, each distinct picture once, and start their pictures."""
        wanted: dict[bytes, torch.Tensor] = {}
        keys = []
        for running in arrivals:
            ready = running.prepared
            keys.append((ready.person_digest, ready.garment_digest, ready.mask))
            for key, tensor in ((ready.person_digest, ready.person), (ready.garment_digest, ready.garment)):
                if key not in self._moments:
                    wanted[key] = tensor
        batches = [list(wanted)[at : at + ENCODE_AT_ONCE] for at in range(0, len(wanted), ENCODE_AT_ONCE)]
        for batch in batches:
            moments = self._pipeline.moments(torch.cat([wanted[key] for key in batch]))
            self._moments.update(zip(batch, moments.split(1), strict=True))
        for running, (person_key, garment_key, mask) in zip(arrivals, keys, strict=True):
            running.picture = self._pipeline.begin(
                self._moments[person_key],
                self._moments[garment_key],
                mask,
                recipe=running.recipe,
                draw=drawn(running.prepared.noise),
            )
        while len(self._moments) > MOMENTS_KEPT:
            self._moments.popitem(last=False)

    def _finish(self, running: _Running, picture: Picture) -> Finished:
        notes: dict[str, Any] = {
            "weights": self._pipeline.version,
            "form": self._engine.form,
            "canvas": "x".join(map(str, running.prepared.frame.canvas)),
            "sampler": running.recipe.sampler,
            "steps": len(running.recipe.plan),
            "guidance": running.recipe.guidance,
            "window": list(running.prepared.frame.window),
        }
        if running.recipe.approximate:
            notes["approximate"] = list(self._engine.card.preset(running.job.quality).shortcuts)
        with memory_errors():
            painted = self._decoded(picture, running.job.id, notes)
        job, frame = running.job, running.prepared.frame
        mask = job.agnostic_mask
        assert mask is not None  # `prepared` refuses a job without
        return Finished(id=job.id, picture=lambda: frame.paste(job.person, painted(), mask), notes=notes)

    def _decoded(self, picture: Picture, job_id: JobId, notes: dict[str, Any]) -> Callable[[], Pixels]:
        """Decode a picture; return a call for the canvas. On a GPU it is decoded beside the engine's next work."""
        if self._pipeline.device.type == "cuda":
            return self._decoded_beside(picture, job_id, notes)
        decoded = self._pipeline.decode([picture])
        if not torch.isfinite(decoded).all():
            decoded = self._decoded_exactly(picture, job_id, notes)
        canvas = np.asarray(images.to_pil(decoded)[0])
        return lambda: canvas

    def _decoded_beside(self, picture: Picture, job_id: JobId, notes: dict[str, Any]) -> Callable[[], Pixels]:
        main = torch.cuda.current_stream(self._pipeline.device)
        main.synchronize()  # the steps are over: their time is known, and the host runs no batch ahead
        beside = self._pipeline.beside
        with torch.cuda.stream(beside), torch.inference_mode():
            decoded = self._pipeline.decode([picture])
            picture.latents.record_stream(beside)
            pixels, finite = images.to_pixels(decoded)[0], torch.isfinite(decoded).all()
            canvas = torch.empty(pixels.shape, dtype=pixels.dtype, pin_memory=True).copy_(pixels, non_blocking=True)
            is_finite = torch.empty((), dtype=torch.bool, pin_memory=True).copy_(finite, non_blocking=True)
            done = beside.record_event()

        def painted() -> Pixels:
            done.synchronize()
            if is_finite:
                return canvas.numpy()
            with memory_errors():
                return np.asarray(images.to_pil(self._decoded_exactly(picture, job_id, notes))[0])

        return painted

    def _decoded_exactly(self, picture: Picture, job_id: JobId, notes: dict[str, Any]) -> torch.Tensor:
        """Decode a picture in single precision that half precision could not hold, and note that.

        Raises:
            EngineError: It is not finite either, or was not before the decoder, or was decoded so already.
        """
        if self._pipeline.dtype != torch.float32 and torch.isfinite(picture.latents).all():
            decoded = self._pipeline.decode_exactly([picture])
            if torch.isfinite(decoded).all():
                notes[DECODED_IN] = "float32"
                return decoded
        raise EngineError(f"catvton made a picture that is not finite for job {job_id}")


def from_folder(
    folder: Path, *, device: str, card: EngineCard = CATVTON, forms: Sequence[Candidate] | None = None
) -> CatVtonEngine:
    """Load the engine from `make weights`' folder: single precision, or on a GPU a lever that proves itself there.

    Args:
        folder: Of the weights.
        device: `auto`, `cpu` or `cuda`.
        card: Another one only for tests.
        forms: The levers to try; None: those of the device.

    Raises:
        ModelUnavailable: Something is missing or damaged, or the exact form does not run.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if forms is None:
        forms = ON_GPU if device.startswith("cuda") else ()
    form, pipeline = load(folder, device=device, card=card, forms=forms)
    return CatVtonEngine(pipeline, card=card, form=form)
