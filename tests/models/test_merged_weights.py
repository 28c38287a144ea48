"""CatVTON as one file: what it holds, who reads it, and that it is hashed once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from proteus.engines import CATVTON
from proteus.errors import ModelUnavailable
from proteus.worker.proofs import Candidate
from weaver.pipelines import checksums
from weaver.pipelines.catvton import forms, merged, weights
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from workbench.bench.checkpoints import write_catvton

PUBLISHED = ("stable-diffusion-inpainting", "sd-vae-ft-mse", "CatVTON")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_catvton(folder)
    merged.write(folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "catvton")


def states(pipeline: CatVtonPipeline) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": tensor
        for part in merged.PARTS
        for name, tensor in getattr(pipeline, part).state_dict().items()
    }


def test_it_holds_the_bits_that_half_precision_reads_from_the_published_files(folder: Path) -> None:
    published = weights.load(*(folder / name for name in PUBLISHED), dtype="fp16", device="cpu", channels_last=True)
    one = merged.load(folder / merged.FILE, dtype="fp16", device="cpu", channels_last=True)
    expected, found = states(published), states(one)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name
        assert found[name].stride() == tensor.stride(), name
    assert (one.version, one.schedule, one.scaling) == (published.version, published.schedule, published.scaling)


def test_it_is_less_than_half_of_what_was_published(folder: Path) -> None:
    published = sum(file.stat().st_size for name in PUBLISHED for file in (folder / name).rglob("*.safetensors"))
    assert (folder / merged.FILE).stat().st_size < published / 2


@pytest.mark.parametrize(("form", "is_merged"), [("fp32", False), ("fp16", True), ("fp16 channels_last", True)])
def test_half_precision_reads_it_and_single_precision_what_was_published(
    folder: Path, form: str, is_merged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    verify = checksums.verify

    def noted(paths: list[Path]) -> None:
        read.extend(path.name for path in paths)
        verify(paths)

    monkeypatch.setattr(checksums, "verify", noted)
    forms._load(folder, "cpu", Candidate(name=form))
    assert (merged.FILE in read) == is_merged
    assert len(read) == (1 if is_merged else 6)


def test_a_folder_with_nothing_else_is_enough(folder: Path) -> None:
    for name in PUBLISHED:
        shutil.rmtree(folder / name)
    form, pipeline = forms.load(folder, device="cpu", card=CATVTON, forms=())
    assert (form, pipeline.dtype, pipeline.version) == ("fp32", torch.float32, "mix")


def test_it_is_hashed_once_and_again_when_it_is_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    sha256 = checksums.sha256

    def noted(path: Path) -> str:
        hashed.append(path.name)
        return sha256(path)

    monkeypatch.setattr(checksums, "sha256", noted)
    file = folder / merged.FILE
    checksums.verify([file])  # it was copied, so its time is another one than where it was written
    first = len(hashed)
    checksums.verify([file])
    assert len(hashed) == first
    os.utime(file, ns=(0, 0))
    checksums.verify([file])
    assert len(hashed) == first + 1
    (folder / checksums.MARKER).write_text("no json")
    checksums.verify([file])
    assert len(hashed) == first + 2
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="its checksum differs"):
            checksums.verify([file])


def test_another_hash_in_the_listing_is_checked_though_the_file_is_the_same(folder: Path) -> None:
    checksums.verify([folder / merged.FILE])
    (folder / checksums.LISTING).write_text(f"{'0' * 64}  {merged.FILE}\n")
    with pytest.raises(ModelUnavailable, match="its checksum differs"):
        checksums.verify([folder / merged.FILE])


@pytest.mark.parametrize("damage", ["no description", "lost tensor", "cut off"])
def test_a_damaged_file_is_refused_in_a_sentence(folder: Path, damage: str) -> None:
    file = folder / merged.FILE
    (folder / checksums.LISTING).unlink()
    tensors = load_file(file)
    if damage == "no description":
        save_file(tensors, file)
    elif damage == "lost tensor":
        tensors.pop("unet.conv_in.weight")
        save_file(tensors, file, metadata={merged.DESCRIPTION: _described(folder)})
    else:
        file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ModelUnavailable, match=r"describes no CatVTON|conv_in.weight is missing|cannot be read"):
        merged.load(file, dtype="fp16", device="cpu")


def _described(folder: Path) -> str:
    import json

    base, vae = folder / PUBLISHED[0], folder / PUBLISHED[1]
    parts = {
        "unet": base / "unet" / "config.json",
        "vae": vae / "config.json",
        "scheduler": base / "scheduler" / "scheduler_config.json",
    }
    return json.dumps({name: json.loads(path.read_text()) for name, path in parts.items()} | {"version": "mix"})
