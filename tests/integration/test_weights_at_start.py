"""What a weaver process makes of the weights it finds: it starts, goes on without them, or ends with a sentence."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proteus.registry import list_workers

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from safetensors.torch import load_file, save_file

from weaver.pipelines.fashn.network import TryOnConfig
from workbench.bench.catvton_sizes import LEAN
from workbench.bench.checkpoints import write_catvton, write_fashn

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

pytestmark = pytest.mark.slow

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A small checkpoint of each engine; of each the file that is damaged."""
    attention = write_catvton(tmp_path / "weights" / "catvton", size=LEAN).attention
    return {"catvton": attention, "fashn": write_fashn(tmp_path / "weights" / "fashn", config=TINY)}


def start(fleet: Fleet, engines: str, **environment: str) -> Process:
    settings = {"WEAVER_ENGINES": engines, "WEAVER_PROFILE_SECONDS": "0", "OMP_NUM_THREADS": "1"}
    return fleet.start("weaver", engines, **settings, **environment)


def lines(process: Process, event: str) -> list[dict[str, Any]]:
    """Return what it logged under this name."""
    logged = [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in logged if line["event"] == event]


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def rename_tensors(file: Path) -> None:
    save_file({f"model.{name}": tensor for name, tensor in load_file(file).items()}, file)


def change(file: Path) -> None:
    digest = hashlib.sha256(b"what was fetched").hexdigest()
    (file.parent / "SHA256SUMS").write_text(f"{digest}  {file.name}\n")


def lose(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(
            lose,
            {"catvton": "missing: CatVTON's attention", "fashn": "fashn has no weights at"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            truncate, {"catvton": "cannot be read", "fashn": "cannot read the weights"}, marks=pytest.mark.long
        ),
        pytest.param(
            rename_tensors,
            {"catvton": "is no CatVTON attention file", "fashn": "does not fit"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            change, {"catvton": "its checksum differs", "fashn": "its checksum differs"}, marks=pytest.mark.long
        ),
    ],
)
async def test_weights_that_are_not_what_they_should_be_are_one_sentence_and_an_exit_status(
    fleet: Fleet, files: dict[str, Path], tmp_path: Path, damage: Callable[[Path], None], said: dict[str, str]
) -> None:
    for file in files.values():
        damage(file)
    process = start(fleet, "catvton,fashn", WEAVER_WEIGHTS_DIR=str(tmp_path / "weights"))
    assert await asyncio.to_thread(process.popen.wait, 60) == 1
    reasons = {line["engine"]: line["reason"] for line in lines(process, "engine_unavailable")}
    for name, reason in reasons.items():
        assert said[name] in reason
        assert "\n" not in reason
    assert set(reasons) == set(files)
    assert [line["reason"] for line in lines(process, "cannot_work")] == [reasons["fashn"]]
    assert not process.said("Traceback")


@pytest.mark.long
async def test_a_worker_without_the_big_models_weights_goes_on_with_puppet_and_says_so(
    fleet: Fleet, tmp_path: Path
) -> None:
    process = start(fleet, "catvton,fashn,puppet", WEAVER_WEIGHTS_DIR=str(tmp_path))
    await fleet.ready(process, fleet.queue)
    assert [line["engine"] for line in lines(process, "engine_unavailable")] == ["catvton", "fashn"]
    (card,) = await list_workers(fleet.redis, fleet.queue.keys)
    assert card.engines == ("puppet",)
    assert set(card.licence) == {"puppet"}


@pytest.mark.long
async def test_a_commercial_deployment_takes_fashn(fleet: Fleet, files: dict[str, Path], tmp_path: Path) -> None:
    weights = str(tmp_path / "weights")
    process = start(fleet, "fashn", WEAVER_WEIGHTS_DIR=weights, PROTEUS_LICENCE_POLICY="commercial")
    await fleet.ready(process, fleet.queue)
    (card,) = await list_workers(fleet.redis, fleet.queue.keys)
    assert card.licence["fashn"].startswith("Apache-2.0")


async def test_a_commercial_deployment_that_names_forbidden_weights_does_not_start_at_all(
    fleet: Fleet, files: dict[str, Path], tmp_path: Path
) -> None:
    weights = str(tmp_path / "weights")
    process = start(fleet, "fashn,catvton", WEAVER_WEIGHTS_DIR=weights, PROTEUS_LICENCE_POLICY="commercial")
    assert await asyncio.to_thread(process.popen.wait, 60) == 1
    (refusal,) = lines(process, "cannot_work")
    assert "refused by licence_policy 'commercial'" in refusal["reason"]
