"""klein's pipeline against diffusers' own call, its files, and the size of the published model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLFlux2, Flux2KleinPipeline, Flux2Transformer2DModel
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import Qwen3Config, Qwen3ForCausalLM
from transformers.utils import logging as transformers_logging

from proteus.errors import ModelUnavailable
from weaver.pipelines import checksums, klein
from weaver.pipelines.klein import weights
from weaver.pipelines.klein.engine import KleinEngine
from weaver.pipelines.klein.pipeline import KleinPipeline
from weaver.pipelines.klein.prompts import WEARING, prompt_of
from workbench import hub
from workbench.bench.checkpoints import write_klein
from workbench.bench.klein_sizes import FULL, INDEX, klein_configs

WIDTH, HEIGHT = 64, 80
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    transformers_logging.disable_progress_bar()
    diffusers_logging.disable_progress_bar()
    return write_klein(tmp_path_factory.mktemp("klein"))


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> KleinPipeline:
    engine = klein.load_engine(weights_dir=folder, device="cpu")
    assert isinstance(engine, KleinEngine)
    assert engine.form == "fp32"
    return engine.pipeline


@pytest.fixture(scope="module")
def published(folder: Path) -> Flux2KleinPipeline:
    pipe = Flux2KleinPipeline.from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((pixels.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None].copy())


def sampled(pipeline: KleinPipeline, category: str, seed: int, steps: int) -> torch.Tensor:
    one = pipeline.begin(tensor(picture(1)), tensor(picture(2)), category=category, seed=seed, steps=steps)
    while not one.done:
        [one] = pipeline.denoise([one])
    return pipeline.decode(one)


@pytest.mark.parametrize(("category", "seed", "steps"), [("upper", 5, 4), ("shoes", 6, 4), ("bag", 7, 2)])
def test_a_picture_is_that_of_diffusers_own_call(
    pipeline: KleinPipeline, published: Flux2KleinPipeline, category: str, seed: int, steps: int
) -> None:
    theirs = published(
        image=[Image.fromarray(picture(1)), Image.fromarray(picture(2))],
        prompt=prompt_of(category),
        num_inference_steps=steps,
        guidance_scale=1.0,
        generator=torch.Generator().manual_seed(seed),
        height=HEIGHT,
        width=WIDTH,
        output_type="pt",
    ).images[0]
    ours = (sampled(pipeline, category, seed, steps) / 2 + 0.5).clamp(0, 1)
    assert float((ours - theirs).abs().max()) <= TOLERANCE
    assert float(theirs.std()) > 0.05, "a picture of one colour would prove nothing"


def test_the_prompt_the_seed_and_both_pictures_count(pipeline: KleinPipeline) -> None:
    base = sampled(pipeline, "upper", 5, 4)
    assert not torch.allclose(base, sampled(pipeline, "hat", 5, 4), atol=1e-3)
    assert not torch.allclose(base, sampled(pipeline, "upper", 6, 4), atol=1e-3)
    for pair in ((1, 3), (3, 2)):
        one = pipeline.begin(*(tensor(picture(n)) for n in pair), category="upper", seed=5, steps=4)
        while not one.done:
            [one] = pipeline.denoise([one])
        assert not torch.allclose(base, pipeline.decode(one), atol=1e-3)


def test_every_category_has_its_own_prompt_and_the_text_encoder_is_gone(pipeline: KleinPipeline) -> None:
    assert pipeline.parts.text_encoder is None
    assert pipeline.prompts.keys() == WEARING.keys()
    words = [tuple(prompt[0, :, 0].tolist()) for prompt in pipeline.prompts.values()]
    assert len(set(words)) == len(words)


def test_the_published_model_has_the_size_that_its_card_and_its_memory_are_planned_for() -> None:
    transformer_config, vae_config, text_config = klein_configs(FULL)
    with torch.device("meta"):
        transformer = Flux2Transformer2DModel.from_config(transformer_config)
        vae = AutoencoderKLFlux2.from_config(vae_config)
        text = Qwen3ForCausalLM(Qwen3Config(**text_config))
    counted = [sum(parameter.numel() for parameter in part.parameters()) for part in (transformer, vae, text)]
    assert counted == [3_875_544_576, 84_046_115, 4_022_468_096]
    assert round(2 * counted[0] / 1e9, 2) == 7.75, "GB in bfloat16, as published"
    assert len(vae.state_dict()) == 251, "tensors, as published"
    assert transformer_config["joint_attention_dim"] == 3 * text_config["hidden_size"]


def test_the_fetched_files_are_those_that_the_loader_needs() -> None:
    fetched = {file.target for file in hub.MODELS["klein"]}
    assert set(weights.NEEDED) <= fetched
    assert not [name for name in fetched if Path(name).suffix in (".bin", ".pt", ".ckpt")]


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    for file in folder.rglob("*"):
        if file.is_file():
            place = tmp_path / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
    return tmp_path


def refused(folder: Path, words: str) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        weights.load(folder, dtype=torch.float32, device="cpu")


@pytest.mark.parametrize("name", weights.NEEDED)
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    refused(copy, f"klein lacks {name}")


def test_a_file_that_is_not_the_fetched_one_is_refused(copy: Path) -> None:
    file = copy / "vae" / weights.TENSORS
    checksums.record(file, listing=copy / checksums.LISTING)
    tensors = load_file(file)
    save_file(tensors | {"bn.running_mean": tensors["bn.running_mean"] + 1}, file)
    refused(copy, "is not the file that was fetched")


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        ("model_index.json", {"_class_name": "Flux2Pipeline"}, "does not describe FLUX.2 klein"),
        ("model_index.json", {"is_distilled": False}, "base model"),
        ("transformer/config.json", {"num_attention_heads": 32}, "non-commercial"),
    ],
)
def test_another_model_of_the_family_is_refused(copy: Path, file: str, changes: dict, words: str) -> None:
    found = json.loads((copy / file).read_text())
    (copy / file).write_text(json.dumps(found | changes))
    refused(copy, words)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (f"transformer/{weights.TENSORS}", "klein's transformer does not fit"),
        (f"vae/{weights.TENSORS}", "klein's vae does not fit"),
        ("text_encoder/model.safetensors", "klein's text encoder does not fit"),
    ],
)
def test_a_file_that_lacks_a_tensor_is_refused(copy: Path, file: str, words: str) -> None:
    tensors = load_file(copy / file)
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, copy / file, metadata={"format": "pt"})
    refused(copy, words)


def test_the_index_names_the_classes_that_the_loader_wants() -> None:
    assert {part: INDEX[part][1] for part in weights.CLASSES} == weights.CLASSES
