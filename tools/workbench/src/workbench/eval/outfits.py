"""Clothes of drawn people: areas of cloth on a body, layer by layer. Pure.

The same areas are the true place of a garment of that cut on that body, so they also measure a preview.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from workbench.eval.bodies import (
    ANKLE_RADIUS,
    ELBOW_RADIUS,
    KNEE_RADIUS,
    LEFT,
    RIGHT,
    THIGH_RADIUS,
    UPPER_ARM_RADIUS,
    WRIST_RADIUS,
    Frame,
    Skeleton,
    shape,
    tube,
)
from workbench.eval.canvas import Plane, Points


@dataclass(frozen=True, kw_only=True)
class Top:
    """A garment that hangs from the shoulders.

    Attributes:
        sleeve: How far it reaches, in arm lengths to the wrist; 0: none.
        loose: How far it stands off the body, in shoulder widths.
        hem: Where it ends, in trunk lengths below the shoulders.
        flare: Half width of the hem beyond the hips'.
        neck: Half width and depth of the neckline, in shoulder widths; straps run beside it.
        collar: Stands around the neck.
        open_front: Half width, in shoulder widths, of the opening that shows a shirt below.
        straps: No shoulders, two straps.
    """

    sleeve: float = 0.0
    loose: float = 0.03
    hem: float = 1.1
    flare: float = 0.0
    neck: tuple[float, float] = (0.22, 0.16)
    collar: bool = False
    open_front: float = 0.0
    straps: bool = False


TOPS: Final[dict[str, Top]] = {
    "tee": Top(sleeve=0.28, loose=0.05),
    "tight-long": Top(sleeve=1.0, loose=0.015, hem=1.05),
    "jumper": Top(sleeve=1.0, loose=0.08, hem=1.12, neck=(0.2, 0.08)),
    "shirt": Top(sleeve=1.0, loose=0.05, hem=1.2, neck=(0.13, 0.12), collar=True),
    "jacket": Top(sleeve=1.0, loose=0.09, hem=1.22, neck=(0.14, 0.1), collar=True, open_front=0.16),
    "cardigan": Top(sleeve=0.95, loose=0.07, hem=1.15, neck=(0.15, 0.1), open_front=0.11),
    "camisole": Top(loose=0.02, hem=1.05, straps=True),
    "polo": Top(sleeve=0.32, loose=0.05, hem=1.12, neck=(0.13, 0.1), collar=True),
    "dress": Top(sleeve=0.28, loose=0.03, hem=2.0, flare=0.30),
    "long-dress": Top(sleeve=0.95, loose=0.03, hem=2.3, flare=0.24, neck=(0.2, 0.12)),
    "strap-dress": Top(loose=0.02, hem=1.9, flare=0.34, straps=True),
}

BOTTOMS: Final = ("trousers", "wide", "shorts", "skirt")


def top_areas(body: Skeleton, frame: Frame, top: Top) -> dict[str, Plane]:
    """Return `trunk`, `sleeve-left`, `sleeve-right`, `collar` and `shirt` (visible in an open front), 0..1."""
    areas = {"trunk": trunk_area(body, frame, top)}
    for side, name in ((LEFT, "sleeve-left"), (RIGHT, "sleeve-right")):
        if top.sleeve:
            areas[name] = sleeve_area(body, frame, side, reach=top.sleeve, loose=top.loose)
    if top.open_front:
        opening = shape(frame, [
            body.on_trunk(-2 * top.neck[0], -0.06), body.on_trunk(2 * top.neck[0], -0.06),
            body.on_trunk(2 * top.open_front, 0.45), body.on_trunk(top.open_front * 0.8, top.hem + 0.05),
            body.on_trunk(-top.open_front * 0.8, top.hem + 0.05), body.on_trunk(-2 * top.open_front, 0.45),
        ])  # fmt: skip
        areas["shirt"] = opening * areas["trunk"]
    if top.collar:
        left, right = (
            tube(frame, [body.on_trunk(side * 0.30, -0.16), body.on_trunk(side * 0.10, 0.10)], [0.07, 0.05])
            for side in (LEFT, RIGHT)
        )
        areas["collar"] = np.maximum(left, right)
    return areas


def trunk_area(body: Skeleton, frame: Frame, top: Top) -> Plane:
    """Return where the garment lies on trunk and, if it is long, in front of the legs."""
    wide = body.build.width
    loose = top.loose
    shoulder = 1.18 + 2 * loose
    waist, hips = 0.80 * wide + 2 * loose, 0.92 * wide + 2 * loose
    upper = [(0.34, -0.15), (shoulder, -0.06), (shoulder + 0.02, 0.04), (1.02 * max(wide, 0.94) + loose, 0.26)]
    if top.straps:
        upper = [(0.0, 0.22), (0.30, 0.20), (0.66, 0.10), (0.98 * max(wide, 0.94), 0.30)]
    right = [*upper, (waist, 0.66), (hips, 1.0), (hips + 2 * top.flare, top.hem), (0.0, top.hem + 0.03)]
    outline = [body.on_trunk(x, y) for x, y in right] + [body.on_trunk(-x, y) for x, y in reversed(right)]
    area = shape(frame, outline)
    if top.straps:
        for side in (LEFT, RIGHT):
            strap = tube(frame, [body.on_trunk(side * 0.60, -0.11), body.on_trunk(side * 0.56, 0.16)], [0.035, 0.035])
            area = np.maximum(area, strap)
        return area
    half, deep = top.neck
    unit = 1.42 * body.build.trunk
    bowl = [(2 * half, -0.30), (2 * half, -0.12), (1.9 * half, deep / unit * 0.3), (1.1 * half, deep / unit * 0.9),
            (0.0, deep / unit)]  # fmt: skip
    away = shape(frame, [body.on_trunk(x, y) for x, y in bowl] + [body.on_trunk(-x, y) for x, y in reversed(bowl)])
    return np.asarray(area * (1 - away), np.float32)


def sleeve_area(body: Skeleton, frame: Frame, side: int, *, reach: float, loose: float) -> Plane:
    """Return where a sleeve lies that reaches this far, in arm lengths from shoulder to wrist."""
    points, radii = arm_to(body, side, reach)
    return tube(frame, points, [radius + loose for radius in radii])


def arm_to(body: Skeleton, side: int, reach: float) -> tuple[list[Points], list[float]]:
    """Return the arm's line and radii from the shoulder to a share of its length."""
    joints = [body.at(name, side) for name in ("shoulder", "elbow", "wrist")]
    radii = [radius * body.build.width for radius in (UPPER_ARM_RADIUS, ELBOW_RADIUS, WRIST_RADIUS)]
    middle = 0.80 / 1.52
    start = joints[0] + body.down * 0.04
    if reach <= middle:
        share = reach / middle
        return [start, start + (joints[1] - start) * share], [radii[0], radii[0] + (radii[1] - radii[0]) * share]
    share = (reach - middle) / (1 - middle)
    end = joints[1] + (joints[2] - joints[1]) * share
    return [start, joints[1], end], [radii[0], radii[1], radii[1] + (radii[2] - radii[1]) * share]


def bottom_area(body: Skeleton, frame: Frame, kind: str) -> Plane:
    """Return where trousers or a skirt lie."""
    wide = body.build.width
    waist = [body.on_trunk(x, y) for x, y in (
        (-0.78 * wide, 0.78), (0.78 * wide, 0.78), (0.98 * wide, 1.02), (0.9 * wide, 1.22), (-0.9 * wide, 1.22),
        (-0.98 * wide, 1.02))]  # fmt: skip
    if kind == "skirt":
        hem = [body.on_trunk(x, 1.72) for x in (1.25 * wide, -1.25 * wide)]
        return shape(frame, [*waist[:3], *hem, waist[5]])
    loose = 0.10 if kind == "wide" else 0.03
    area = shape(frame, waist)
    for side in (LEFT, RIGHT):
        hip, knee, ankle = (body.at(name, side) for name in ("hip", "knee", "ankle"))
        points = [hip, knee, ankle] if kind != "shorts" else [hip, hip + (knee - hip) * 0.7]
        radii = [THIGH_RADIUS, KNEE_RADIUS + loose, ANKLE_RADIUS + loose] if kind != "shorts" else [THIGH_RADIUS, 0.25]
        area = np.maximum(area, tube(frame, points, [radius * wide for radius in radii]))
    return area


def skin_areas(body: Skeleton, frame: Frame) -> dict[str, Plane]:
    """Return legs, feet, trunk, neck, head and each arm with its hand."""
    wide = body.build.width
    areas: dict[str, Plane] = {}
    legs = [
        tube(frame, [body.at(name, side) for name in ("hip", "knee", "ankle")],
             [radius * wide for radius in (THIGH_RADIUS, KNEE_RADIUS, ANKLE_RADIUS)])
        for side in (LEFT, RIGHT)
    ]  # fmt: skip
    feet = [tube(frame, [body.at("ankle", side), body.at("toes", side)], [0.10, 0.08]) for side in (LEFT, RIGHT)]
    areas["legs"], areas["feet"] = np.maximum(*legs), np.maximum(*feet)
    areas["trunk"] = trunk_area(body, frame, Top(loose=0.0, hem=1.1, neck=(0.1, -0.1)))
    neck = [body.on_trunk(0, -0.42), body.on_trunk(0, -0.06)]
    areas["neck"] = tube(frame, neck, [0.155 * wide, 0.17 * wide])
    areas["head"] = tube(frame, [body.head + body.down * -0.14, body.head + body.down * 0.16], [0.26, 0.19])
    for side, name in ((LEFT, "arm-left"), (RIGHT, "arm-right")):
        points, radii = arm_to(body, side, 1.0)
        wrist, fingers = body.at("wrist", side), body.at("fingers", side)
        hand = [wrist, wrist + (fingers - wrist) * 0.6, fingers]
        areas[name] = np.maximum(tube(frame, points, radii), tube(frame, hand, [0.078, 0.09, 0.045]))
    return areas
