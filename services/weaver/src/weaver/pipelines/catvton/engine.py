"""The engine `catvton` behind the seam: takes a photo and a cut-out, returns the photo dressed.

The photo is framed so that the whole person is on the canvas, the model paints the canvas, and only what the feathered
mask covers comes back into the photo. Every picture walks its own steps, so jobs may join a running batch and leave it
at any step. A step that runs out of memory has advanced no job.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image

from proteus.engines import CATVTON, EngineCard, Preset
from proteus.errors import EngineError, InvalidRequest, OutOfMemory, PhotoRejected
from proteus.jobs import JobId
from proteus.worker.proofs import Candidate
from weaver.pipelines import framing
from weaver.pipelines.catvton import images
from weaver.pipelines.catvton.forms import ON_GPU, load
from weaver.pipelines.catvton.pipeline import CatVtonPipeline, Picture, Recipe, seeded
from weaver.pipelines.catvton.presets import GUIDANCE, SAMPLING, Sampling, guided_steps
from weaver.pipelines.catvton.solvers import Sampler
from weaver.pipelines.contract import Failed, Finished, Pixels, Progress, StepReport, WeaveJob

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

    def prepare(self, job: WeaveJob, batch_key: str) -> WeaveJob:
        """Check a job, frame its pictures and make tensors of them.

        Raises:
            InvalidRequest: The job has no mask, or one of another size.
            PhotoRejected: The mask is empty.
        """
        preset, _ = self._preset(batch_key)
        return replace(job, prepared=prepared(job, canvas=(preset.width, preset.height)))

    def open(self, batch_key: str) -> CatVtonSession:
        """Start an empty session; the key names canvas and steps.

        Raises:
            InvalidRequest: The key is none of this engine's.
        """
        preset, sampling = self._preset(batch_key)
        plan = self.pipeline.schedule.plan(sampling.sampler, preset.steps)
        recipe = Recipe(plan=plan, guidance=GUIDANCE, guided=(0, guided_steps(sampling, preset.steps)))
        canvas = (preset.width, preset.height)
        return CatVtonSession(self.pipeline, recipe, canvas=canvas, sampler=sampling.sampler, form=self.form)

    def sample_job(self, batch_key: str) -> WeaveJob:
        """Return a grey figure in a grey garment; what a picture costs does not depend on what it shows."""
        preset, _ = self._preset(batch_key)
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
        )

    def _preset(self, batch_key: str) -> tuple[Preset, Sampling]:
        for quality, preset in self.card.presets.items():
            if batch_key == self.card.batch_key(quality):
                return preset, SAMPLING[quality]
        if self.card.degraded is not None and batch_key == self.card.batch_key("balanced", degraded=True):
            return self.card.degraded, SAMPLING["balanced"]
        raise InvalidRequest(f"batch key {batch_key!r} is not one of {self.card.name}'s")


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A job's pictures as the model takes them: tensors on the CPU, and digests that identify them.

    Attributes:
        person: (1, 3, H, W), without what may change.
        mask: (1, 1, H, W), 1 = repaint.
    """

    frame: framing.Frame
    person: torch.Tensor
    garment: torch.Tensor
    mask: torch.Tensor
    person_digest: bytes
    garment_digest: bytes


def prepared(job: WeaveJob, *, canvas: tuple[int, int]) -> _Prepared:
    """Frame a job's pictures for a canvas.

    Raises:
        InvalidRequest: The job has no mask, or one of another size.
        PhotoRejected: The mask is empty.
    """
    mask = job.agnostic_mask
    if mask is None or mask.shape != job.person.shape[:2]:
        raise InvalidRequest(f"job {job.id}: catvton needs a mask of the photo's size")
    may_change = framing.bounding_box(mask)
    if may_change is None:
        raise PhotoRejected("The mask is empty: nothing in the photo may change.")
    whole = None if job.person_mask is None else framing.bounding_box(np.maximum(job.person_mask, mask))
    frame = framing.frame((job.person.shape[1], job.person.shape[0]), canvas=canvas, focus=whole)
    person, hole = frame.lay(job.person), frame.lay_mask(mask)
    garment = np.asarray(images.pad_to_canvas(Image.fromarray(job.garment), canvas))
    mask_tensor = _mask_tensor(hole)
    return _Prepared(
        frame=frame,
        person=_tensor(person) * (mask_tensor < 0.5),
        garment=_tensor(garment),
        mask=mask_tensor,
        person_digest=_digest(person, hole),
        garment_digest=_digest(garment),
    )


@dataclass
class _Running:
    """One admitted job, and its picture once it is encoded."""

    job: WeaveJob
    prepared: _Prepared
    picture: Picture | None = None


class CatVtonSession:
    """A running batch of one canvas and one recipe."""

    def __init__(
        self, pipeline: CatVtonPipeline, recipe: Recipe, *, canvas: tuple[int, int], sampler: Sampler, form: str
    ) -> None:
        self._pipeline = pipeline
        self._form = form
        self._recipe = recipe
        self._canvas = canvas
        self._sampler = sampler
        self._running: dict[JobId, _Running] = {}
        self._moments: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def admit(self, job: WeaveJob) -> None:
        """Admit a job; it takes part from the next step on. One that was not prepared is prepared.

        Raises:
            InvalidRequest, PhotoRejected: Like `CatVtonEngine.prepare`.
        """
        ready: _Prepared = job.prepared or prepared(job, canvas=self._canvas)
        self._running[job.id] = _Running(job=job, prepared=ready)

    def step(self) -> StepReport:
        """Encode new jobs, advance every job by one step, finish those that are done.

        Raises:
            OutOfMemory: No job was advanced; with fewer jobs the same step may be tried again.
        """
        with _memory_errors():
            self._encode([running for running in self._running.values() if running.picture is None])
            pictures = [running.picture for running in self._running.values() if running.picture]
            if waiting := [picture for picture in pictures if not picture.done]:
                self._pipeline.denoise(waiting)
        finished: list[Finished] = []
        failed: list[Failed] = []
        steps = len(self._recipe.plan)
        progress = [
            Progress(id=running.job.id, step=running.picture.index, steps=steps)
            for running in self._running.values()
            if running.picture
        ]
        for running in list(self._running.values()):
            if running.picture is None or not running.picture.done:
                continue
            try:
                finished.append(self._finish(running, running.picture))
            except EngineError as error:
                if isinstance(error, OutOfMemory):
                    raise
                failed.append(Failed(id=running.job.id, error=error))
            self.evict(running.job.id)
        return StepReport(finished=finished, failed=failed, progress=progress)

    def evict(self, job_id: JobId) -> None:
        """Drop a job; unknown ids are no error."""
        self._running.pop(job_id, None)

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
            generator = torch.Generator().manual_seed(running.job.seed)
            running.picture = self._pipeline.begin(
                self._moments[person_key],
                self._moments[garment_key],
                mask,
                recipe=self._recipe,
                draw=seeded(generator),
            )
        while len(self._moments) > MOMENTS_KEPT:
            self._moments.popitem(last=False)

    def _finish(self, running: _Running, picture: Picture) -> Finished:
        with _memory_errors():
            painted = self._decoded(picture, running.job.id)
        job, frame = running.job, running.prepared.frame
        mask = job.agnostic_mask
        assert mask is not None  # `prepared` refuses a job without
        return Finished(
            id=job.id,
            picture=lambda: frame.paste(job.person, painted(), mask),
            notes={
                "weights": self._pipeline.version,
                "form": self._form,
                "canvas": "x".join(map(str, self._canvas)),
                "sampler": self._sampler,
                "steps": len(self._recipe.plan),
                "guidance": self._recipe.guidance,
                "window": list(frame.window),
            },
        )

    def _decoded(self, picture: Picture, job_id: JobId) -> Callable[[], Pixels]:
        """Decode a picture; return a call for the canvas. On a GPU it is decoded beside the engine's next work."""
        if self._pipeline.device.type == "cuda":
            return self._decoded_beside(picture, job_id)
        decoded = self._pipeline.decode([picture])
        _require_finite(bool(torch.isfinite(decoded).all()), job_id)
        canvas = np.asarray(images.to_pil(decoded)[0])
        return lambda: canvas

    def _decoded_beside(self, picture: Picture, job_id: JobId) -> Callable[[], Pixels]:
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
            _require_finite(bool(is_finite), job_id)
            return canvas.numpy()

        return painted


def _require_finite(finite: bool, job_id: JobId) -> None:
    if not finite:
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


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turn the device's out-of-memory error into ours, and release the memory that torch caches."""
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one; a CPU reports it in the message only
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise OutOfMemory from error


def _tensor(canvas: Pixels) -> torch.Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [-1, 1]."""
    return torch.from_numpy(canvas.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


def _mask_tensor(canvas: Pixels) -> torch.Tensor:
    """(H, W) uint8 -> (1, 1, H, W) float32, 0 or 1."""
    return (torch.from_numpy(canvas.copy())[None, None] >= 128).float()


def _digest(*arrays: np.ndarray[Any, Any]) -> bytes:
    digest = hashlib.blake2b()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.digest()
