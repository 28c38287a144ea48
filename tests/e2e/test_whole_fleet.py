"""The whole fleet as separate processes, driven through its public API alone: nothing is stubbed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from rich.console import Console

from workbench import assets
from workbench.client import Client, Refused
from workbench.stack.plan import Plan
from workbench.tryon import Board, Wish, try_on


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_photo_and_a_garment_become_a_try_on(fleet: Plan, tmp_path: Path) -> None:
    output = tmp_path / "result.png"
    wish = Wish(person=assets.PERSON, garment=assets.GARMENT, category="upper", options={}, output=output)
    async with Client.connected(fleet.gateway_url) as client, Client.connected(fleet.gateway_url) as stranger:
        with Board(Console(quiet=True)).live() as board:
            done, cut_out = await try_on(client, wish, board=board)
        with pytest.raises(Refused) as refusal:
            await stranger.status(done.job_id)
    assert (done.status, done.engine) == ("completed", "puppet")
    assert {"upload", "cut_out", "try_on", "download"} <= set(done.stages)
    with Image.open(assets.PERSON) as before, Image.open(output) as after, Image.open(io.BytesIO(cut_out)) as cut:
        assert after.size == before.size
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() is not None
        assert cut.mode == "RGBA"
    assert (refusal.value.status, refusal.value.problem_code) == (404, "not_found")
