"""Who the rendered people are: bodies, skins, poses and clothes. `render_people` makes a photo of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Colour = tuple[float, float, float]
"""sRGB, 0..1."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One person.

    Attributes:
        man: 0 (a woman) to 1 (a man); muscle and weight likewise from least to most.
        origin: Shares of MakeHuman's three face types: African, Asian, Caucasian.
        arms: Right and left; for each the degrees from straight down of upper arm and forearm, outwards, and how far
            the forearm points to the camera.
        turn: Degrees about the upright axis.
        sleeve: Where sleeves end: 0 shoulder, 1 elbow, 2 wrist; below 0 there are none.
        legs: `trousers`, `shorts` or `skirt`.
        hair: `short`, `bob`, `long` or `bald`.
    """

    name: str
    man: float
    skin: Colour
    origin: tuple[float, float, float] = (0, 0, 1)
    muscle: float = 0.5
    weight: float = 0.5
    arms: tuple[tuple[float, float, float], tuple[float, float, float]] = ((22, 14, 0.1), (22, 14, 0.1))
    turn: float = 0.0
    top: Colour = (0.5, 0.5, 0.5)
    stripes: Colour | None = None
    sleeve: float = 0.55
    hem: float = -0.15
    neck: float = 0.75
    loose: float = 0.12
    bottom: Colour = (0.22, 0.28, 0.4)
    legs: str = "trousers"
    hair: str = "short"
    hair_colour: Colour = (0.14, 0.1, 0.08)
    wall: Colour = (0.86, 0.85, 0.83)


DOWN: Final = ((12, 8, 0.12), (12, 8, 0.12))
AWAY: Final = ((26, 20, 0.1), (26, 20, 0.1))
LOOKS: Final = (
    Look(name="01", man=0, origin=(0, 0, 1), skin=(0.86, 0.66, 0.56), top=(0.32, 0.44, 0.38), hair="long",
         hair_colour=(0.34, 0.2, 0.11), arms=AWAY),
    Look(name="02", man=1, origin=(1, 0, 0), skin=(0.36, 0.22, 0.16), muscle=0.7, top=(0.62, 0.62, 0.64), sleeve=0.6,
         bottom=(0.16, 0.18, 0.22), arms=AWAY, hem=-0.3),
    Look(name="03", man=0, origin=(0, 1, 0), skin=(0.82, 0.64, 0.5), weight=0.45, top=(0.16, 0.2, 0.32), sleeve=1.95,
         hair="bob", hair_colour=(0.07, 0.06, 0.06), bottom=(0.62, 0.55, 0.45), arms=DOWN, wall=(0.8, 0.83, 0.86)),
    Look(name="04", man=1, origin=(0, 0, 1), skin=(0.8, 0.6, 0.5), weight=0.85, muscle=0.45, top=(0.45, 0.16, 0.16),
         hair_colour=(0.3, 0.22, 0.15), hem=-0.3, arms=AWAY, loose=0.18),
    Look(name="05", man=0, origin=(1, 0, 0), skin=(0.46, 0.29, 0.21), weight=0.75, top=(0.78, 0.62, 0.2), sleeve=0.5,
         hair="short", bottom=(0.24, 0.3, 0.42), arms=DOWN, wall=(0.88, 0.86, 0.8)),
    Look(name="06", man=0.9, origin=(0, 1, 0), skin=(0.76, 0.58, 0.45), weight=0.35, top=(0.9, 0.9, 0.88),
         stripes=(0.2, 0.26, 0.45), sleeve=1.95, hair_colour=(0.06, 0.05, 0.05), arms=((14, 8, 0.2), (42, -38, 0.25))),
    Look(name="07", man=0, origin=(0.4, 0, 0.6), skin=(0.68, 0.47, 0.36), top=(0.55, 0.2, 0.38), sleeve=-1, neck=1.0,
         hair="long", hair_colour=(0.12, 0.08, 0.07), legs="shorts", bottom=(0.7, 0.66, 0.58), arms=AWAY),
    Look(name="08", man=1, origin=(0.5, 0, 0.5), skin=(0.5, 0.34, 0.25), muscle=0.85, top=(0.13, 0.3, 0.5),
         sleeve=0.6, turn=24, arms=DOWN, bottom=(0.3, 0.3, 0.32)),
    Look(name="09", man=0.05, origin=(0, 0, 1), skin=(0.9, 0.72, 0.64), weight=0.95, top=(0.3, 0.5, 0.56), sleeve=1.1,
         hair="bob", hair_colour=(0.6, 0.45, 0.25), hem=-0.3, arms=AWAY, bottom=(0.15, 0.16, 0.2)),
    Look(name="10", man=1, origin=(0, 0.3, 0.7), skin=(0.72, 0.52, 0.4), weight=0.4, top=(0.85, 0.83, 0.78),
         sleeve=1.95, hair="short", arms=((40, -42, 0.3), (40, -42, 0.3)), bottom=(0.4, 0.34, 0.26)),
    Look(name="11", man=0, origin=(0, 0.6, 0.4), skin=(0.84, 0.66, 0.54), top=(0.82, 0.42, 0.36), sleeve=0.45,
         legs="skirt", bottom=(0.2, 0.22, 0.3), hair="long", hair_colour=(0.1, 0.07, 0.06), turn=-18, arms=DOWN),
    Look(name="12", man=0.95, origin=(1, 0, 0), skin=(0.28, 0.18, 0.14), weight=0.6, top=(0.86, 0.86, 0.84),
         stripes=(0.6, 0.16, 0.16), sleeve=0.6, hair="bald", legs="shorts", bottom=(0.35, 0.4, 0.33),
         arms=((30, 34, 0.1), (14, 8, 0.1)), wall=(0.78, 0.82, 0.78)),
)  # fmt: skip
