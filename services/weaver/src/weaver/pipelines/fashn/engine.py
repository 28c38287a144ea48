"""The engine `fashn` behind the seam: jobs in, pictures out, one Euler step of all jobs at a time.

The canvas is fixed, and category, steps, guidance and time are values per row: pictures of different people, garments
and qualities share a batch. A job may join while others are halfway, and leaves when its own steps are done. A step
either advances all jobs or, out of memory, none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from proteus.engines import FASHN, EngineCard
from proteus.errors import EngineError, InvalidRequest, PhotoRejected, ProteusError
from proteus.jobs import JobId
from weaver.pipelines import framing, levers, rows
from weaver.pipelines.contract import Failed, Finished, Pixels, Progress, StepLever, StepReport, WeaveJob, preset_of
from weaver.pipelines.fashn import images
from weaver.pipelines.fashn.pipeline import Conditions, FashnPipeline
from weaver.pipelines.fashn.pose import Keypoints, from_blazepose
from weaver.pipelines.fashn.presets import schedule_of
from weaver.pipelines.fashn.schedule import Schedule
from weaver.pipelines.sample import grey_job
from weaver.pipelines.torch_device import memory_errors

PoseSource = Callable[[NDArray[np.uint8]], Keypoints]
"""Finds one person in a photo, (H, W, 3) uint8 sRGB: an operator may put it in BlazePose's place."""


class FashnEngine:
    """The model, loaded.

    Args:
        pipeline: The network and its sampler.
        pose_source: Finds the person's points; None: the landmarks of the job's parse.
        form: The network's numeric form; results name it.
    """

    card: EngineCard = FASHN

    def __init__(self, pipeline: FashnPipeline, *, pose_source: PoseSource | None = None, form: str = "fp32") -> None:
        self.pipeline = pipeline
        self.form = form
        self.pose_source = pose_source
        self._one_pose = Lock()

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Check a job and bring its photos onto the canvas.

        Raises:
            InvalidRequest: A category the network does not know, a job without a parse, or a mask of another size.
            PhotoRejected: The mask is empty.
        """
        category = images.CATEGORY_CLASS.get(job.garment_category)
        if category is None:
            raise InvalidRequest(
                f"fashn weaves {', '.join(images.CATEGORY_CLASS)}; {job.garment_category!r} is none of them"
            )
        mask = job.agnostic_mask
        if mask is not None and mask.shape != job.person.shape[:2]:
            raise InvalidRequest(f"job {job.id}: the mask has not the photo's size")
        if mask is not None and framing.bounding_box(mask) is None:
            raise PhotoRejected("The mask is empty: nothing in the photo may change.")
        person = images.prepare(job.person, canvas=self.canvas, keypoints=self._keypoints(job))
        garment = images.prepare_garment(job.garment, worn=job.garment_worn, canvas=self.canvas)
        return replace(job, prepared=_Prepared(category=category, person=person, garment=garment))

    @property
    def canvas(self) -> images.Size:
        """(width, height) of the network's canvas."""
        return self.pipeline.config.width, self.pipeline.config.height

    def _keypoints(self, job: WeaveJob) -> Keypoints:
        if self.pose_source is not None:
            with self._one_pose:
                return self.pose_source(job.person)
        if job.parse is None:
            raise InvalidRequest(f"job {job.id} has no parse of its person, and fashn needs the pose")
        return from_blazepose(job.parse.landmarks)

    def open(self, canvas: str) -> FashnSession:
        """Start an empty session.

        Raises:
            InvalidRequest: The canvas is none of this engine's.
        """
        if not self.card.forms_on(canvas):
            raise InvalidRequest(f"canvas {canvas!r} is not one of fashn's")
        return FashnSession(self, canvas)

    def warm_up(self, lever: StepLever, *, max_batch: int) -> None:
        """Capture the steps; what cannot be captured runs eagerly."""
        found = self.pipeline.rows.capture(
            self.pipeline.row_inputs,
            capture=rows.how(lever),
            most_rows=2 * max_batch,
            tolerance=self.card.tolerance,
        )
        levers.tell_captured(f"{self.card.name} {lever}", found.rows, found.failed)

    @property
    def padded(self) -> bool:
        """Whether steps are padded to a captured number of rows."""
        return self.pipeline.rows.padded

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a grey figure and a grey garment; what a picture costs does not depend on what it shows."""
        return grey_job(self.card, canvas)


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A job's pictures as the network takes them."""

    category: int
    person: images.Prepared
    garment: images.Prepared


@dataclass
class _Row:
    """One admitted job; its picture so far is the same row of the session's tensors.

    Attributes:
        added: What its next step takes over (`FashnPipeline.step`); None: that one is whole.
    """

    job: WeaveJob
    prepared: images.Prepared
    schedule: Schedule
    step: int = 0
    added: Tensor | None = field(default=None, repr=False)

    @property
    def done(self) -> bool:
        return self.step == self.schedule.steps


class FashnSession:
    """A running batch. Rows of `x` and `conditions` stand in the order of the admitted jobs."""

    def __init__(self, engine: FashnEngine, canvas: str) -> None:
        self._engine = engine
        self._pipeline = engine.pipeline
        self._canvas = canvas
        self._rows: list[_Row] = []
        self._x: Tensor | None = None
        self._conditions: Conditions | None = None

    def admit(self, job: WeaveJob) -> None:
        """Give a job its place and its own noise; it takes part from the next step on. One not prepared is prepared.

        Raises:
            InvalidRequest, PhotoRejected: Like `FashnEngine.prepare`, or it is not made on this canvas.
            OutOfMemory: The device cannot hold one more.
        """
        preset = preset_of(job, self._engine.card, self._canvas)
        if job.prepared is None:
            job = self._engine.prepare(job)
        prepared: _Prepared = job.prepared
        person, garment = prepared.person, prepared.garment
        with memory_errors():
            conditions = self._pipeline.encode(
                *(torch.from_numpy(array)[None] for array in (person.picture, person.pose)),
                *(torch.from_numpy(array)[None] for array in (garment.picture, garment.pose)),
                torch.tensor([prepared.category]),
            )
            row = _Row(job, person, schedule_of(preset, job.quality, degraded=job.degraded))
            self._pipeline.expect(row.schedule)
            self._join(row, self._pipeline.noise(job.seed), conditions)

    def step(self) -> StepReport:
        """Advance every job by one step; those that reach their last one come back as pictures.

        Raises:
            OutOfMemory: No job was advanced; with fewer jobs the same step may be tried again.
        """
        if self._x is None or self._conditions is None:
            return StepReport()
        added = [row.added for row in self._rows]
        with memory_errors():
            self._x = self._pipeline.step(
                self._x,
                [row.step for row in self._rows],
                self._conditions,
                [row.schedule for row in self._rows],
                added,
            )
        progress = []
        for row, kept in zip(self._rows, added, strict=True):
            cost = row.schedule.cost(row.step)
            row.step, row.added = row.step + 1, kept
            left = row.schedule.cost_left(row.step)
            progress.append(Progress(id=row.job.id, step=row.step, steps=row.schedule.steps, cost=cost, cost_left=left))
        finished, failed = [], []
        for index, row in enumerate(self._rows):
            if row.done:
                try:
                    finished.append(self._finish(row, self._x[index]))
                except (ProteusError, ValueError) as error:
                    failed.append(Failed(id=row.job.id, error=error))
        self._keep([index for index, row in enumerate(self._rows) if not row.done])
        return StepReport(finished=finished, failed=failed, progress=progress)

    def evict(self, job_id: JobId) -> None:
        """Drop a job; unknown ids are no error."""
        self._keep([index for index, row in enumerate(self._rows) if row.job.id != job_id])

    def park(self, job_id: JobId) -> object:
        """Take a job out; its picture so far waits in the host's memory."""
        index = next((index for index, row in enumerate(self._rows) if row.job.id == job_id), None)
        if index is None or self._x is None or self._conditions is None:
            raise KeyError(job_id)
        row = self._rows[index]
        row.added = None if row.added is None else row.added.cpu()
        parked = (row, self._x[index : index + 1].cpu(), self._conditions.rows([index]).on("cpu"))
        self.evict(job_id)
        return parked

    def resume(self, parked: object) -> None:
        """Take a job in again; it goes on with the next step."""
        row, x, conditions = cast("tuple[_Row, Tensor, Conditions]", parked)
        device = self._pipeline.device
        with memory_errors():
            added = None if row.added is None else row.added.to(device)
            self._join(row, x.to(device), conditions.on(device))
        row.added = added

    def close(self) -> None:
        """Free the batch."""
        self._keep([])

    def _join(self, row: _Row, x: Tensor, conditions: Conditions) -> None:
        if self._x is not None and self._conditions is not None:
            conditions = Conditions.join((self._conditions, conditions))
            x = torch.cat((self._x, x))
        self._x, self._conditions = x, conditions
        self._rows.append(row)

    def _finish(self, row: _Row, picture: Tensor) -> Finished:
        painted = picture.float().cpu().numpy().copy()  # the batch goes on while this one is delivered
        if not np.isfinite(painted).all():
            raise EngineError(f"fashn made a picture that is not finite for job {row.job.id}")
        job, prepared = row.job, row.prepared
        notes = {
            "canvas": "x".join(map(str, self._engine.canvas)),
            "form": self._engine.form,
            "steps": row.schedule.steps,
            "guidance": row.schedule.guidance,
            "pose": "wholebody" if self._engine.pose_source else "blazepose",
            "pasted_back": row.job.agnostic_mask is not None,
        }

        def pasted() -> Pixels:
            return images.paste_back(job.person, images.to_pixels(painted), job.agnostic_mask, prepared)

        if row.schedule.approximate:
            notes["approximate"] = list(self._engine.card.preset(job.quality).shortcuts)
        return Finished(id=job.id, picture=pasted, notes=notes)

    def _keep(self, indices: Sequence[int]) -> None:
        """Go on with these rows only."""
        if len(indices) == len(self._rows):
            return
        self._rows = [self._rows[index] for index in indices]
        if not self._rows or self._x is None or self._conditions is None:
            self._rows, self._x, self._conditions = [], None, None
            return
        self._x = torch.cat([self._x[index : index + 1] for index in indices])
        self._conditions = self._conditions.rows(indices)
