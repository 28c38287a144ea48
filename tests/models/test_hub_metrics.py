"""The metrics that need a model hub, with random networks in the layout that `make weights MODEL=eval` leaves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from proteus.errors import ModelUnavailable
from workbench import hub
from workbench.eval.quality import drawn, hub_networks
from workbench.eval.quality.hub_networks import CLIP, DINO, VGG, VGG_LAYERS
from workbench.eval.quality.measuring import Row, seen, summary
from workbench.eval.quality.missing import Missing
from workbench.eval.quality.networks import Networks
from workbench.eval.quality.perceptual import KID_LEAST, kid, likeness, lpips, on_white
from workbench.eval.quality.score import Tryon

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
safetensors = pytest.importorskip("safetensors.torch")

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("eval")
    transformers.CLIPModel(
        transformers.CLIPConfig(
            vision_config={**SMALL, "patch_size": 32, "projection_dim": 16},
            text_config={**SMALL, "vocab_size": 99},
            projection_dim=16,
        )
    ).save_pretrained(folder / CLIP)
    transformers.Dinov2Model(
        transformers.Dinov2Config(**{key: SMALL[key] for key in SMALL if key != "intermediate_size"}, patch_size=14)
    ).save_pretrained(folder / DINO)
    tensors, channels, index = {}, 3, 0
    for convolutions, wide in VGG_LAYERS:
        for _ in range(convolutions):
            tensors[f"features.{index}.weight"] = torch.randn(wide, channels, 3, 3) * (2 / (9 * channels)) ** 0.5
            tensors[f"features.{index}.bias"] = torch.randn(wide) * 0.01
            channels, index = wide, index + 2
        index += 1
    (folder / VGG).mkdir()
    safetensors.save_file(tensors, folder / VGG / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Linear heads as the package `lpips` has them."""
    file = tmp_path_factory.mktemp("heads") / "vgg.pth"
    torch.save({f"lin{n}.model.1.weight": torch.rand(1, wide, 1, 1) for n, (_, wide) in enumerate(VGG_LAYERS)}, file)
    return file


@pytest.fixture(scope="module")
def tryon() -> Tryon:
    return next(tryon for _, tryon in drawn.cases(1, size=(224, 168)))


def test_what_the_hub_is_asked_for_is_what_the_networks_read(weights) -> None:
    targets = {file.target for file in hub.MODELS["eval"]}
    needed = {
        str(path.relative_to(weights))
        for path in weights.rglob("*")
        if path.name in ("config.json", "model.safetensors")
    }
    assert targets == needed


@pytest.mark.parametrize("network", ["clip", "dino"])
def test_the_same_garment_is_alike_and_another_one_less(weights, tryon, network) -> None:
    embed = getattr(hub_networks.load(weights), network)
    shown = on_white(tryon.garment[..., :3], tryon.garment[..., 3] > 127)
    same = replace(tryon, result=shown, worn=np.ones(shown.shape[:2], bool))
    other = replace(same, result=np.ascontiguousarray(255 - shown))
    values = [likeness(one, embed).value for one in (same, other)]
    assert values[0] == pytest.approx(1.0, abs=1e-6)
    assert values[1] is not None
    assert values[1] < 0.999
    assert likeness(replace(tryon, worn=np.zeros_like(tryon.worn)), embed).failure == "missing_garment"


def test_lpips_is_zero_for_the_true_picture_and_grows_with_the_blur(weights, heads, tryon) -> None:
    perceived = hub_networks.lpips(weights / VGG, heads)
    assert not isinstance(perceived, Missing)
    assert lpips(tryon, perceived).value is None
    blurred = [cv2.GaussianBlur(tryon.result, (0, 0), sigma) if sigma else tryon.result for sigma in (0, 1, 4)]
    values = [lpips(replace(tryon, result=one, truth=tryon.result), perceived).value for one in blurred]
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_what_is_not_there_says_what_to_fetch(weights, tmp_path) -> None:
    empty = tmp_path / "eval"
    assert hub_networks.load(empty) == hub_networks.NONE
    empty.mkdir()
    found = hub_networks.load(empty)
    assert found == hub_networks.NONE
    assert hub_networks.NONE.clip == Missing("make weights MODEL=eval fetches its weights")
    no_heads = hub_networks.lpips(weights / VGG, tmp_path / "absent.pth")
    assert no_heads == Missing(f"LPIPS's linear heads are not installed: {hub_networks.HEADS}")


def test_weights_that_are_not_their_configurations_are_refused_by_name(weights, tmp_path) -> None:
    shutil.copytree(weights / DINO, tmp_path / DINO)
    described = tmp_path / DINO / "config.json"
    described.write_text(json.dumps(json.loads(described.read_text()) | {"num_hidden_layers": 3}))
    with pytest.raises(ModelUnavailable, match=r"dinov2 does not hold the network it describes: .*layer\.2"):
        hub_networks.load(tmp_path)


def test_kid_is_about_zero_for_one_distribution_grows_with_the_shift_and_needs_enough_pictures() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.normal(size=(2, 120, 16))
    values = [kid(one, other + shift) for shift in (0.0, 0.5, 1.0)]
    assert all(value is not None for value in values)
    means = [value.mean for value in values if value is not None]
    assert abs(means[0]) < 3 * values[0].spread  # type: ignore[union-attr]
    assert means[0] < means[1] < means[2]
    assert kid(one[: KID_LEAST - 1], other) is None


def test_a_group_of_true_pictures_has_a_kid_and_few_have_none(weights, tryon) -> None:
    networks = Networks(
        reader=Missing("none"), embedder=Missing("none"), classifier=Missing("none"), hub=hub_networks.load(weights)
    )
    assert seen(tryon, networks) is None
    pair = seen(replace(tryon, truth=tryon.person), networks)
    assert pair is not None
    noise = np.random.default_rng(1).normal(size=(KID_LEAST, 2, pair[0].size))
    rows = [Row(name=str(n), group="g", seen=(pair[0] + one, pair[1] + other)) for n, (one, other) in enumerate(noise)]
    assert json.loads(json.dumps(summary(rows)))["g"]["kid"]["pictures"] == KID_LEAST
    assert summary(rows[1:])["g"]["kid"] is None
