"""Jobs and presets for `catvton` with tiny random weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from proteus.engines import CATVTON, Preset, canvas_of
from proteus.jobs import JobId
from weaver.pipelines import catvton
from weaver.pipelines.catvton.engine import CatVtonEngine
from weaver.pipelines.contract import Finished, Session, WeaveJob

WIDTH, HEIGHT, STEPS = 48, 64, 3
CARD = replace(
    CATVTON,
    presets={
        "fast": Preset(width=WIDTH, height=HEIGHT, steps=4),
        "balanced": Preset(width=WIDTH, height=HEIGHT, steps=5),
        "best": Preset(width=WIDTH, height=HEIGHT, steps=STEPS),
        "approximate": Preset(width=WIDTH, height=HEIGHT, steps=7, shortcuts=("outermost layer alone",), cost_steps=4),
    },
    degraded=Preset(width=WIDTH // 3 * 2, height=HEIGHT // 2, steps=2),
)
BEST = canvas_of(CARD.batch_key("best"))
SMALL = canvas_of(CARD.batch_key("balanced", degraded=True))


def small_engine(folder: Path) -> CatVtonEngine:
    """Load the weights of `write_catvton`, with the presets above."""
    loaded = catvton.load_engine(weights_dir=folder, device="cpu")
    assert isinstance(loaded, CatVtonEngine)
    return CatVtonEngine(loaded.pipeline, card=CARD)


def job(name: str, *, size: tuple[int, int] = (100, 140), seed: int = 7, **changes: Any) -> WeaveJob:
    """A photo and a garment of noise."""
    rng = np.random.default_rng(seed)
    width, height = size
    person_mask, mask = np.zeros((2, height, width), np.uint8)
    person_mask[height // 6 :, width // 4 : -width // 4] = 255
    mask[height // 3 : height // 2, width // 3 : -width // 3] = 255
    return WeaveJob(
        id=JobId(name),
        person=rng.integers(0, 256, (height, width, 3), np.uint8),
        garment=rng.integers(0, 256, (50, 40, 4), np.uint8),
        garment_category="upper",
        person_mask=person_mask,
        agnostic_mask=mask,
        seed=seed,
        **({"quality": "best"} | changes),
    )


def finish(session: Session, *jobs: WeaveJob) -> Sequence[Finished]:
    """Weave jobs together; return their pictures."""
    for each in jobs:
        session.admit(each)
    finished: dict[JobId, Finished] = {}
    for _ in range(20):
        report = session.step()
        assert not report.failed
        finished |= {done.id: done for done in report.finished}
        if len(finished) == len(jobs):
            return [finished[each.id] for each in jobs]
    raise AssertionError("the session did not finish")
