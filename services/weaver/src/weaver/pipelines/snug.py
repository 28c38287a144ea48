"""Draws a garment's sides in where it would hang in the air beside the body, instead of cutting them off. Pure.

Trousers whose wearer showed bare legs are drawn out instead, where a leg is wider than they are.

A cut through cloth shows: it has no hem, and the person mask that it follows is coarse. So the mesh of a piece gets
closer rows, and in each the outer cloth is pushed together until its own edge lies where cloth may be. The middle,
where prints are, hardly moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import Landmark
from weaver.pipelines.anatomy import Anatomy, Mask, Point
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.fitting import HIPS, KNEES, SHOULDERS, Piece
from weaver.pipelines.labels import SKIN
from weaver.pipelines.mesh import Mesh
from weaver.pipelines.removal import Bared

EDGE_REACH: Final = 4.0
"""In edge radii: so far inside what is allowed the clipping leaves cloth whole."""

ARMPIT: Final = 0.15
"""Of the way from shoulders to hips: above it there is no gap between arm and trunk."""

WAISTBAND: Final = 0.03
"""In shoulder widths: how far a waistband may stand off the body's outline."""

BEHIND_ARM: Final = 2.0
"""In margins: how far behind an arm that hangs beside the trunk its cloth ends."""

HANGING: Final = 0.85
"""Cosine between forearm and trunk: an arm that hangs beside it, and does not cross it."""

BELOW_SEAM: Final = 0.45
"""In shoulder widths: so far below a sleeve's seam the trunk's cloth goes on straight, or it would tear off there."""

ROWS_BETWEEN: Final = 4
"""Rows of a fine mesh for each row of a plain one: an armpit is found to a thumb's width."""

STEPS: Final = 160
"""Places on a row at which is asked whether cloth may be there."""

LEAST: Final = 0.6
"""Of the half width: cloth that would have to be drawn in farther lies on something else, such as a hand."""

SLOPE, HIP_SLOPE = 0.5, 0.2
"""How fast a side may run inwards, against its length: a step in the outline would show, on hips first."""

COVER_MOST: Final = 1.35
"""Of the half width: so far a leg of trousers is widened at most where a bare leg below it is wider."""


def drawn_in(
    job: WeaveJob,
    anatomy: Anatomy,
    pieces: list[Piece],
    allowed: Mask,
    window: tuple[int, int, int, int],
    bared: Bared,
    *,
    edge: float,
) -> list[Piece]:
    """Return the pieces; those of the trunk end where they may show, and a waistband on the waist.

    Args:
        allowed: Where the garment may show, in the window.
        window: left, top, right, bottom in the photo.
        bared: The photo without the old garment: behind an arm that hangs beside the trunk, the trunk's cloth ends.
        edge: How soft the edge of what may show is, in pixels.
    """
    assert job.person_mask is not None
    assert job.parse is not None
    left, top, right, bottom = window
    unit = bared.scene.unit / bared.scene.crop.scale
    person = job.person_mask[top:bottom, left:right] > 127
    air = ~allowed & ~person
    hips, shoulders, knees = (
        max(job.parse.landmarks[index].y for index in joints) for joints in (HIPS, SHOULDERS, KNEES)
    )
    below, cover = shoulders + ARMPIT * (hips - shoulders), np.zeros_like(air)
    if job.garment_category == "lower":
        waist, below = slice(0, max(0, round(hips - top))), 0.0
        air[waist] |= ~grow(person[waist], WAISTBAND * unit)
        # Hands hang beside the thighs.
        legs = slice(max(0, round(hips + (knees - hips) * 0.75 - top)), None)
        cover[legs] = ((bared.shows(SKIN, window) > 127) & allowed)[legs]
    margin = EDGE_REACH * edge
    if job.garment_category != "lower":
        hanging = [outline for outline, wrist in bared.arms if _hangs(job.parse.landmarks, wrist)]
        behind = ~grow(~_inside(hanging, air.shape, offset=(left, top)), BEHIND_ARM * margin)
        behind[: int(np.clip(_below_sleeves(anatomy, pieces, unit) - top, 0, len(behind)))] = False
        air |= behind
    middle = float(anatomy.corners[:2, 0].mean())
    slope = HIP_SLOPE if job.garment_category == "lower" else SLOPE
    bounds = Bounds(air=air, cover=cover, offset=(left, top), margin=margin, slope=slope)
    return [
        snug(piece, bounds, middle=middle, below=below) if piece.before == "forearms" else piece for piece in pieces
    ]


def _hangs(landmarks: Sequence[Landmark], wrist: int) -> bool:
    """Return whether a forearm hangs along the trunk, and does not cross it."""
    hips, shoulders, end, elbow = (
        np.mean([(landmarks[index].x, landmarks[index].y) for index in joints], axis=0)
        for joints in (HIPS, SHOULDERS, (wrist,), (wrist - 2,))
    )
    down, along = hips - shoulders, end - elbow
    return bool(along @ down > HANGING * max(float(np.linalg.norm(along) * np.linalg.norm(down)), 1e-6))


def _below_sleeves(anatomy: Anatomy, pieces: list[Piece], unit: float) -> float:
    """Return the row of the photo from which on the trunk hangs free of its sleeves: the first if there are none."""
    seams = [np.flatnonzero((one.mask & ~one.beyond).any(axis=1)).max(initial=0) for one in anatomy.sleeves if one]
    trunk = next((piece.mesh for piece in pieces if piece.before == "forearms"), None)
    if not seams or trunk is None:
        return -np.inf
    row = np.interp(max(seams), trunk.source[:, 0, 1], trunk.target[..., 1].mean(axis=1))
    return float(row) + BELOW_SEAM * unit


def _inside(outlines: Sequence[Point], shape: tuple[int, ...], *, offset: tuple[int, int]) -> Mask:
    area = np.zeros(shape, np.uint8)
    for outline in outlines:
        cv2.fillPoly(area, [np.clip(np.round(outline - offset), -30_000, 30_000).astype(np.int32)], 1)
    return area > 0


@dataclass(frozen=True)
class Bounds:
    """What a piece's sides are drawn to.

    Attributes:
        air: Where no cloth may be and no person is, in a window of the photo.
        cover: What cloth beside it has to cover.
        offset: Left and top of the window.
        margin: In pixels: how far from air, and beyond what is covered, an edge stays.
        slope: How fast a side may run inwards or outwards, against its length.
    """

    air: Mask
    cover: Mask
    offset: tuple[int, int]
    margin: float
    slope: float = SLOPE


def snug(piece: Piece, bounds: Bounds, *, middle: float, below: float) -> Piece:
    """Return a piece whose sides do not reach into the air, and cover what they have to.

    Args:
        piece: The piece; its mesh's rows run across the body.
        bounds: Where it may and must be.
        middle: Column of the cut-out that stays where it is.
        below: Row of the photo above which a row's middle is left alone: at neck and shoulders air is no fault.
    """
    mesh = _closer(piece.mesh)
    source, target = mesh.source, mesh.target
    rows = np.clip(np.round(source[:, 0, 1]).astype(int), 0, piece.mask.shape[0] - 1)
    inside = piece.mask[rows]
    low = target[..., 1].mean(axis=1) > below
    found = inside.any(axis=1)
    ends = (
        np.where(found, inside.argmax(axis=1), middle),
        np.where(found, piece.mask.shape[1] - 1 - inside[:, ::-1].argmax(axis=1), middle),
    )
    shares, moved = source[..., 0].copy(), False
    for end in ends:
        reach = end - middle
        limits, covers, halves = np.ones(len(rows)), np.ones(len(rows)), np.ones(len(rows))
        chosen = np.flatnonzero(low & (np.abs(reach) > 2))
        if not chosen.size:
            continue
        steps, wider = np.linspace(0, 1, STEPS), np.linspace(1, COVER_MOST, STEPS)
        places = _on_rows(source[chosen], target[chosen], middle + steps * reach[chosen, None])
        halves[chosen] = np.maximum(np.linalg.norm(places[:, -1] - places[:, 0], axis=1), 1.0)
        blocked = _at(bounds.air, places - bounds.offset)
        stopped = blocked.any(axis=1) & ~blocked[:, 0]
        limit = blocked.argmax(axis=1) / (STEPS - 1) - bounds.margin / halves[chosen]
        limits[chosen] = np.where(stopped & (limit >= LEAST), limit, 1.0)
        if bounds.cover.any():
            places = _on_rows(source[chosen], target[chosen], middle + wider * reach[chosen, None])
            bare = _at(bounds.cover, places - bounds.offset)
            last = wider[STEPS - 1 - bare[:, ::-1].argmax(axis=1)] + bounds.margin / halves[chosen]
            covers[chosen] = np.where(bare.any(axis=1) & ~stopped, np.minimum(last, COVER_MOST), 1.0)
        if (limits < 1).any() or (covers > 1).any():
            moved = True
            limits = _eased(limits, halves, target, bounds.slope)
            limits = np.where(limits < 1, limits, 2 - _eased(2 - covers, halves, target, bounds.slope))
            across = (source[..., 0] - middle) / np.where(np.abs(reach) > 2, reach, np.inf)[:, None]
            side = across > 0
            drawn = across * (1 - (1 - limits)[:, None] * np.clip(across, 0, 1))
            shares = np.where(side, middle + drawn * reach[:, None], shares)
    if not moved:
        return piece
    # Every second row is enough to paint by: sides run slowly.
    kept = slice(None, None, 2)
    return replace(piece, mesh=Mesh(source[kept], _on_rows(source[kept], target[kept], shares[kept])))


def _closer(mesh: Mesh) -> Mesh:
    """Return the same mesh with more rows."""
    count = len(mesh.source)
    at = np.linspace(0, count - 1, (count - 1) * ROWS_BETWEEN + 1)
    low = np.minimum(at.astype(int), count - 2)
    share = (at - low)[:, None, None]
    return Mesh(*(grid[low] * (1 - share) + grid[low + 1] * share for grid in (mesh.source, mesh.target)))


def _on_rows(source: Point, target: Point, columns: NDArray[np.float64]) -> Point:
    """Return where each row of the mesh, (r, n, 2), takes columns, (r, m); beyond its ends it goes on."""
    step = np.clip(np.searchsorted(source[0, :, 0], columns) - 1, 0, source.shape[1] - 2)
    start, end = source[0, step, 0], source[0, step + 1, 0]
    row, share = np.arange(len(target))[:, None], ((columns - start) / (end - start))[..., None]
    return np.asarray(target[row, step] + share * (target[row, step + 1] - target[row, step]))


def _at(mask: Mask, places: Point) -> Mask:
    """Return the mask at places, x and y on the last axis; outside it nothing."""
    xs, ys = np.moveaxis(np.round(places).astype(int), -1, 0)
    inside = (xs >= 0) & (ys >= 0) & (xs < mask.shape[1]) & (ys < mask.shape[0])
    inside[inside] = mask[ys[inside], xs[inside]]
    return np.asarray(inside)


def _eased(
    limits: NDArray[np.float64], halves: NDArray[np.float64], target: Point, slope: float
) -> NDArray[np.float64]:
    """Return limits that are nowhere higher, and between rows run at most as the slope says."""
    apart = float(np.linalg.norm(np.diff(target, axis=0), axis=-1).mean())
    rows = np.arange(len(limits))
    # Rows between two that were measured may meet the air earlier.
    least = np.minimum(limits, np.minimum(np.append(limits[1:], 1.0), np.append(1.0, limits[:-1])))
    run = slope * apart * np.abs(rows[:, None] - rows[None, :]) / halves[None, :]
    return np.asarray(np.minimum(1.0, (least[None, :] + run).min(axis=1)))


def grow(mask: Mask, by_pixels: float) -> Mask:
    """Return the mask, grown by a disc; by distances, because dilating by wide discs takes ten times as long."""
    if not mask.any():
        return mask
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) <= by_pixels)
