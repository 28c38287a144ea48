"""What of the person lies before the new garment, and in which colours it is seen there. Pure numpy and cv2.

Hair falls over the shoulders of every garment, forearms and hands cross it, and a shirt that stays hangs over the
waistband of new trousers. Their edges are mattes at the photo's own size (`matte`), and where an edge's pixel was mixed
with the old garment it takes the colour of the sure pixels beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from weaver.pipelines.anatomy import Mask, Pixels
from weaver.pipelines.contract import WeaveJob
from weaver.pipelines.fitting import ELBOWS, WRISTS
from weaver.pipelines.forearms import fingers, forearm
from weaver.pipelines.labels import HAIR, SKIN, TOP
from weaver.pipelines.matte import REACH, matte, own_colour
from weaver.pipelines.mesh import Floats
from weaver.pipelines.removal import Bared
from weaver.pipelines.scene import Scene

SURE: Final = 0.9
"""A forearm is put before the garment only if elbow and wrist are this visible: a wrong one cuts a hole into it."""


@dataclass(frozen=True)
class Front:
    """What is before a garment, in a window of the photo.

    Attributes:
        before: By the names that `fitting.Piece` uses, (h, w) 0..1.
        own: (h, w) 0..1: what of it is seen in the photo, and not painted.
        place: Rows and columns outside of which there is none of it.
        colour: Its colours there, (h, w, 3) uint8.
    """

    before: dict[str, Floats]
    own: Floats
    place: tuple[slice, slice]
    colour: Pixels

    def over(self, below: Pixels, alpha: Floats) -> Floats:
        """Return what is behind a garment of this alpha, with what is before it where the garment left room."""
        behind = below.astype(np.float32)
        share = np.minimum(1, self.own[self.place] / np.maximum(1 - alpha[self.place], 1e-3))[..., None]
        behind[self.place] += (self.colour - behind[self.place]) * share
        return behind


def front_of(job: WeaveJob, window: tuple[int, int, int, int], unit: float, bared: Bared) -> Front:
    """Return what lies before a garment in a window (left, top, right, bottom) of the photo."""
    assert job.person_mask is not None
    left, top, right, bottom = window
    hair = matte(job.person, bared.scene, bared.scene.labels == HAIR, window)
    if job.garment_category == "lower" and not bared.scene.one_piece:
        hair = np.maximum(hair, matte(job.person, bared.scene, _top(bared.scene), window))
    arms, hands = _arms(job, window, unit, bared)
    own = np.maximum(hair, hands)
    photo = job.person[top:bottom, left:right]
    x, y, wide, high = cv2.boundingRect((own > 0).astype(np.uint8))
    place = (slice(y, y + high), slice(x, x + wide))
    body = np.clip(job.person_mask[top:bottom, left:right].astype(np.float32) / np.float32(128), 0, 1)
    return Front(
        before={"nothing": hair, "forearms": np.maximum(arms, hair), "person": body},
        own=own,
        place=place,
        colour=own_colour(photo[place], own[place], REACH * unit),
    )


def _arms(job: WeaveJob, window: tuple[int, int, int, int], unit: float, bared: Bared) -> tuple[Floats, Floats]:
    """Return forearms and hands before the trunk, and what of them is bare in the photo, 0..1."""
    assert job.person_mask is not None
    assert job.parse is not None
    left, top, right, bottom = window
    marks = job.parse.landmarks
    arms = np.zeros((bottom - top, right - left), np.uint8)
    bare = np.zeros(arms.shape, np.float32)
    for elbow, wrist in zip(ELBOWS, WRISTS, strict=True):
        if min(marks[elbow].visibility, marks[wrist].visibility) < SURE:
            continue
        joints = np.array([(marks[index].x, marks[index].y) for index in (elbow, *range(wrist, wrist + 7, 2))])
        # Fingers reach beyond their knuckles as far as those are from the wrist.
        reach = 0.3 * unit + float(np.linalg.norm(joints[2] - joints[1]))
        x0, y0 = np.clip(joints.min(axis=0) - reach, (left, top), (right, bottom)).astype(int)
        x1, y1 = np.clip(joints.max(axis=0) + reach, (left, top), (right, bottom)).astype(int)
        if x1 <= x0 or y1 <= y0:
            continue
        alpha = matte(job.person, bared.scene, bared.scene.labels == SKIN, (x0, y0, x1, y1))
        skin = (alpha * 255).astype(np.uint8)
        outline = next((points for points, end in bared.arms if end == wrist), None)
        found = forearm(
            skin, marks[elbow], marks[wrist], unit, offset=(x0, y0), outline=outline, gone=bared.gone[y0:y1, x0:x1]
        )
        found = np.maximum(found, fingers(skin, marks, wrist, unit, offset=(x0, y0)))
        place = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        person = cv2.multiply(cv2.subtract(job.person_mask[y0:y1, x0:x1], 64), 2)
        np.maximum(arms[place], np.minimum(found, np.maximum(person, skin)), out=arms[place])
        np.maximum(bare[place], np.minimum(found.astype(np.float32) / np.float32(255), alpha), out=bare[place])
    return arms.astype(np.float32) / np.float32(255), bare


def _top(scene: Scene) -> Mask:
    """Return the top without pieces that lie below the hips: ground between the thighs may be labelled like it."""
    label = scene.labels == TOP
    _, pieces = cv2.connectedComponents(label.astype(np.uint8), connectivity=4)
    return np.asarray(label & np.isin(pieces, np.unique(pieces[label & (scene.down_the_trunk() < 1)])))
