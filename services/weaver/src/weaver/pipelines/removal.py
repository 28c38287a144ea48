"""Removes the old garment: paints what the photo would show without it, inside what may change. Pure numpy and cv2.

    scene ─▶ the old garment's pixels ─▶ ground ─▶ trunk ─▶ legs' clothes ─▶ limbs ─▶ a photo without it

First the ground behind the person is inpainted. Over it are laid the trunk in the person's own skin, the legs' clothes,
continued up to the waist, and the limbs. The skin's colour is that of the bare skin nearby (face, neck, hands), its
light that of what is visible of each limb. Where the old garment is not, the photo stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from weaver.pipelines import limbs
from weaver.pipelines.anatomy import Mask, Pixels, Point
from weaver.pipelines.colours import distance, fill, nearest, palette, spread
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.fitting import HIPS, KNEES, TOPS
from weaver.pipelines.labels import BOTTOM, GROUND, HAIR, SAME_CLOTH, SKIN, TOES, TOP, feet
from weaver.pipelines.limbs import Limb
from weaver.pipelines.mesh import Floats
from weaver.pipelines.scene import Scene, look

RIM: Final = 0.035
"""In shoulder widths: the camera blurs the old garment's edge into what is beside it, so this rim goes, too."""

SHADOW_BELOW: Final = 0.04
"""In shoulder widths: how far below the old garment lies its shadow, which goes with it."""

CRUMB: Final = 0.004
"""Share of the old garment's pixels: a smaller piece is not part of it."""

INPAINT_RADIUS: Final = 3
GROUND_BLUR, GROUND_BESIDE = 0.08, 0.4
"""In shoulder widths: how smooth the ground is behind the person, for a wall's shade is broader; how far beside the old
garment it is looked for."""

WAIST: Final = 0.72
"""How far down the trunk the legs' clothes begin where the top ends and nothing is seen."""

TOE, OVER_SHOES, SHOE_PIXELS = 0.05, 0.2, 8
"""In shoulder widths: where a shoe's colour is read, around the toe, and that of trousers, beside the foot; fewer
pixels do not show them."""

LEGS_FROM: Final = 1.15
"""Below this share of the trunk nothing but the legs' clothes is seen."""

MIXED_RIM: Final = 4.0
"""In working pixels: how far from its edge cloth has its own colour."""

SEAT: Final = 0.5
"""In shoulder widths: how high the seat of trousers is, around the line between the hips."""

SKIRT_FROM: Final = 0.84
"""Below this share of the trunk a one-piece garment stays when only its upper half is changed: as a skirt."""

PAINTED_SIDE: Final = 1024
"""A larger photo's camera has blurred its edges over more than a pixel, and skin has no finer detail here."""

SUBPIXEL_BITS: Final = 4


@dataclass(frozen=True)
class Bared:
    """A photo without its old garment.

    Attributes:
        image: (H, W, 3) uint8.
        gone: (H, W) uint8, 255 = was the old garment and is repainted.
        body: (H, W) uint8, 255 = is repainted as body, not as ground.
        scene: What the photo shows where.
        arms: Outlines of the arms in pixels of the photo, and the wrist each ends at.
    """

    image: Pixels
    gone: Pixels
    body: Pixels
    scene: Scene
    arms: tuple[tuple[Point, int], ...]

    def shows(self, kind: int, window: tuple[int, int, int, int]) -> Pixels:
        """Return where the photo shows a label of `scene`, softly, in a window (left, top, right, bottom) of it."""
        left, top, right, bottom = window
        shown = self.scene.labels == kind
        if not shown.any():
            return np.zeros((bottom - top, right - left), np.uint8)
        soft = cv2.GaussianBlur(shown.astype(np.uint8) * 255, (0, 0), 0.8)
        return np.asarray(self.scene.crop.part(soft, (left, top), (bottom - top, right - left)), np.uint8)


def bare(job: WeaveJob) -> Bared:
    """Return the photo of a job without the garment that the new one replaces."""
    scene = look(job)
    old = _old(scene, job.garment_category)
    arms = limbs.arms(scene, scene.labels == TOP)
    outlines = tuple((scene.crop.in_photo(limb.outline()), limb.end) for limb in arms)
    image, gone = job.person.copy(), np.zeros(job.person.shape[:2], np.uint8)
    if not old.any():
        return Bared(image, gone, gone, scene, outlines)
    rows, columns = np.flatnonzero(old.any(axis=1)), np.flatnonzero(old.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    canvas = _Canvas(scene, box)
    assert job.agnostic_mask is not None
    place = canvas.place
    allowed = job.agnostic_mask[place] > 127
    # Soft towards what stays, nothing outside what may change.
    weight = canvas.at_full_size(cv2.GaussianBlur(old.astype(np.uint8) * 255, (0, 0), 0.8))
    weight[~allowed] = 0
    trunk, shoulders = limbs.trunk(scene, scene.labels == TOP).outline(), limbs.neck_outline(scene)
    chosen = arms if job.garment_category in TOPS else limbs.legs(scene, old)
    if job.garment_category in ("dress", "overall"):
        chosen = [*chosen, *arms]
    shapes = [limb.outline() for limb in chosen] + ([] if job.garment_category == "lower" else [trunk, shoulders])
    canvas.start(_ground(scene, old, shapes))
    tone = _skin(scene)
    if job.garment_category != "lower":
        cover = np.max(
            [canvas.area(shoulders), canvas.area(trunk), canvas.area_of(limbs.below_collar(scene, shoulders))], axis=0
        )
        canvas.lay(tone * _trunk_light(scene, old)[..., None], cover)
    if _goes_on_below(scene, job.garment_category):
        canvas.lay(_below(scene), canvas.area_of(_legs_clothes(scene)))
    for limb in chosen:
        canvas.lay(_limb_skin(scene, tone, limb), canvas.area(limb.outline()))
    share = weight.astype(np.float32) / np.float32(255)
    below = image[place]
    mixed = cv2.blendLinear(np.ascontiguousarray(below), canvas.finished(), 1 - share, share)
    np.copyto(below, mixed, where=(weight > 0)[..., None])
    gone[place] = weight
    body = np.zeros_like(gone)
    body[place] = np.minimum(weight, canvas.covered())
    return Bared(image, gone, body, scene, outlines)


def _old(scene: Scene, category: str) -> Mask:
    """Return the garment that goes, its blurred rim with it, in working pixels."""
    kinds = (TOP,) if category in TOPS else {"lower": (BOTTOM,)}.get(category, (TOP, BOTTOM))
    old = np.isin(scene.labels, kinds)
    if scene.one_piece and category in TOPS:
        old &= (scene.down_the_trunk() < SKIRT_FROM) | _near_arms(scene)
    if scene.one_piece and category == "lower":
        old = (scene.labels == TOP) & (scene.down_the_trunk() > SKIRT_FROM)
    if not scene.bottom_known and category in TOPS:
        old &= (scene.down_the_trunk() < 1.0) | _near_arms(scene)
    shoes = _shoes(scene)
    old = _without_crumbs(old & scene.allowed & ~shoes)
    rim = max(2.0, RIM * scene.unit)
    grown = cv2.distanceTransform((~old).astype(np.uint8), cv2.DIST_L2, 3) <= rim if old.any() else old
    if _goes_on_below(scene, category):
        # Its shadow lies on the legs' clothes below it.
        down = max(1, round(SHADOW_BELOW * scene.unit))
        grown[down:] |= grown[:-down] & (scene.labels[down:] == BOTTOM)
    return np.asarray(grown & scene.allowed & ~shoes)


def _goes_on_below(scene: Scene, category: str) -> bool:
    """Return whether the legs' clothes are continued upwards where a top goes."""
    return category in TOPS and bool(scene.seen[list(KNEES)].any() and (scene.labels == BOTTOM).any())


def _shoes(scene: Scene) -> Mask:
    """Return the feet without the trousers that fall over them, where these have another colour than the shoes."""
    found = feet(scene.points, scene.seen, scene.unit, scene.labels.shape)
    toes = np.zeros(found.shape, np.uint8)
    for toe in np.round(scene.points[list(TOES)]).astype(np.int32):
        cv2.circle(toes, toe.tolist(), max(1, round(TOE * scene.unit)), 1, -1)
    # Only what hangs down to them falls over them.
    near = cv2.distanceTransform((~found).astype(np.uint8), cv2.DIST_L2, 3) < OVER_SHOES * scene.unit
    own, cloth = scene.lab[found & (toes > 0)], scene.lab[np.isin(scene.labels, (TOP, BOTTOM)) & near & ~found]
    if len(own) < SHOE_PIXELS or len(cloth) < SHOE_PIXELS:
        return found
    shoe, garment = palette(own, 3), palette(cloth, 5)
    garment = garment[nearest(garment, shoe) > SAME_CLOTH]
    if len(garment):
        colours, cloth_here = scene.lab[found], np.zeros(found.shape, np.uint8)
        cloth_here[found] = nearest(colours, garment) < nearest(colours, shoe)
        found &= cv2.morphologyEx(cloth_here, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) == 0
    return found


def _without_crumbs(old: Mask) -> Mask:
    """Return the mask without specks: what a shadow or a mixed edge makes look like cloth."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(old.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    keep = areas >= CRUMB * max(1, int(areas.sum()))
    return np.asarray(keep[pieces]) if count > 1 else old


def _near_arms(scene: Scene) -> Mask:
    area = np.zeros(scene.labels.shape, np.uint8)
    for limb in limbs.arms(scene, scene.labels == TOP):
        cv2.polylines(area, [np.round(limb.line).astype(np.int32)], False, 255, max(1, round(0.5 * scene.unit)))
    return area > 0


def _ground(scene: Scene, old: Mask, shapes: list[Point]) -> Floats:
    """Return the ground behind the person, (h, w, 3) float32 0..255: the nearest, inpainted where no shape lies."""
    wide = np.ones((7, 7), np.uint8)
    known = cv2.erode(((scene.labels == GROUND) & ~old).astype(np.uint8), wide) > 0
    # The rim that the camera mixed is no ground to begin from.
    hole = cv2.dilate((old & (scene.labels != SKIN)).astype(np.uint8), wide) * ~known
    for shape in shapes:
        cv2.fillPoly(hole, [np.round(shape).astype(np.int32)], 0)
    x, y, width, height = cv2.boundingRect(old.astype(np.uint8))
    beside = round(GROUND_BESIDE * scene.unit)
    place = (slice(max(0, y - beside), y + height + beside), slice(max(0, x - beside), x + width + beside))
    picture = spread(scene.rgb[place], known[place], GROUND_BLUR * scene.unit)
    hair = scene.labels == HAIR
    if hair.any():
        # Beside a neck that hair falls behind, hair goes on where the collar was.
        to_hair, to_ground = (cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3) for mask in (hair, known))
        behind = (to_hair < to_ground) & (to_hair < 0.08 * scene.unit) & (scene.down_the_trunk() < 0)
        hairs = fill(scene.rgb.astype(np.float32), hair)[place]
        picture[behind[place]] = np.clip(hairs[behind[place]], 0, 255).astype(np.uint8)
    if hole[place].any():
        picture = cv2.inpaint(picture, np.ascontiguousarray(hole[place]), INPAINT_RADIUS, cv2.INPAINT_TELEA)
    ground = scene.rgb.astype(np.float32)
    ground[place] = picture
    return ground


def _below(scene: Scene) -> Floats:
    """Return the legs' clothes, continued upwards below the top that went."""
    inside = cv2.distanceTransform((scene.labels == BOTTOM).astype(np.uint8), cv2.DIST_L2, 3)
    # The camera mixed their rim with the hem and its shadow.
    sure = inside > min(MIXED_RIM, 0.5 * float(inside.max()))
    # Around the hips a jacket's tails look like the legs' clothes: what is lower counts, if anything is.
    lower = sure & (scene.down_the_trunk() > LEGS_FROM)
    return fill(scene.rgb.astype(np.float32), lower if lower.any() else sure)


def _legs_clothes(scene: Scene) -> Mask:
    """Return where, below the waist, the legs' clothes continue: around hips and thighs, inside the person."""
    body = np.zeros(scene.labels.shape, np.uint8)
    for limb in (limbs.trunk(scene, scene.labels == TOP), *limbs.legs(scene, scene.labels == BOTTOM)):
        cv2.fillPoly(body, [np.round(limb.outline()).astype(np.int32)], 1)
    # Between the thighs' tops there is no gap in trousers.
    ends = np.round(scene.points[list(HIPS)]).astype(np.int32)
    cv2.polylines(body, [ends], False, 1, max(1, round(SEAT * scene.unit)))
    return np.asarray((scene.down_the_trunk() > WAIST) & scene.person & ((body > 0) | (scene.labels == BOTTOM)))


def _skin(scene: Scene) -> Floats:
    """Return the person's skin everywhere, (h, w, 3) float32 0..255: near what is bare as that is."""
    sure = (scene.labels == SKIN) & (distance(scene.lab, scene.skin[None]) < 14)
    sure &= np.abs(scene.lab[..., 0] - scene.skin[0]) < 16
    sure = cv2.erode(sure.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    base = cv2.cvtColor(scene.skin[None, None], cv2.COLOR_LAB2RGB)[0, 0] * np.float32(255)
    # A little of the mean everywhere, so that a shadow below the chin does not run down the chest.
    values = np.where(sure[..., None], scene.rgb.astype(np.float32), base)
    weight = sure.astype(np.float32)
    near = fill(values, weight)
    return np.asarray(0.55 * near + 0.45 * base, np.float32)


def _trunk_light(scene: Scene, old: Mask) -> Floats:
    """Return the light on the trunk, around 1: the old garment's, without its folds and patterns."""
    light = scene.lab[..., 0]
    weight = (old & (scene.labels == TOP)).astype(np.float32) + np.float32(1e-3)
    sigma = 0.18 * scene.unit
    smooth = cv2.GaussianBlur(light * weight, (0, 0), sigma) / cv2.GaussianBlur(weight, (0, 0), sigma)
    level = float((light * weight).sum() / weight.sum())
    return np.asarray(np.clip(smooth / max(level, 8.0), 0.88, 1.08), np.float32)


def _limb_skin(scene: Scene, tone: Floats, limb: Limb) -> Floats:
    s, box = limb.across(scene.labels.shape)
    light = limbs.light_across(s, scene.labels[box], scene.lab[..., 0][box])
    shaded = tone.copy()
    shaded[box] *= np.where(np.isnan(light), np.float32(1), light)[..., None]
    return shaded


class _Canvas:
    """Part of the photo, painted layer over layer at most `PAINTED_SIDE` pixels a side, then enlarged.

    Args:
        scene: The photo.
        box: left, top, right, bottom of what is painted, in working pixels.
    """

    def __init__(self, scene: Scene, box: tuple[int, int, int, int]) -> None:
        crop = scene.crop
        left, top, right, bottom = crop.box
        x0, y0, x1, y1 = (round(value / crop.scale) for value in box)
        self._crop, self._offset = crop, (left + x0, top + y0)
        self._full = (min(top + y1, bottom) - top - y0, min(left + x1, right) - left - x0)
        self._zoom = min(1.0, PAINTED_SIDE / max(self._full))
        self._shape = (max(1, round(self._full[0] * self._zoom)), max(1, round(self._full[1] * self._zoom)))
        self.place = (slice(top + y0, top + y0 + self._full[0]), slice(left + x0, left + x0 + self._full[1]))
        self.picture, self._cover = np.zeros((*self._shape, 3), np.float32), np.zeros(self._shape, np.uint8)

    def at_full_size(self, values: Pixels) -> Pixels:
        """Return a working picture's part at the photo's size."""
        return np.asarray(self._crop.part(values, self._offset, self._full), np.uint8)

    def finished(self) -> Pixels:
        """Return what is painted at the photo's size."""
        painted = np.clip(self.picture + np.float32(0.5), 0, 255).astype(np.uint8)
        return np.asarray(cv2.resize(painted, self._full[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)

    def covered(self) -> Pixels:
        """Return where something is laid over the start, at the photo's size."""
        return np.asarray(cv2.resize(self._cover, self._full[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)

    def _enlarge(self, values: Floats | Pixels, part: tuple[slice, slice] | None = None) -> Floats:
        rows, columns = part or (slice(0, self._shape[0]), slice(0, self._shape[1]))
        size = (rows.stop - rows.start, columns.stop - columns.start)
        start = (self._offset[0] + columns.start / self._zoom, self._offset[1] + rows.start / self._zoom)
        return self._crop.part(values, start, size, self._zoom)

    def start(self, colour: Floats) -> None:
        self.picture = np.asarray(self._enlarge(colour), np.float32)

    def lay(self, colour: Floats, cover: Pixels) -> None:
        """Lay a working picture over what is painted, by a cover of the canvas's size."""
        columns, rows = np.flatnonzero(cover.any(axis=0)), np.flatnonzero(cover.any(axis=1))
        if not columns.size:
            return
        part = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
        np.maximum(self._cover[part], cover[part], out=self._cover[part])
        painted = self._enlarge(colour, part)
        painted -= self.picture[part]
        painted *= (cover[part].astype(np.float32) / np.float32(255))[..., None]
        self.picture[part] += painted

    def area(self, outline: Point) -> Pixels:
        """Return the area inside an outline of working pixels, antialiased."""
        area = np.zeros(self._shape, np.uint8)
        corners = (self._crop.in_photo(outline) - self._offset + 0.5) * self._zoom - 0.5
        corners = corners * (1 << SUBPIXEL_BITS)
        fixed = np.clip(np.round(corners), -(1 << 20), 1 << 20).astype(np.int32)
        cv2.fillPoly(area, [fixed], 255, cv2.LINE_AA, SUBPIXEL_BITS)
        return area

    def area_of(self, mask: Mask) -> Pixels:
        return np.asarray(self._enlarge(cv2.GaussianBlur(mask.astype(np.uint8) * 255, (0, 0), 1.0)), np.uint8)
