"""Where each piece of a garment goes on a body: anatomy and landmarks -> meshes. Pure.

The trunk's mesh hangs on landmarks 12, 11, 24, 23 (top left, top right, bottom left, bottom right of an unmirrored
photo of a person who faces the camera; sorted by the picture, so that writing reads the right way round from behind,
too), padded because BlazePose's shoulders and hips are joints, inside the body. Sleeves are bent along the arms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from proteus.artefacts import Landmark
from proteus.errors import PersonCropped
from weaver.pipelines.anatomy import Anatomy, Mask, Point, Sleeve, crotch_of
from weaver.pipelines.mesh import Mesh, bilinear, unit_grid

SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = (12, 11), (14, 13), (16, 15), (24, 23), (26, 25), (28, 27)
"""Left and right in the picture, for a person who faces the camera."""

# In shoulder widths. The joints of an adult's shoulders lie 0.12 inside the outline and as far below it; the hips'
# joints lie deep inside, so the hem's width comes from the shoulders.
SEAM_OUTWARD, SEAM_UPWARD, HEM_WIDTH = 0.10, 0.13, 1.16

TOPS: Final = ("upper", "inner", "outer")
"""Categories that end about the hips and are laid alike."""

LENGTH_IN_TORSOS: Final = {**dict.fromkeys(TOPS, (0.85, 1.30)), "dress": (1.2, 2.7), "overall": (1.2, 2.9)}
"""How far down a garment may end, in lengths from shoulder to hip: its own shape decides inside these bounds."""

WAIST_ABOVE_HIPS, HIPS_TO_HEM = 0.24, (0.5, 2.6)
WAIST_WIDTH, WAIST_RANGE = 1.85, (0.95, 1.2)
"""A waistband's, in distances of the hips' joints, and its bounds in shoulder widths."""

LEG_BLEND: Final = 0.25
"""Of the way from the crotch to the hem: over it cloth passes from hanging straight to lying along a leg."""

TURN_LEAST, TURN_SHIFT, TURN_MOST = 0.25, 0.7, 0.5
"""Of a trunk, as the sine of its turn: below the first it faces the camera, for the network's depth is rough; how far
the chest's middle then moves aside, and at most (cloth must not fold over)."""

MAX_SLEEVE_TURN: Final = np.deg2rad(150)
SEAM_BLEND, DEEP_ARMHOLE = 0.2, 0.4
"""In widths between the seams: a sleeve passes from trunk to arm over the first; no armhole has the second's depth."""

BULGE: Final = 0.07
"""In shoulder widths: how far an upper arm stands out beyond the line from the shoulder's tip to the elbow."""

INNER_SIDE: Final = (0.17, 0.15, 0.11)
"""In shoulder widths, at shoulder, elbow and wrist: so far from the arm's axis a sleeve reaches on its inner side."""

WIDENED, SLEEVE_PARTS = 0.7, 12
"""A narrow sleeve's inner half gets wider by this share at most; in so many parts along it its width is read."""

ARMPIT: Final = 0.3
"""Of the upper arm: from there on, over as much again, a sleeve is widened."""

FOREARM_LENGTH: Final = 0.9
"""Of the upper arm, where the wrist is not seen."""

LONG_SLEEVE, SHORT_SLEEVE, SHORT_MOST = 0.68, 0.5, 0.8
"""Share of the arm from which a sleeve is long, and below which short; a short one's most, of the upper arm."""
SEEN: Final = 0.5


@dataclass(frozen=True)
class Piece:
    """One piece of cloth; pieces are painted in order.

    Attributes:
        mask: Which pixels of the cut-out.
        mesh: Where they go.
        before: What of the person is in front of it: nothing, the forearms that cross the trunk, or all.
    """

    mask: Mask
    mesh: Mesh
    before: Literal["nothing", "forearms", "person"]


def fit(anatomy: Anatomy, category: str, landmarks: Sequence[Landmark], *, height: int) -> list[Piece]:
    """Return the pieces, the farthest first.

    Args:
        anatomy: The garment's.
        category: One of clothes.
        landmarks: 33, in pixels of the photo.
        height: The photo's, in pixels.

    Raises:
        PersonCropped: What the garment covers is not in the photo.
    """
    points = np.array([(mark.x, mark.y) for mark in landmarks])
    seen = np.array([mark.visibility >= SEEN for mark in landmarks])
    mirrored = points[SHOULDERS[0], 0] > points[SHOULDERS[1], 0]
    sides = (1, 0) if mirrored else (0, 1)
    if category == "lower":
        return _legs(anatomy, _lower_corners(anatomy, points, seen, sides, height=height), points, seen, sides)
    corners = _upper_corners(anatomy, category, points, sides)
    turn = _turn(points, np.array([mark.z for mark in landmarks]), sides)
    pieces = [_trunk(anatomy, corners, anatomy.opening, before="person", turn=turn)] if anatomy.opening.any() else []
    trunk = _trunk(anatomy, corners, anatomy.torso & ~anatomy.opening, turn=turn)
    if category not in TOPS and all(seen[KNEES[side]] for side in sides):
        # Below the hips a skirt hangs around both legs.
        line = np.array([points[[joint[side] for side in sides]].mean(axis=0) for joint in (HIPS, KNEES)])
        trunk = _along(anatomy, trunk, corners, line, start=_row_of(anatomy, corners, line[0]))
    pieces.append(trunk)
    # Arms hang and cross in front of the trunk; at its seam a sleeve lies exactly on it.
    for sleeve, side in zip(anatomy.sleeves, sides, strict=True):
        if sleeve is None:
            continue
        arm = [points[SHOULDERS[side]], points[ELBOWS[side]], points[WRISTS[side]]]
        bendable = seen[ELBOWS[side]]
        pieces.append(_sleeve(anatomy, sleeve, corners, arm if bendable else None, lower_arm=bool(seen[WRISTS[side]])))
    return pieces


def _upper_corners(anatomy: Anatomy, category: str, points: Point, sides: tuple[int, int]) -> Point:
    """Return where the garment's four corners go: the seams over the shoulders, the hem below them."""
    shoulders = np.array([points[SHOULDERS[side]] for side in sides])
    hips = np.array([points[HIPS[side]] for side in sides])
    across, down = shoulders[1] - shoulders[0], hips.mean(axis=0) - shoulders.mean(axis=0)
    torso = max(float(np.linalg.norm(down)), 1.0)
    # From the side the shoulders lie behind each other; the trunk is then about this deep.
    span = max(float(np.linalg.norm(across)), 0.45 * torso)
    right, down = _unit(across, (1.0, 0.0)), _unit(down, (0.0, 1.0))
    middle = shoulders.mean(axis=0)
    half = span * (0.5 + SEAM_OUTWARD)
    seams = [middle - right * half, middle + right * half]
    seams = [seam - down * SEAM_UPWARD * span for seam in seams]
    own = anatomy.corners
    shape = float((own[2:, 1].mean() - own[:2, 1].mean()) / max(own[1, 0] - own[0, 0], 1.0))
    low, high = LENGTH_IN_TORSOS[category]
    length = float(np.clip(shape * 2 * half, low * torso, high * torso))
    hem_middle = (seams[0] + seams[1]) / 2 + down * length
    hem_half = HEM_WIDTH * span / 2
    return np.array([*seams, hem_middle - right * hem_half, hem_middle + right * hem_half])


def _lower_corners(
    anatomy: Anatomy,
    points: Point,
    seen: Mask,
    sides: tuple[int, int],
    *,
    height: int,
) -> Point:
    """Return where waistband and hem go."""
    hips = np.array([points[HIPS[side]] for side in sides])
    knees = np.array([points[KNEES[side]] for side in sides])
    if not all(seen[KNEES[side]] for side in sides) or knees[:, 1].min() >= height:
        raise PersonCropped("the legs are not in the photo: hips and knees must be visible for this garment")
    shoulders = np.array([points[SHOULDERS[side]] for side in sides])
    span = max(float(np.linalg.norm(shoulders[1] - shoulders[0])), float(np.linalg.norm(hips[1] - hips[0])) * 1.6)
    right = _unit(hips[1] - hips[0], (1.0, 0.0))
    down = _unit(knees.mean(axis=0) - hips.mean(axis=0), (0.0, 1.0))
    thigh = float(np.linalg.norm(knees.mean(axis=0) - hips.mean(axis=0)))
    waist = hips.mean(axis=0) - down * WAIST_ABOVE_HIPS * span
    width = WAIST_WIDTH * float(np.linalg.norm(hips[1] - hips[0]))
    half = float(np.clip(width, WAIST_RANGE[0] * span, WAIST_RANGE[1] * span)) / 2
    own = anatomy.corners
    shape = float((own[2:, 1].mean() - own[:2, 1].mean()) / max(own[1, 0] - own[0, 0], 1.0))
    length = float(np.clip(shape * 2 * half, HIPS_TO_HEM[0] * thigh, HIPS_TO_HEM[1] * thigh))
    hem = waist + down * length
    return np.array([waist - right * half, waist + right * half, hem - right * half, hem + right * half])


def _trunk(
    anatomy: Anatomy,
    corners: Point,
    mask: Mask,
    *,
    before: Literal["forearms", "person"] = "forearms",
    turn: float = 0.0,
) -> Piece:
    """Hang part of the cut-out by the garment's four corners: beyond them the patch goes on straight.

    On a trunk that is turned the chest's middle lies aside: the nearer half is wider. Seams and sleeves stay.
    """
    source = _source_grid(mask)
    return Piece(mask, Mesh(source, _carry(anatomy, corners, source, turn=turn)), before)


def _turn(points: Point, depths: Point, sides: tuple[int, int]) -> float:
    """Return how far a trunk's middle moves to the right of the picture; 0: it faces the camera."""
    left, right = (SHOULDERS[side] for side in sides)
    away, across = float(depths[right] - depths[left]), float(np.linalg.norm(points[right] - points[left]))
    sine = away / max(float(np.hypot(away, across)), 1e-6)
    beyond = np.sign(sine) * max(0.0, abs(sine) - TURN_LEAST)
    return float(np.clip(TURN_SHIFT * beyond, -TURN_MOST, TURN_MOST))


def _legs(anatomy: Anatomy, corners: Point, points: Point, seen: Mask, sides: tuple[int, int]) -> list[Piece]:
    """Return trousers as two pieces, each along its leg below the crotch; a skirt is one."""
    crotch = crotch_of(anatomy)
    if crotch is None:
        return [_trunk(anatomy, corners, anatomy.torso)]
    pieces = []
    middle = float(anatomy.corners[:2, 0].mean())
    columns = np.arange(anatomy.torso.shape[1])[None, :]
    # Each half reaches a pixel over the seam, so that no ground shines through.
    for half, side in ((columns <= middle + 1, sides[0]), (columns >= middle - 1, sides[1])):
        joints = (HIPS, KNEES, ANKLES) if seen[ANKLES[side]] else (HIPS, KNEES)
        line = points[[joint[side] for joint in joints]]
        piece = _trunk(anatomy, corners, anatomy.torso & half)
        pieces.append(_along(anatomy, piece, corners, line, start=crotch))
    return pieces


def _along(anatomy: Anatomy, piece: Piece, corners: Point, line: Point, *, start: float) -> Piece:
    """Bend a piece below a row of the cut-out so that its middle lies on a line from the hips down."""
    down = _unit(corners[2:].mean(axis=0) - corners[:2].mean(axis=0), (0.0, 1.0))
    right = np.array([down[1], -down[0]])
    source, target = piece.mesh.source, piece.mesh.target.copy()
    rows = np.clip(np.round(source[:, 0, 1]).astype(int), 0, piece.mask.shape[0] - 1)
    last = float(source[-1, 0, 1])
    columns = np.arange(piece.mask.shape[1])
    ends = (line - line[0]) @ down, (line - line[0]) @ right
    for index, row in enumerate(rows):
        share = float(np.clip((source[index, 0, 1] - start) / max(LEG_BLEND * (last - start), 1.0), 0, 1))
        # Rows at the very edge may be empty: the next one inside counts.
        cloth = piece.mask[max(0, row - 2) : row + 3].any(axis=0)
        if share and cloth.any():
            middle = _carry(anatomy, corners, np.array([float(columns[cloth].mean()), source[index, 0, 1]])) - line[0]
            target[index] += share * (float(np.interp(middle @ down, *ends)) - float(middle @ right)) * right
    return replace(piece, mesh=replace(piece.mesh, target=target))


def _row_of(anatomy: Anatomy, corners: Point, place: Point) -> float:
    """Return the row of the cut-out that is carried as far down as a place of the photo."""
    top, low = corners[:2].mean(axis=0), corners[2:].mean(axis=0)
    share = float((place - top) @ (low - top)) / max(float((low - top) @ (low - top)), 1.0)
    start, end = anatomy.corners[:2, 1].mean(), anatomy.corners[2:, 1].mean()
    return float(start + share * (end - start))


def _carry(anatomy: Anatomy, corners: Point, source: Point, *, turn: float = 0.0) -> Point:
    """Return where the trunk's patch takes points of the cut-out."""
    own = anatomy.corners
    left, right = own[[0, 2], 0].mean(), own[[1, 3], 0].mean()
    u = (source[..., 0] - left) / max(right - left, 1.0)
    top = own[0, 1] + (own[1, 1] - own[0, 1]) * u
    v = (source[..., 1] - top) / np.maximum(own[2, 1] - top, 1.0)
    within = np.clip(u, 0, 1)
    u = u + turn * within * (1 - within)
    return bilinear(corners, u, v)


def _sleeve(anatomy: Anatomy, sleeve: Sleeve, corners: Point, arm: list[Point] | None, *, lower_arm: bool) -> Piece:
    """Bend a sleeve along shoulder, elbow and wrist; without an arm it goes where the trunk's patch takes it."""
    source = _source_grid(sleeve.mask)
    carried = _carry(anatomy, corners, source)
    if arm is None:
        return Piece(sleeve.mask, Mesh(source, carried), "nothing")
    joint, cuff = _carry(anatomy, corners, np.array([sleeve.joint, sleeve.cuff]))
    axis = _unit(cuff - joint, (0.0, 1.0))
    side = np.array([-axis[1], axis[0]])
    # From the shoulder's tip to the joints: the cuff's middle then comes to lie on the wrist.
    upper = _limit_turn(axis, _unit(arm[1] - joint, axis))
    bone = float(np.linalg.norm(arm[1] - joint))
    lower = _limit_turn(upper, _unit(arm[2] - arm[1], upper)) if lower_arm else upper
    along, out = (carried - joint) @ axis, (carried - joint) @ side
    forearm = float(np.linalg.norm(arm[2] - arm[1])) if lower_arm else bone * FOREARM_LENGTH
    stretch = _stretch(float(np.linalg.norm(cuff - joint)), bone, forearm)
    along = np.where(along > 0, along * stretch, along)
    # The bend at the elbow is spread over a third of the upper arm, so the cloth does not crease.
    bent = np.clip((along - bone) / max(bone / 3, 1.0) + 0.5, 0, 1)[..., None]
    direction = (1 - bent) * upper + bent * lower
    direction /= np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-6)
    normal = np.stack([-direction[..., 1], direction[..., 0]], axis=-1)
    width = float(np.linalg.norm(corners[1] - corners[0]))
    unit = width / (1 + 2 * SEAM_OUTWARD)
    outward = _unit(joint - corners[:2].mean(axis=0), (1.0, 0.0))
    outer_side = 1.0 if side @ outward >= 0 else -1.0
    # The line begins at the shoulder's tip and not on the arm's axis; both meet at the elbow.
    aside = max(0.0, float((arm[0] - joint) @ np.array([upper[1], -upper[0]])) * outer_side)
    needed = np.interp(
        along / max(bone, 1.0), (0, 1, 1 + forearm / max(bone, 1.0)), np.array(INNER_SIDE) * unit + [aside, 0, 0]
    )
    own = _inner_side(anatomy, sleeve, corners, joint, axis, outer_side)
    reached = np.interp(along / stretch, *own)
    # At its seam the armpit stays where it is.
    wider = np.clip(needed - reached, 0, WIDENED * reached) * np.clip(along / (ARMPIT * bone) - 1, 0, 1)
    out = out - outer_side * wider * np.clip(-outer_side * out / np.maximum(reached, 1.0), 0, 1)
    # An arm is rounder than the line along it: cloth at its outer side covers it whole, down to the wrist.
    bulge = BULGE * unit * outer_side
    place = np.clip(along / max(bone + forearm, 1.0), 0, 1)
    outer = np.clip(out / bulge * 0.35 + 0.65, 0, 1)
    out = out + bulge * outer * np.interp(place, (0.05, 0.3, 0.6, 1.0), (0.0, 1.0, 0.8, 0.0))
    straight, beyond = np.minimum(along, bone)[..., None], np.maximum(along - bone, 0)[..., None]
    bent_cloth = joint + straight * upper + beyond * lower + out[..., None] * normal
    # At its seam the sleeve stays where the trunk is, or a raised arm would tear a hole below the shoulder.
    from_seam = np.maximum(
        (carried - joint) @ outward / (SEAM_BLEND * width), (along - DEEP_ARMHOLE * width) / (0.2 * width)
    )
    share = np.clip(from_seam, 0, 1)
    share = (share * share * (3 - 2 * share))[..., None]
    return Piece(sleeve.mask, Mesh(source, carried + (bent_cloth - carried) * share), "nothing")


def _inner_side(
    anatomy: Anatomy, sleeve: Sleeve, corners: Point, joint: Point, axis: Point, outer_side: float
) -> tuple[Point, Point]:
    """Return places along a sleeve, and how far its inner side is from the line along it there, in pixels."""
    ys, xs = np.nonzero(sleeve.beyond)
    step = max(1, len(xs) // 4000)
    carried = _carry(anatomy, corners, np.stack([xs, ys], axis=1)[::step].astype(np.float64)) - joint
    along, inner = carried @ axis, -outer_side * (carried @ np.array([-axis[1], axis[0]]))
    edges = np.linspace(0, max(float(along.max(initial=1.0)), 1.0), SLEEVE_PARTS + 1)
    part = np.clip(np.digitize(along, edges) - 1, 0, SLEEVE_PARTS - 1)
    reach = np.zeros(SLEEVE_PARTS)
    np.maximum.at(reach, part, inner)
    # A cuff may be cut aslant: its last parts are as wide as what is before them.
    reach[-3:] = np.maximum(reach[-3:], reach[-4])
    return (edges[:-1] + edges[1:]) / 2, reach


def _stretch(length: float, bone: float, forearm: float) -> float:
    """Return by how much a sleeve is lengthened: a long one ends at the wrist, a short one above the elbow."""
    share = length / max(bone + forearm, 1.0)
    if share >= LONG_SLEEVE:
        return (bone + forearm) / length
    if share < SHORT_SLEEVE:
        return min(1.0, SHORT_MOST * bone / length)
    return 1.0


def _limit_turn(start: Point, end: Point) -> Point:
    """Return `end`, turned back so that it is at most `MAX_SLEEVE_TURN` away from `start`."""
    turn = np.arctan2(start[0] * end[1] - start[1] * end[0], float(start @ end))
    turn = float(np.clip(turn, -MAX_SLEEVE_TURN, MAX_SLEEVE_TURN))
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([cos * start[0] - sin * start[1], sin * start[0] + cos * start[1]])


def _source_grid(mask: Mask) -> Point:
    """Return the 100 vertices over the mask's bounding box, one pixel wider: the soft edge belongs to it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top, right, bottom = columns[0] - 1.0, rows[0] - 1.0, columns[-1] + 1.0, rows[-1] + 1.0
    corners = np.array([(left, top), (right, top), (left, bottom), (right, bottom)])
    return bilinear(corners, *unit_grid())


def _unit(vector: Point, otherwise: Point | tuple[float, float]) -> Point:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-6 else np.asarray(otherwise, np.float64)
