"""What FASHN's weights file says of itself, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from proteus.errors import ModelUnavailable
from weaver.pipelines import fashn
from weaver.pipelines.fashn import weights
from weaver.pipelines.fashn.engine import FashnEngine
from weaver.pipelines.fashn.network import FULL, TryOnConfig
from workbench.bench.checkpoints import write_fashn

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_fashn(tmp_path, config=TINY)


def test_a_file_may_name_its_own_sizes(file) -> None:
    engine = fashn.load_engine(weights_dir=file.parent, device="cpu")
    assert isinstance(engine, FashnEngine)
    assert engine.pipeline.config == TINY


def test_a_file_that_names_none_has_the_published_ones(file) -> None:
    save_file(load_file(file), file)
    assert weights.sizes(file) == FULL


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("{", "describes no network: Expecting"),
        ("[]", "an object of exactly hidden, heads"),
        (json.dumps(asdict(TINY) | {"layers": 3}), "an object of exactly"),
        (json.dumps({"hidden": 32}), "an object of exactly"),
        (json.dumps(asdict(TINY) | {"hidden": "32"}), "hidden is '32', which is no size"),
        (json.dumps(asdict(TINY) | {"single": -1}), "single is -1, which is no size"),
        (json.dumps(asdict(TINY) | {"axes": 16}), "describes no network"),
        (json.dumps(asdict(TINY) | {"axes": [4, 12]}), "three sizes are needed"),
        (json.dumps(asdict(TINY) | {"hidden": 48}), "do not make 48 hidden dimensions"),
        (json.dumps(asdict(TINY) | {"width": 25}), "does not divide into patches"),
    ],
)
def test_sizes_that_make_no_network_are_one_sentence(file, told, message) -> None:
    save_file(load_file(file), file, metadata={weights.SIZES: told})
    with pytest.raises(ModelUnavailable, match=message) as refused:
        fashn.load_engine(weights_dir=file.parent, device="cpu")
    assert "\n" not in refused.value.message


def test_sizes_that_are_not_the_tensors_are_refused(file) -> None:
    told = json.dumps(asdict(TINY) | {"single": 2})
    save_file(load_file(file), file, metadata={weights.SIZES: told})
    with pytest.raises(ModelUnavailable, match="does not fit"):
        fashn.load_engine(weights_dir=file.parent, device="cpu")


def test_a_file_with_the_listed_checksum_loads_and_a_changed_one_does_not(file) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (file.parent / "SHA256SUMS").write_text(f"{digest}  {file.name}\n")
    weights.load(file, dtype=torch.float32, device="cpu", config=TINY)
    with file.open("r+b") as opened:
        opened.seek(-1, 2)
        opened.write(b"\x01")
    with pytest.raises(ModelUnavailable, match="checksum differs"):
        weights.load(file, dtype=torch.float32, device="cpu", config=TINY)
