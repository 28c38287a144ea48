"""Finds a flat garment by its closed outline: what cannot be reached from the photo's edge is the garment. Pure.

Colour fails where white cloth lies on white paper. What is left there are two or three grey levels, a rim that turns
away from the light, seams, a shadow. So the ground is flooded from the photo's edge inwards: over what looks like the
ground, and over soft shadows, but over no crisp edge and no other colour. Gaps in the outline are found by their narrow
mouth, and closed by what the garment's other half shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tailor.parsers.contract import Pixels
from tailor.parsers.edge import disc, placed
from tailor.parsers.ground import Ground, Plane, Truth, ring

DIFFERENT: Final = (2.8, 6.0)
"""In units of the ground's unevenness, least and most: what is farther from the ground is not the ground itself. The
border's own extreme sets it between them."""

EXTREME: Final = 2.4
"""The border's extreme is its 80 % quantile times this: a fifth of it may be the garment's."""

RINGING: Final = (0.005, 0.035)
"""Unevenness of lightness and chroma beside an edge, as shares of the edge: JPEG of quality 80 to 93, 4:2:0."""

RINGING_REACH: Final = 8

FAINT: Final = 2.5
FAINT_UNITS: Final = 9.0
"""In CIELAB, and in units of the ground's unevenness: a smooth difference of less is the ground's own, too."""

SHADOW_DEPTH: Final = 35.0
"""In lightness: a soft shadow is not darker."""

SHADOW_CHROMA: Final = 0.15
"""Of its depth in lightness: a shadow has no more colour of its own."""

CRISP_GRADIENT: Final = 0.22
"""Lightness per pixel at working size: three grey levels within two pixels, after the blur."""

CRISP_RATIO: Final = 1.5
"""A crisp edge is this much steeper than the same place blurred; a soft shadow's edge is not."""

BALLS: Final = (2, 3, 5, 8, 12)
"""Radii, in pixels at working size, of the balls that must pass through a true opening."""

POCKET_AREA: Final = 0.0005
CERTAIN_POCKET_AREA: Final = 0.04
"""Shares of the photo: smaller pockets are left to `edge`; larger ones count without content."""

BRIDGE: Final = 14
"""Pixels at working size: half the longest gap in an outline that is bridged."""

STRIPE_ASPECT: Final = 1.5
STRIPE_MOUTH: Final = 0.7
"""Width over height, least, and mouth over width, most: a stripe leaks at its ends, a scallop is open along the hem."""

INK: Final = 3.0
"""Times the limit of what is not the ground itself: a stripe that is told from it at a glance."""

SLIT_MOUTH: Final = 24
INKED_SIDES: Final = 0.1
LEAST_SLITS: Final = 4
"""Pixels at working size; share of its rim that lies beside a stripe; and how many of them are a pattern. A garment has
one gap between its legs and two under its arms."""

LONGEST_GAP: Final = 12.0
"""Between two legs the area is at most this many times the mouth's square."""

LEAST_TWIN: Final = 5.0
LEAST_BLANK_TWIN: Final = 4.0
"""Pixels at working size: half the width of the least that the other half may add; the second without folds."""

TWIN_MOUTH: Final = 3.0
"""The mouth of what shows no folds is at most this many times half its width: a leaked sleeve's is less than one, a
scallop's along a hem is six times as wide, a sliver's twenty-five times."""

SYMMETRIC: Final = 0.85
"""Share of a garment and its image that both cover, from which on the image says what is cloth without folds."""

CONTENT_CLOSING: Final = 4
"""Pixels at working size: folds up to twice as thick belong to the pocket that they interrupt."""

LEAST_CONTENT: Final = 0.05
GAP_CONTENT: Final = 0.25
"""Shares of a pocket's middle that show folds: least for cloth, and least where the shape says that it is a gap."""

GAP_MOUTH: Final = 0.7
"""Of a pocket's height: a mouth below this is at its lower end."""

GAP_TAPER: Final = 1.3
"""The mouth is this much wider than the upper half, on average."""

HOLE_AREA: Final = 0.001
CUT_STEEP: Final = 1.0
"""Lightness per pixel that a hole's rim has."""

CUT_RIM: Final = 0.9
"""Share of a hole's rim that is a crisp edge."""

CLOSING: Final = 3
"""Pixels at working size: notches between a stripe and the next are closed."""

Box = tuple[slice, slice]


class Evidence:
    """What a photo at working size shows of ground, shadow and edges."""

    def __init__(self, ground: Ground) -> None:
        lightness = ground.smooth[..., 0]
        chroma = np.hypot(ground.smooth[..., 1], ground.smooth[..., 2])
        light_unit, chroma_unit = ground.unevenness
        # Beside a strong edge the encoder rings, and spreads colour over its blocks.
        near = np.ones((2 * RINGING_REACH + 1, 2 * RINGING_REACH + 1), np.uint8)
        ringing = RINGING[0] * cv2.dilate(np.abs(lightness), near), RINGING[1] * cv2.dilate(chroma, near)
        self.units = np.hypot(
            lightness / np.maximum(light_unit, ringing[0]), chroma / np.maximum(chroma_unit, ringing[1])
        )
        extreme = float(np.quantile(self.units[ring(self.units.shape)], 0.8)) * EXTREME
        self.limit = min(max(extreme, DIFFERENT[0]), DIFFERENT[1])
        # A single pixel is the camera's noise, or the encoder's.
        self.different: Truth = cv2.medianBlur((self.units > self.limit).astype(np.uint8), 3) > 0
        faint = min(FAINT_UNITS * light_unit, FAINT)
        self.faint: Truth = (np.abs(lightness) < faint) & (chroma < faint)
        self.shadow: Truth = (
            (lightness < 0)
            & (lightness > -SHADOW_DEPTH)
            & (chroma < SHADOW_CHROMA * -lightness + 2 * chroma_unit + 0.5)
        )
        self.steep = _gradient(cv2.GaussianBlur(ground.delta[..., 0], (0, 0), 1.0))
        broad = _gradient(cv2.GaussianBlur(ground.delta[..., 0], (0, 0), 4.0))
        self.crisp: Truth = (self.steep > max(CRISP_GRADIENT, 1.2 * light_unit)) & (self.steep > CRISP_RATIO * broad)

        self.passable: Truth = ~self.different | ((self.shadow | self.faint) & ~self.crisp)


def find_outline(small: Pixels, ground: Ground) -> tuple[Truth, Evidence]:
    """Return the garment of a photo at working size, and the evidence it was found by."""
    evidence = Evidence(ground)
    passable = evidence.passable
    reached = _bridged(_without_leaks(passable, evidence), passable, evidence)
    outside = _mirrored(reached, passable, evidence)
    closed = cv2.morphologyEx((~outside).astype(np.uint8), cv2.MORPH_CLOSE, disc(CLOSING)) > 0
    for pocket in _pockets(closed & outside, outside & ~closed):
        # Under an arm the closing meets itself: no stripe leaks there.
        if pocket.is_gap:
            closed[pocket.box] &= ~pocket.mask
    mask = placed(ground, closed)
    # What was open until its twin closed it is blank cloth, not a hole.
    return mask & ~(_holes(mask, evidence) & ~reached), evidence


def _gradient(values: Plane) -> Plane:
    across, down = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(np.hypot(across, down) / 8, np.float32)


def _reach(passable: Truth, radius: int) -> Truth:
    """Return where a ball of this radius gets from outside the photo."""
    pad = radius + 2
    field = cv2.copyMakeBorder(passable.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=1)
    centres = cv2.erode(field, disc(radius), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    _, labels = cv2.connectedComponents(centres, connectivity=4)
    swept = cv2.dilate((labels == labels[0, 0]).astype(np.uint8), disc(radius))
    return np.asarray((swept[pad:-pad, pad:-pad] > 0) & passable)


def _without_leaks(passable: Truth, evidence: Evidence) -> Truth:
    """Return the outside without what is reached only through a gap in the outline."""
    outside = _reach(passable, 1)
    for radius in BALLS:
        wide = _reach(passable, radius)
        for pocket in _pockets(outside & ~wide, wide):
            # Between two legs it narrows; behind a gap it widens.
            if pocket.thickness > pocket.mouth / 2 or pocket.area > LONGEST_GAP * pocket.mouth**2:
                large = pocket.area > CERTAIN_POCKET_AREA * outside.size
                if large or pocket.content(evidence) > pocket.least_content:
                    outside[pocket.box] &= ~pocket.mask
    return outside


def _bridged(outside: Truth, passable: Truth, evidence: Evidence) -> Truth:
    """Return the outside without what lies behind gaps that a wide closing of all obstacles bridges.

    The same closing fills true narrow places. Cloth shows folds, ground does not; a white stripe that has leaked is
    wider than high, the place under an arm and between the legs is not.
    """
    bridged = cv2.morphologyEx((~passable).astype(np.uint8), cv2.MORPH_CLOSE, disc(BRIDGE)) > 0
    within = ~_reach(~bridged, 1)
    inked = _ink(evidence)
    outside = outside.copy()
    pockets = _pockets(outside & within, outside & ~within)
    striped = sum(pocket.is_slit(inked) for pocket in pockets) >= LEAST_SLITS
    for pocket in pockets:
        height, width = pocket.mask.shape
        large = pocket.area > CERTAIN_POCKET_AREA * outside.size
        stripe = width > STRIPE_ASPECT * height and pocket.mouth < STRIPE_MOUTH * width
        stripe |= striped and pocket.is_slit(inked)
        if stripe or large or pocket.content(evidence) > pocket.least_content:
            outside[pocket.box] &= ~pocket.mask
    return outside


def _ink(evidence: Evidence) -> Truth:
    """Return where a narrow stripe of another colour lies: it is as wide as the pockets between two of its kind."""
    far = (evidence.units > INK * evidence.limit).astype(np.uint8)
    return np.asarray((far > 0) & (cv2.morphologyEx(far, cv2.MORPH_OPEN, disc(BRIDGE // 2)) == 0))


@dataclass(frozen=True, kw_only=True)
class _Pocket:
    """A part of the outside that is reached through a narrow place.

    Attributes:
        box: Where it is.
        mask: Its pixels in the box.
        mouth: How many of them border on the wide outside.
        is_gap: It is higher than wide, opens at its lower end and narrows upwards, as between legs and under arms.
    """

    box: Box
    mask: Truth
    area: int
    mouth: int
    is_gap: bool

    @property
    def thickness(self) -> float:
        """The radius of the largest disc inside."""
        padded = cv2.copyMakeBorder(self.mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        return float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())

    @property
    def least_content(self) -> float:
        return GAP_CONTENT if self.is_gap else LEAST_CONTENT

    def is_slit(self, inked: Truth) -> bool:
        """Tell whether it is no wider than a stripe, and beside a stripe of another colour."""
        sides = self.mask & (cv2.erode(self.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
        near = cv2.dilate(inked[self.box].astype(np.uint8), disc(3)) > 0
        inked_sides = int(np.count_nonzero(near & sides))
        return self.mouth <= SLIT_MOUTH and inked_sides > INKED_SIDES * int(np.count_nonzero(sides))

    def content(self, evidence: Evidence) -> float:
        """Return the share of its middle that shows something: cloth has folds, the ground between legs has none."""
        margin = CONTENT_CLOSING + 1
        padded = cv2.copyMakeBorder(
            self.mask.astype(np.uint8), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0
        )
        whole = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(CONTENT_CLOSING))[margin:-margin, margin:-margin]
        middle = cv2.erode(whole, disc(2), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
        return float(np.mean(~evidence.passable[self.box][middle])) if middle.any() else 0.0


def _pockets(where: Truth, wide: Truth) -> list[_Pocket]:
    """Return the parts of `where`, with their mouths to the wide outside."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=4)
    near = cv2.dilate(wide.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    found = []
    for index in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[index])
        if area >= POCKET_AREA * where.size:
            box = (slice(top, top + height), slice(left, left + width))
            mask = labels[box] == index
            rows = np.nonzero(mask & near[box])[0]
            low = rows.size > 0 and float(rows.mean()) > GAP_MOUTH * height and height > width
            narrows = rows.size * (height // 2) > GAP_TAPER * np.count_nonzero(mask[: height // 2])
            found.append(_Pocket(box=box, mask=mask, area=area, mouth=int(rows.size), is_gap=bool(low and narrows)))
    return found


def _mirrored(outside: Truth, passable: Truth, evidence: Evidence) -> Truth:
    """Return the outside without what the garment's other half shows to be garment.

    Where the mirrored obstacles close a region that was open, and its mirror image is garment, one side of the outline
    was too faint.
    """
    columns = np.flatnonzero((~outside).any(axis=0))
    if not columns.size:
        return outside
    shift = _axis_shift(~outside)
    flipped = _flip(~passable, shift)
    closed = _reach(passable & ~flipped, 2)
    twin = _flip(~outside, shift)
    # A tilted garment's image lies askew, and between both is ground.
    symmetric = np.count_nonzero(~outside & twin) > SYMMETRIC * np.count_nonzero(~outside | twin)
    outside = outside.copy()
    for pocket in _pockets(outside & ~closed & twin, closed):
        # The obstacles' own images are thin; a sleeve is not.
        folds = pocket.thickness >= LEAST_TWIN and pocket.content(evidence) > pocket.least_content
        # White cloth may show no fold, but what is wide behind a gap is not a sliver between both images.
        wide = pocket.thickness >= LEAST_BLANK_TWIN and pocket.mouth < TWIN_MOUTH * pocket.thickness
        if folds or (symmetric and wide):
            outside[pocket.box] &= ~pocket.mask
    return outside


def _flip(mask: Truth, shift: int) -> Truth:
    """Return the mirror image about the middle column moved by half of `shift`."""
    flipped = np.roll(mask[:, ::-1], shift, axis=1)
    if shift > 0:
        flipped[:, :shift] = False
    elif shift < 0:
        flipped[:, shift:] = False
    return flipped


def _axis_shift(mask: Truth) -> int:
    """Return the shift of the mirror image that lies best on the mask itself."""
    profile = mask.astype(np.float32)
    small = cv2.resize(profile, (max(8, mask.shape[1] // 4), max(8, mask.shape[0] // 4)), interpolation=cv2.INTER_AREA)
    width = int(small.shape[1])
    best, best_shift = -1.0, 0
    for shift in range(-width // 3, width // 3 + 1):
        image = np.roll(small[:, ::-1], shift, axis=1)
        overlap = float(np.minimum(small, image).sum())
        if overlap > best:
            best, best_shift = overlap, shift
    return round(best_shift * float(mask.shape[1]) / width)


def _holes(mask: Truth, evidence: Evidence) -> Truth:
    """Return where the ground itself is seen through the garment: the same in colour and as even."""
    same = mask & (evidence.units < evidence.limit / 2) & ~evidence.crisp
    core = cv2.erode(same.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    holes = np.zeros_like(mask)
    outside_steep = float(np.median(evidence.steep[~mask])) if (~mask).any() else 0.0
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] < HOLE_AREA * mask.size:
            continue
        here = labels == index
        even = float(np.median(evidence.steep[here])) <= 1.25 * outside_steep + 0.01
        # A highlight on white cloth looks like the ground, too, but its rim is soft.
        rim = (cv2.dilate(here.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~here
        edge = cv2.dilate((rim & evidence.crisp).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        cut = float(np.mean(edge[rim])) > CUT_RIM and float(np.quantile(evidence.steep[rim], 0.7)) > CUT_STEEP
        if even and cut and float(np.median(evidence.units[here])) < evidence.limit / 3:
            holes |= cv2.dilate(here.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return holes & mask
