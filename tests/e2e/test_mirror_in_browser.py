"""The Mirror in a real Chromium with a generated camera; the tests are JavaScript, in `frontend/tests/mirror`."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tailor.pose import PoseModel
from workbench import assets
from workbench.assets.fake_camera import on_a_wall, write_camera
from workbench.stack.plan import Plan

from .conftest import MODELS, in_browser

SHOULDERS_AND_HIPS = (11, 12, 23, 24)


@pytest.mark.browser
@pytest.mark.timeout(900)
async def test_the_mirror_does_what_a_person_expects_of_it(fleet: Plan, tmp_path: Path) -> None:
    cameras = await asyncio.to_thread(cameras_in, tmp_path)
    await in_browser("tests/mirror/*.test.mjs", PROTEUS_URL=fleet.gateway_url, CAMERAS=json.dumps(cameras))


def cameras_in(folder: Path) -> dict[str, object]:
    """Make the cameras; return their files, and where the tailor's own pose model sees the person who stands still."""
    with Image.open(assets.PERSON) as picture:
        person = picture.convert("RGB")
    still = on_a_wall(person)
    turns = [0.5 + 0.06 * math.sin(2 * math.pi * step / 60) for step in range(60)]
    pair = on_a_wall(person, height=300, x=0.26)
    pair.paste(on_a_wall(person, height=300, x=0.76).crop((340, 0, 640, 480)), (340, 0))
    pose = PoseModel(MODELS / "pose").find(np.asarray(still))
    marks = [pose.landmarks[index] for index in SHOULDERS_AND_HIPS]
    return {
        "still": str(write_camera(folder / "still.y4m", [still] * 2)),
        "moving": str(write_camera(folder / "moving.y4m", [on_a_wall(person, x=x) for x in turns])),
        "nobody": str(write_camera(folder / "nobody.y4m", [Image.new("RGB", still.size, (150, 146, 140))] * 2)),
        "pair": str(write_camera(folder / "pair.y4m", [pair] * 2)),
        "landmarks": [[mark.x / still.width, mark.y / still.height] for mark in marks],
    }
