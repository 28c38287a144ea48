"""The engine seam: a session that pictures join, step by step.

The worker opens a session for one canvas, admits jobs at any step, calls `step` until the session is empty, and evicts
jobs that were cancelled, expired or lost. How a picture is made (steps, guidance, sampler) its job says: pictures of
every recipe share a session, and each begins with its own first step while others are halfway. Steps are where cancel,
deadline, a lost lease and progress act. Engines never see Redis or the store: pictures come in as arrays and leave as
arrays. A session runs in one thread and is not thread-safe; that thread runs only the model. A picture's other work is
done by `Engine.prepare` before it is admitted and by `Finished.image` after it has left, each in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from proteus.engines import EngineCard, Preset, Quality, canvas_of
from proteus.errors import InvalidRequest
from proteus.jobs import JobId

if TYPE_CHECKING:  # A bench on a bare GPU machine imports the engines without pydantic.
    from proteus.artefacts import PersonParse, PictureWarning

Pixels = NDArray[np.uint8]

StepLever = Literal["graphs", "compile"]
"""How an engine's steps are captured; see `weaver.pipelines.rows`."""


@dataclass(frozen=True, kw_only=True)
class WeaveJob:
    """One picture to make.

    Attributes:
        person: (H, W, 3) uint8 sRGB, the ingested photo at its own size.
        garment: (h, w, 4) uint8 RGBA straight alpha, the cut-out.
        garment_category: One of `proteus.artefacts.GarmentCategory` that the engine can put on.
        parse: The person's parse; None only for engines whose card says `needs_parse=False`.
        person_mask: (H, W) uint8, 255 = person; None like `parse`.
        agnostic_mask: (H, W) uint8, 255 = may change, for `garment_category` (or the client's own mask); None like
            `parse`, and where everything may change.
        mask_key: Where that mask is stored.
        seed: The effective seed.
        warnings: What may be wrong with both photos.
        confidence: The tailor's, in the cut-out, 0..1; None: unknown.
        prepared: What `Engine.prepare` made of the pictures; None: `Session.admit` does it.
    """

    id: JobId
    person: Pixels
    garment: Pixels
    garment_category: str
    garment_worn: bool = False
    parse: PersonParse | None = None
    person_mask: Pixels | None = None
    agnostic_mask: Pixels | None = None
    mask_key: str | None = None
    quality: Quality = "balanced"
    degraded: bool = False
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[PictureWarning, ...] = ()
    confidence: float | None = None
    prepared: Any = field(default=None, repr=False, compare=False)


DECODED_IN: Final = "decoded_in"
"""A note: the precision in which a picture was decoded a second time, since the engine's own could not hold it."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A picture whose last step is done; `notes` goes into the result's parameters.

    Attributes:
        picture: (H, W, 3) uint8 sRGB at the person photo's size, or a call that makes it, in any thread and any number
            of times.
        warnings: Codes of what may be wrong with it (`proteus.picture_warnings`).
    """

    id: JobId
    picture: Pixels | Callable[[], Pixels] = field(repr=False)
    notes: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def image(self) -> Pixels:
        """The picture; made on every access, so not in the engines' thread.

        Raises:
            EngineError: The model's result is no picture.
            QualityTooLow: The engine's own gate does not show it.
        """
        return self.picture() if callable(self.picture) else self.picture


@dataclass(frozen=True, kw_only=True)
class Failed:
    """One job's own failure. Its batch mates go on."""

    id: JobId
    error: Exception


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Step `step` of `steps` is done for this job.

    Attributes:
        cost: What this step computed of a whole one.
        cost_left: What those left will compute, in whole steps; None: all of them are whole.
    """

    id: JobId
    step: int
    steps: int
    cost: float = 1.0
    cost_left: float | None = None

    @property
    def left(self) -> float:
        """What is left to compute, in whole steps."""
        return self.steps - self.step if self.cost_left is None else self.cost_left


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """The results of one step."""

    finished: Sequence[Finished] = ()
    failed: Sequence[Failed] = ()
    progress: Sequence[Progress] = ()


def preset_of(job: WeaveJob, card: EngineCard, canvas: str) -> Preset:
    """Return how a job is made.

    Raises:
        InvalidRequest: It is not made on this canvas.
    """
    if canvas_of(card.batch_key(job.quality, degraded=job.degraded)) != canvas:
        raise InvalidRequest(f"job {job.id}: {card.name} makes {job.quality!r} on another canvas than {canvas!r}")
    return card.preset(job.quality, degraded=job.degraded)


class Session(Protocol):
    """A running batch of one canvas."""

    def admit(self, job: WeaveJob) -> None:
        """Add a job; it takes part from the next step on, with its own first one.

        Raises:
            ProteusError: This job cannot be woven here; the others are not touched.
        """

    def step(self) -> StepReport:
        """Do one step for every admitted job (a one-shot engine finishes here).

        Raises:
            OutOfMemory: The batch does not fit. Every job stands where it stood before: the worker parks half of them,
                tries the same step again, and remembers the size that fitted.
        """

    def evict(self, job_id: JobId) -> None:
        """Drop a job; unknown ids are no error."""

    def park(self, job_id: JobId) -> object:
        """Take a job out and return it with all that was done for it, off the device.

        Raises:
            KeyError: It is not here.
        """

    def resume(self, parked: object) -> None:
        """Take a job in again where `park` of a session of the same canvas took it out.

        Raises:
            OutOfMemory: The device cannot hold one more; nothing has changed.
        """

    def close(self) -> None:
        """Free what the session holds."""


class Engine(Protocol):
    """A model, loaded and ready."""

    card: EngineCard

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Return the job with its pictures prepared for the model; runs in any thread, several at once.

        Raises:
            ProteusError: This job cannot be woven.
        """

    def open(self, canvas: str) -> Session:
        """Start an empty session for one canvas key."""

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a synthetic job of the form in the middle of this canvas, to measure its costs with."""


@runtime_checkable
class Capturable(Protocol):
    """An engine whose steps can be captured before it serves."""

    @property
    def padded(self) -> bool:
        """Whether steps are padded, so that three pictures may cost as much as four."""

    def warm_up(self, lever: StepLever, *, max_batch: int) -> None:
        """Capture the steps of batches up to this size on every canvas; what cannot be captured runs eagerly."""
