"""Engine `puppet`: the cut-out, warped onto the body by meshes. CPU, no weights, a fraction of a second.

    scene, limbs ─▶ removal: the photo without the old garment ─┐
    anatomy ─▶ fitting ─▶ mesh: the new garment's pieces ───────┴▶ clipped, lit, blended ─▶ the picture

`scene` finds the old garment, `limbs` the body below it, and `removal` repaints it. `anatomy` reads the new garment,
`fitting` places its pieces on the landmarks with meshes of 10 x 10 vertices, `snug` draws their sides in, `mesh` paints
them. This module clips them to what may change, puts them behind what is before them (`front`), gives them the photo's
light and folds (`light`), and blends. A pixel that neither garment covers is the photo's, bit for bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

import cv2
import numpy as np

from proteus.artefacts import CLOTHES, Landmark, PersonParse, WarningCode
from proteus.engines import PUPPET, EngineCard
from proteus.errors import EngineError, InvalidRequest, NoGarmentDetected, ProteusError
from proteus.jobs import JobId
from weaver.pipelines.anatomy import Anatomy, Mask, lower_anatomy, upper_anatomy
from weaver.pipelines.contract import Failed, Finished, Pixels, StepReport, WeaveJob
from weaver.pipelines.fitting import ELBOWS, SEEN, TOPS, Piece, fit
from weaver.pipelines.front import front_of
from weaver.pipelines.labels import TOP
from weaver.pipelines.light import contact_shadow, folds_of, light_on
from weaver.pipelines.mesh import Floats, warp, window_of
from weaver.pipelines.removal import bare
from weaver.pipelines.scene import shoulder_width
from weaver.pipelines.snug import drawn_in, grow

SCRAP_FRACTION: Final = 0.04
"""Of the largest piece: a smaller corner of cloth below a crossing arm looks like a mistake."""

LOOSE: Final = 0.10
"""In shoulder widths: how far a top may stand off the body's outline: at the waist a straight shirt hangs free."""

NOTCH: Final = 0.06
"""In shoulder widths: gaps in the body's outline up to twice this wide are bridged by cloth."""

LEAST_SHOWN: Final = 0.5
"""Of the cloth that was laid: if less shows, most of the garment is behind something or outside what may change."""

EDGE_RADIUS: Final = 0.007
"""In shoulder widths: how soft the edge of the clipping is."""

SHADOW_FALL: Final = 0.15
"""In shoulder widths: how far below a hem its shadow reaches, three times `light.SHADOW_REACH`."""


DRAWN_OUT: Final = 0.1
"""In shoulder widths: how far beyond its meshes a garment may be drawn out by `snug`."""


class PuppetEngine:
    """Implements `pipelines.contract.Engine`."""

    card: EngineCard = PUPPET

    def prepare(self, job: WeaveJob) -> WeaveJob:
        """Return the job as it is: the warp is the engine's work."""
        return job

    def open(self, canvas: str) -> PuppetSession:
        """Start a session; the engine has no canvas, so the key says nothing."""
        return PuppetSession()

    def sample_job(self, canvas: str) -> WeaveJob:
        """Return a job of common size: a photo of 1152 x 1536, a cut-out of 800 x 900."""
        return _sample_job()


class PuppetSession:
    """One batch: a step weaves every admitted job."""

    def __init__(self) -> None:
        self._jobs: dict[JobId, WeaveJob] = {}

    def admit(self, job: WeaveJob) -> None:
        """Add a job.

        Raises:
            InvalidRequest: The job lacks its parse or masks, or their sizes differ from the photo's.
        """
        _check(job)
        self._jobs[job.id] = job

    def step(self) -> StepReport:
        """Weave every job; one that fails does not touch the others."""
        finished, failed = [], []
        for job in self._jobs.values():
            try:
                finished.append(weave(job))
            except ProteusError as error:
                failed.append(Failed(id=job.id, error=error))
            except (ValueError, IndexError, cv2.error) as error:
                failed.append(Failed(id=job.id, error=EngineError(f"the garment could not be warped: {error}")))
        self._jobs.clear()
        return StepReport(finished=finished, failed=failed)

    def evict(self, job_id: JobId) -> None:
        """Drop a job."""
        self._jobs.pop(job_id, None)

    def park(self, job_id: JobId) -> object:
        """Take a job out; nothing was done for it yet."""
        return self._jobs.pop(job_id)

    def resume(self, parked: object) -> None:
        """Take a job in again."""
        job = cast("WeaveJob", parked)
        self._jobs[job.id] = job

    def close(self) -> None:
        """Forget every job."""
        self._jobs.clear()


def _check(job: WeaveJob) -> None:
    if job.parse is None or job.person_mask is None or job.agnostic_mask is None:
        raise InvalidRequest("puppet needs the person's parse, person mask and agnostic mask")
    size = job.person.shape[:2]
    if job.person_mask.shape != size or job.agnostic_mask.shape != size:
        raise InvalidRequest(
            f"the photo is {size}, its masks {job.person_mask.shape} and {job.agnostic_mask.shape} (height, width)"
        )
    if job.garment_category not in CLOTHES:
        raise InvalidRequest(f"garment category {job.garment_category!r} is none of {', '.join(CLOTHES)}")


def weave(job: WeaveJob) -> Finished:
    """Return the person in the garment.

    Raises:
        NoGarmentDetected: The cut-out is empty, or none of it lands on the person.
        PersonCropped: What the garment covers is not in the photo.
    """
    assert job.parse is not None
    assert job.agnostic_mask is not None
    if not (job.garment[..., 3] > 127).any():
        raise NoGarmentDetected("the cut-out is empty")
    height, width = job.person.shape[:2]
    if job.garment_category == "lower":
        anatomy = lower_anatomy(job.garment)
    else:
        anatomy = upper_anatomy(
            job.garment, long=job.garment_category not in TOPS, buttoned=job.garment_category != "outer"
        )
    pieces = fit(anatomy, job.garment_category, job.parse.landmarks, height=height)
    window = window_of([piece.mesh for piece in pieces], width=width, height=height)
    left, top, right, bottom = window
    if right <= left or bottom <= top:
        raise NoGarmentDetected("the garment would lie outside the photo")
    unit = min(shoulder_width(np.array([(mark.x, mark.y) for mark in job.parse.landmarks])), float(max(height, width)))
    # The shadow that the hem casts lies below it, and legs of trousers may be drawn out.
    bottom = min(height, bottom + round(SHADOW_FALL * unit))
    left, right = max(0, left - round(DRAWN_OUT * unit)), min(width, right + round(DRAWN_OUT * unit))
    window = left, top, right, bottom
    allowed = _allowed(job, window, unit)
    bared = bare(job)
    pieces = drawn_in(job, anatomy, pieces, allowed, window, bared, edge=_edge(unit))
    front = front_of(job, window, unit, bared)
    cloth = np.zeros((bottom - top, right - left, 4), np.float32)
    for piece in pieces:
        x0, y0, x1, y1 = window_of([piece.mesh], width=width, height=height)
        x0, y0, x1, y1 = part = max(x0, left), max(y0, top), min(x1, right), min(y1, bottom)
        if x1 > x0 and y1 > y0:
            place = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
            painted = _paint(job.garment, piece, part)
            painted *= (1 - front.before[piece.before][place])[..., None]
            cloth[place] *= 1 - painted[..., 3:]
            cloth[place] += painted
    clip = _clip(allowed, unit)
    alpha = _without_scraps(cloth[..., 3] * clip)
    clip *= light_on(job.person, window, alpha, unit)
    clip *= folds_of(job.person, window, bared.shows(TOP, window), unit)
    image = bared.image
    below = image[top:bottom, left:right]
    if job.garment_category == "outer":
        kept = _around_the_jacket(job.garment, anatomy, pieces, alpha, window)
        np.copyto(below, job.person[top:bottom, left:right], where=kept[..., None])
    below_light = contact_shadow(alpha, bared.body[top:bottom, left:right], unit)
    # The cloth's colours are premultiplied already.
    blended = cloth[..., :3] * clip[..., None]
    blended += front.over(below, alpha) * ((1 - alpha) * below_light)[..., None]
    blended += np.float32(0.5)
    np.copyto(
        below,
        np.clip(blended, 0, 255, out=blended).astype(np.uint8),
        where=((alpha > 1 / 255) | (below_light < 1) | ((front.own > 0) & (bared.gone[top:bottom, left:right] > 0)))[
            ..., None
        ],
    )
    covered = float((alpha > 0.5).sum()) / max(1.0, unit * unit)
    if covered < 0.02:
        raise NoGarmentDetected("none of the garment lands on the person")
    return Finished(
        id=job.id,
        picture=image,
        notes={"meshes": len(pieces), "vertices_per_mesh": max(len(piece.mesh.source) for piece in pieces) * 10},
        warnings=_warnings(job, anatomy, laid=float((cloth[..., 3] > 0.5).sum()), shown=float((alpha > 0.5).sum())),
    )


def _around_the_jacket(
    garment: Pixels, anatomy: Anatomy, pieces: list[Piece], alpha: Floats, window: tuple[int, int, int, int]
) -> Mask:
    """Return where a jacket shows the shirt that stays, in the window: between its fronts, and below its hem."""
    left, top, right, bottom = window
    trunk = max(pieces, key=lambda piece: np.count_nonzero(piece.mask))
    x0, y0, x1, y1 = part = window_of([trunk.mesh], width=right, height=bottom)
    place = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    covered = alpha > 0.5
    shown = covered.any(axis=0) & ~np.logical_or.accumulate(covered[::-1])[::-1]
    shown[:, : place[1].start] = shown[:, place[1].stop :] = False  # Below sleeves nothing stays.
    front = np.zeros_like(garment)
    front[..., 3] = (anatomy.torso & (garment[..., 3] <= 127)) * np.uint8(255)
    shown[place] |= _paint(front, trunk, part)[..., 3] > 0.5
    return np.asarray(shown)


def _warnings(job: WeaveJob, anatomy: Anatomy, *, laid: float, shown: float) -> tuple[str, ...]:
    """Return what the picture lacks: a sleeve whose arm is not seen, or most of the cloth that was laid, in pixels."""
    assert job.parse is not None
    arms_seen = all(job.parse.landmarks[index].visibility >= SEEN for index in ELBOWS)
    lost = not arms_seen and any(sleeve is not None for sleeve in anatomy.sleeves)
    codes = [WarningCode.SLEEVES_NOT_PLACED] if lost else []
    if shown < LEAST_SHOWN * laid:
        codes.append(WarningCode.GARMENT_HIDDEN)
    return tuple(code.value for code in codes)


def _paint(garment: Pixels, piece: Piece, window: tuple[int, int, int, int]) -> Floats:
    """Return one piece in its window of the photo: float32, colour 0..255 premultiplied by alpha 0..1."""
    columns, rows = piece.mesh.source[0, :, 0], piece.mesh.source[:, 0, 1]
    x0, y0, x1, y1 = max(0, int(columns[0])), max(0, int(rows[0])), int(columns[-1]) + 2, int(rows[-1]) + 2
    # The piece's own edge is softened by one pixel where it cuts through cloth; the cut-out's edge is soft already.
    soft = cv2.blur(cv2.dilate(piece.mask[y0:y1, x0:x1].astype(np.float32), np.ones((3, 3))), (3, 3))
    cut = garment[y0:y1, x0:x1].astype(np.float32)
    cut[..., 3] *= soft / np.float32(255)
    cut[..., :3] *= cut[..., 3:]
    return warp(cut, replace(piece.mesh, source=piece.mesh.source - [x0, y0]), window)


def _allowed(job: WeaveJob, window: tuple[int, int, int, int], unit: float) -> Mask:
    """Return where the garment may show: inside what may change; a top stays close to the body."""
    assert job.agnostic_mask is not None
    assert job.person_mask is not None
    left, top, right, bottom = window
    allowed = job.agnostic_mask[top:bottom, left:right] > 127
    if job.garment_category in TOPS:
        # What a person holds before the chest stays before the garment; the notch between thighs is no gap in a hem.
        allowed &= _closed(job.person_mask[top:bottom, left:right], (LOOSE + NOTCH) * unit, NOTCH * unit)
    return np.asarray(allowed)


def _edge(unit: float) -> float:
    return max(0.6, EDGE_RADIUS * unit)


def _clip(allowed: Mask, unit: float) -> Floats:
    """Return how much of the garment may show, 0..1: nothing outside what is allowed, softly inside."""
    # Shrunk by as much as the blur reaches: the edge is soft and still inside what may change.
    sigma = _edge(unit)
    inner = (~grow(~allowed, 2 * sigma)).astype(np.float32)
    return np.asarray(np.where(allowed, cv2.GaussianBlur(inner, (0, 0), sigma), 0), np.float32)


def _closed(body: Pixels, grown: float, shrunk: float) -> Mask:
    """Return a body's mask with its notches closed: grown, then shrunk, at half its size, for its edge is coarse."""
    height, width = body.shape
    half = cv2.resize(body, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA) > 127
    smooth = (~grow(~grow(half, grown / 2), shrunk / 2)).astype(np.uint8) * 255
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR) > 127)


def _without_scraps(alpha: Floats) -> Floats:
    """Return alpha without the small pieces that an arm or the photo's edge cut off."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 1 / 255).astype(np.uint8), connectivity=4)
    if count <= 2:
        return alpha
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= SCRAP_FRACTION * areas[1:].max()
    return np.where(keep[labels], alpha, np.float32(0))


def _sample_job() -> WeaveJob:
    """A grey person of ellipses and a plain T-shirt shape."""
    height, width = 1536, 1152
    person = np.full((height, width, 3), 200, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (576, 760), (260, 560), 0, 0, 360, 255, -1)
    person[mask > 0] = (150, 120, 110)
    garment = np.zeros((900, 800, 4), np.uint8)
    garment[100:900, 180:620] = (30, 90, 160, 255)
    garment[100:380, 0:800] = (30, 90, 160, 255)
    places: dict[int, tuple[float, float]] = {
        11: (740, 480), 12: (412, 480), 13: (800, 740), 14: (352, 740), 15: (820, 960), 16: (332, 960),
        23: (670, 1000), 24: (482, 1000), 25: (670, 1300), 26: (482, 1300), 27: (670, 1500), 28: (482, 1500),
    }  # fmt: skip
    marks = [Landmark(x=576, y=250, visibility=1) for _ in range(33)]
    for index, (x, y) in places.items():
        marks[index] = Landmark(x=x, y=y, visibility=1)
    parse = PersonParse(
        image_key="sample", width=width, height=height, parser="sample", parser_version="1", pose_model="sample",
        landmarks=tuple(marks), person_mask_key="sample", agnostic_mask_keys={},
    )  # fmt: skip
    return WeaveJob(
        id=JobId("sample"), person=person, garment=garment, garment_category="upper", parse=parse, person_mask=mask,
        agnostic_mask=mask,
    )  # fmt: skip
