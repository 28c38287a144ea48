"""The drawn set: every garment on its grounds, and other things that users send. `cases` names them, `draw` draws one.

A case is drawn from its name alone, so a picture is the same everywhere. Each garment's outline has a
contrast of 3 grey levels on 90 % of its length: where ground and cloth are too alike, the cloth's rim turns a little
darker, as the rim of real cloth does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import cv2
import numpy as np

from proteus.artefacts import GarmentCategory
from workbench.eval import things
from workbench.eval.canvas import HEIGHT, WIDTH, Pixels, Plane, Random, blur, depth, over, photographed, plane, seen
from workbench.eval.cloth import seed_of
from workbench.eval.family_a import GARMENTS_A, draw_a
from workbench.eval.family_b import GARMENTS_B, draw_b
from workbench.eval.family_c import GARMENTS_C, draw_c
from workbench.eval.grounds import GROUNDS, Kind

Family = Literal["a", "b", "c"]
Group = Literal["plain", "gradient", "coloured", "textured", "variant", "several", "rotated", "folded", "nothing"]

VARIANTS: Final = ("shadow", "hanger", "small", "touching")
TURNS: Final = (90, 180, 270, 20, -15)
"""Degrees clockwise that a garment is turned in its picture."""

PER_VARIANT: Final = 6
PER_MISTAKE: Final = 14
THING_ROUNDS: Final = 8
FAMILIES: Final[tuple[Family, ...]] = ("a", "b", "c")
TUNED: Final[tuple[Family, ...]] = ("a", "b")
"""Those whose single pictures a change of the parser may look at; the others stay blind."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One picture of the set.

    Attributes:
        category: The garment's true one; None where there is not exactly one garment.
        ground: A name of `grounds.GROUNDS[family]`.
        what: `flat`, or how the picture differs from one garment laid flat.
        turn: Degrees clockwise.
    """

    family: Family
    garment: str
    category: GarmentCategory | None
    ground: str
    group: Group
    what: str = "flat"
    turn: int = 0

    @property
    def name(self) -> str:
        return "/".join((self.family, self.garment, self.ground, f"{self.what}{self.turn or ''}"))


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """(H, W, 3) uint8 sRGB, and (H, W) uint8 with 255 = the garment; all 0 where there is not exactly one garment."""

    picture: Pixels
    truth: Pixels


def cases(family: Family) -> tuple[Case, ...]:
    """Return every case of a family, always in the same order."""
    garments = GARMENTS[family]
    names, grounds = list(garments), GROUNDS[family]
    of_kind: dict[Kind, list[str]] = {
        kind: [name for name, (its, _) in grounds.items() if its == kind]
        for kind in ("plain", "gradient", "coloured", "textured")
    }
    found: list[Case] = []
    for index, garment in enumerate(names):
        chosen = [("plain", ground) for ground in of_kind["plain"]]
        chosen += [(kind, of_kind[kind][index % len(of_kind[kind])]) for kind in ("gradient", "coloured", "textured")]
        found += [
            Case(family=family, garment=garment, category=garments[garment], ground=ground, group=kind)  # type: ignore[arg-type]
            for kind, ground in chosen
        ]
    calm = of_kind["plain"] + of_kind["gradient"]
    step = 0
    for what in (*VARIANTS, "several", "folded"):
        group: Group = "variant" if what in VARIANTS else what  # type: ignore[assignment]
        for _ in range(PER_VARIANT if group == "variant" else PER_MISTAKE):
            step += 1
            garment = names[(step * 5) % len(names)]
            category = garments[garment] if group == "variant" else None
            ground = (calm + of_kind["coloured"])[step % (len(calm) + 1)]
            found.append(Case(family=family, garment=garment, category=category, ground=ground, group=group, what=what))
    for turn in TURNS:
        for index in range(PER_VARIANT):
            garment = names[(index * 5 + turn // 5) % len(names)]
            found.append(
                Case(
                    family=family, garment=garment, category=garments[garment], ground=calm[index % len(calm)],
                    group="rotated", what="turned", turn=turn,
                )
            )  # fmt: skip
    every = calm + of_kind["coloured"][:1] + of_kind["textured"][:2]
    for index, thing in enumerate(things.NAMES * THING_ROUNDS):
        ground = every[(index + index // len(things.NAMES)) % len(every)]
        found.append(
            Case(family=family, garment=thing, category=None, ground=ground, group="nothing", what=f"thing{index}")
        )
    return tuple(found)


def sample(count: int, families: Sequence[Family]) -> tuple[Case, ...]:
    """Return a spread of the cases of some families, every group in it."""
    chosen: list[Case] = []
    for family in families:
        groups: dict[Group, list[Case]] = defaultdict(list)
        for case in cases(family):
            groups[case.group].append(case)
        part, total = count // len(families), sum(map(len, groups.values()))
        shares = {group: max(1, round(part * len(its) / total)) for group, its in groups.items()}
        while sum(shares.values()) != part:
            most = max(shares, key=lambda group: shares[group])
            shares[most] += 1 if sum(shares.values()) < part else -1
        for group, its in groups.items():
            places = np.linspace(0, len(its) - 1, shares[group] + 2).round().astype(int)[1:-1]
            chosen += [its[place] for place in places]
    return tuple(chosen)


def draw(case: Case) -> Drawn:
    """Draw one case."""
    random = np.random.default_rng(seed_of(case.name))
    light, camera = _surroundings(case.family, random)
    ground = GROUNDS[case.family][case.ground][1](random)
    nothing = np.zeros((HEIGHT, WIDTH), np.uint8)
    if case.group == "nothing":
        return Drawn(picture=photographed(things.draw(case.garment, ground, random), random, **camera), truth=nothing)
    colour, alpha = DRAW[case.family](case.garment, random)
    if case.group == "several":
        picture = _several(case, ground, colour, alpha, random)
        return Drawn(picture=photographed(picture, random, **camera), truth=nothing)
    if case.what == "folded":
        colour, alpha = _folded(colour, alpha)
    if case.what == "small":
        colour, alpha = _moved(colour, alpha, scale=0.36, x=random.uniform(-60, 60), y=random.uniform(-60, 60))
    if case.what == "touching":
        x, y, scale = ((0, -70, 1.25), (60, 0, 1.1), (0, 90, 1.1))[int(random.integers(3))]
        colour, alpha = _moved(colour, alpha, scale=scale, x=x, y=y)
    if case.turn:
        colour, alpha = _moved(colour, alpha, scale=0.80 if case.turn % 180 else 1.0, turn=case.turn)
    if case.what == "hanger":
        ground = things.hanger(ground, alpha)
    strength = 0.24 if case.what == "shadow" else random.choice([0.0, 0.0, 0.10])
    if case.group in ("textured", "coloured"):
        strength = 0.16
    picture = _laid(ground, colour, alpha, strength=strength, reach=9 if case.what == "shadow" else 5, light=light)
    truth = nothing if case.what == "folded" else (alpha > 0.5).astype(np.uint8) * 255
    return Drawn(picture=photographed(picture, random, **camera), truth=truth)


GARMENTS: Final[dict[Family, dict[str, GarmentCategory]]] = {
    "a": {name: shape.category for name, (shape, _) in GARMENTS_A.items()},
    "b": {name: cutting.category for name, (cutting, _) in GARMENTS_B.items()},
    "c": {name: pattern.category for name, (pattern, _) in GARMENTS_C.items()},
}
DRAW: Final[dict[Family, Callable[[str, Random], tuple[Plane, Plane]]]] = {"a": draw_a, "b": draw_b, "c": draw_c}


@dataclass(frozen=True, kw_only=True)
class _Light:
    """Where a garment's soft shadow falls, as shares of its reach, and how soft it is; and how dark it is beside it."""

    x: float = 0.7
    y: float = 1.0
    softness: float = 1.1
    contact: float = 0.4


def _surroundings(family: Family, random: Random) -> tuple[_Light, dict[str, Any]]:
    """Return the light and the camera: the third family has others than the first two, and not always the same."""
    if family != "c":
        return _Light(), {}
    angle = random.uniform(0, 2 * np.pi)
    light = _Light(
        x=np.cos(angle), y=np.sin(angle), softness=random.uniform(0.6, 2.0), contact=random.uniform(0.2, 0.6)
    )
    camera: dict[str, Any] = {"noise_levels": random.uniform(0.5, 1.1), "quality": int(random.choice([82, 88, 94]))}
    if random.random() < 0.4:
        camera["tint"] = (1.0, random.uniform(0.97, 0.99), random.uniform(0.92, 0.97))
    return light, camera


def _laid(ground: Plane, colour: Plane, alpha: Plane, *, strength: float, reach: float, light: _Light) -> Plane:
    """Return the garment on its ground with a soft shadow, its rim as dark as the contrast requires."""
    if strength:
        away = np.array([[1, 0, reach * light.x], [0, 1, reach * light.y]], np.float32)
        moved = cv2.warpAffine(alpha, away, (WIDTH, HEIGHT))
        dark = strength * blur(moved, reach * light.softness) + strength * light.contact * blur(alpha, 3)
        ground = plane(ground * (1 - dark[..., None]))
    rim = np.exp(-depth(alpha) / 4)[..., None]
    for step in range(30):
        # Darken the rim step by step until the outline has its contrast.
        turn = 1 - 0.010 * step * rim
        picture = over(ground, plane(colour * turn), alpha)
        if seen(picture, alpha):
            break
    return picture


def _moved(
    colour: Plane, alpha: Plane, *, scale: float = 1.0, x: float = 0.0, y: float = 0.0, turn: float = 0.0
) -> tuple[Plane, Plane]:
    """Return the garment scaled and turned about the middle, then shifted by pixels."""
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -turn, scale) + np.array([[0, 0, x], [0, 0, y]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if scale < 0.7:  # warping does not average
        colour, alpha = blur(colour, 0.5 / scale - 0.5), blur(alpha, 0.5 / scale - 0.5)
    size = (WIDTH, HEIGHT)
    return (
        plane(cv2.warpAffine(colour, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)),
        plane(cv2.warpAffine(alpha, matrix, size, flags=flags)),
    )


def _several(case: Case, ground: Plane, colour: Plane, alpha: Plane, random: Random) -> Plane:
    others = [name for name in GARMENTS[case.family] if name != case.garment]
    count = 2 + int(random.integers(2))
    picture = ground
    for index in range(count):
        if index:
            colour, alpha = DRAW[case.family](others[int(random.integers(len(others)))], random)
        x = (index - (count - 1) / 2) * WIDTH * 0.94 / count
        moved = _moved(colour, alpha, scale=0.98 / count, x=x, y=random.uniform(-40, 40))
        picture = _laid(picture, *moved, strength=0.0, reach=5, light=_Light())
    return picture


def _folded(colour: Plane, alpha: Plane) -> tuple[Plane, Plane]:
    """Return the garment folded to a rectangle: its middle, with two more edges across it."""
    ys, xs = np.nonzero(alpha > 0.5)
    wide, tall = (xs.max() - xs.min()) * 0.46, (ys.max() - ys.min()) * 0.42
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    x, y = WIDTH / 2, ys.min() + 0.16 * (ys.max() - ys.min()) + tall / 2
    corners = np.array([(-1, -1), (1, -1), (1.02, 1), (-1.02, 1)]) * [wide / 2, tall / 2] + [x, y]
    cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    area = plane(mask) / np.float32(255)
    shade = plane(1 - 0.10 * np.exp(-depth(area) / 6) - 0.06 * plane(np.indices(area.shape)[0] > y + tall * 0.30))
    full = cv2.inpaint((colour * 255).astype(np.uint8), ((alpha < 0.6) * 255).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return _moved(plane(full) / np.float32(255) * shade[..., None], area, scale=1.6, y=(HEIGHT / 2 - y) * 1.6)
