"""The job that costs are measured with: a grey figure and garment, for engines that resize what they get. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from proteus.artefacts import Landmark, PersonParse
from proteus.engines import EngineCard
from proteus.jobs import JobId
from weaver.pipelines.contract import WeaveJob

HEIGHT: Final = 1024
WIDTH: Final = 768


def grey_job(card: EngineCard, canvas: str) -> WeaveJob:
    """Return a job of the canvas; what a picture costs does not depend on what it shows.

    Raises:
        ValueError: The canvas is none of the engine's.
    """
    quality, degraded = card.sample_form(canvas)
    grey = np.full((HEIGHT, WIDTH, 4), 128, np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[HEIGHT // 4 : HEIGHT // 2, WIDTH // 4 : -WIDTH // 4] = 255
    parse = PersonParse(
        image_key="sample",
        width=WIDTH,
        height=HEIGHT,
        parser="sample",
        parser_version="1",
        pose_model="sample",
        landmarks=(Landmark(x=WIDTH / 2, y=HEIGHT / 3, visibility=1),) * 33,
        person_mask_key="sample",
        agnostic_mask_keys={},
    )
    return WeaveJob(
        id=JobId("sample"),
        person=grey[..., :3],
        garment=grey,
        garment_category="upper",
        parse=parse,
        person_mask=mask,
        agnostic_mask=mask,
        quality=quality,
        degraded=degraded,
    )
