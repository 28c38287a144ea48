"""CatVTON against a plain reference of the published algorithm, on tiny seeded checkpoints in the real layout."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file

from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.pipeline import CatVtonPipeline, Noise
from workbench.bench.checkpoints import CatVtonFiles, write_catvton

WIDTH, HEIGHT = 64, 96
LATENT = (4, HEIGHT // 8, WIDTH // 8)
DOUBLE = (4, HEIGHT // 4, WIDTH // 8)


class SkippedAttention:
    """The published processor for cross-attention: it returns what it is given."""

    def __call__(self, attn, hidden_states, *args, **kwargs):
        return hidden_states


class Reference:
    """The published algorithm, written straight down."""

    def __init__(self, files: CatVtonFiles) -> None:
        self.unet = UNet2DConditionModel.from_pretrained(files.base, subfolder="unet", use_safetensors=True)
        self.vae = AutoencoderKL.from_pretrained(files.vae, use_safetensors=True)
        config = json.loads((files.base / "scheduler" / "scheduler_config.json").read_text())
        self.scheduler = DDIMScheduler.from_config({k: v for k, v in config.items() if k != "_class_name"})
        self.unet.set_attn_processor(
            {
                name: SkippedAttention() if "attn2" in name else processor
                for name, processor in self.unet.attn_processors.items()
            }
        )
        published = load_file(files.attention)
        for index, module in enumerate(m for n, m in self.unet.named_modules() if n.endswith("attn1")):
            prefix = f"{8 * index}."
            module.load_state_dict({k[len(prefix) :]: v for k, v in published.items() if k.startswith(prefix)})

    @torch.no_grad()
    def run(self, person, garment, mask, noise: Noise, *, steps, guidance, eta):
        mask = (mask >= 0.5).float()
        masked = person * (mask < 0.5)
        person_latent = self.encode(masked, noise.person_posterior)
        garment_latent = self.encode(garment, noise.garment_posterior)
        mask_latent = mask[:, :, ::8, ::8]
        image_latent = torch.cat([person_latent, garment_latent], dim=-2)
        mask_latent = torch.cat([mask_latent, torch.zeros_like(mask_latent)], dim=-2)
        x = noise.initial
        guided = guidance > 1.0
        if guided:
            empty = torch.cat([person_latent, torch.zeros_like(garment_latent)], dim=-2)
            image_latent = torch.cat([empty, image_latent])
            mask_latent = torch.cat([mask_latent] * 2)
        self.scheduler.set_timesteps(steps)
        for t, fresh in zip(self.scheduler.timesteps, noise.steps, strict=True):
            latent = torch.cat([x] * 2) if guided else x
            eps = self.unet(
                torch.cat([latent, mask_latent, image_latent], dim=1), t, encoder_hidden_states=None, return_dict=False
            )[0]
            if guided:
                without, with_garment = eps.chunk(2)
                eps = without + guidance * (with_garment - without)
            x = self.scheduler.step(eps, t, x, eta=eta, variance_noise=fresh).prev_sample
        decoded = self.vae.decode(x.split(x.shape[-2] // 2, dim=-2)[0] / 0.18215).sample
        pictures = ((decoded / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy() * 255).round().astype(np.uint8)
        return pictures, x, decoded

    def encode(self, image, noise):
        posterior = self.vae.encode(image).latent_dist
        return (posterior.mean + posterior.std * noise) * 0.18215


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> CatVtonFiles:
    return write_catvton(tmp_path_factory.mktemp("catvton"))


@pytest.fixture(scope="module")
def pipeline(files: CatVtonFiles) -> CatVtonPipeline:
    return weights.load(files.base, files.vae, files.attention, dtype=torch.float32, device="cpu")


@pytest.fixture(scope="module")
def reference(files: CatVtonFiles) -> Reference:
    return Reference(files)


def inputs(count: int, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    soft = F.interpolate(torch.rand((count, 7, 6, 4), generator=generator), size=(HEIGHT, WIDTH), mode="bilinear")
    return soft[:, :3] * 2 - 1, soft[:, 3:6] * 2 - 1, soft[:, 6:]


def noise(count: int, steps: int, seed: int = 1) -> Noise:
    generator = torch.Generator().manual_seed(seed)

    def normal(shape):
        return torch.randn((count, *shape), generator=generator)

    return Noise(normal(LATENT), normal(LATENT), normal(DOUBLE), [normal(DOUBLE) for _ in range(steps)])


def relative(ours, theirs) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize(
    ("steps", "guidance", "eta"), [(5, 2.5, 1.0), (4, 1.0, 1.0), (3, 0.5, 0.0), (7, 4.0, 0.3), (1, 2.5, 1.0)]
)
def test_latents_and_pictures_equal_the_published_algorithm(pipeline, reference, steps, guidance, eta):
    person, garment, mask = inputs(2)
    injected = noise(2, steps)
    expected, latents, decoded = reference.run(person, garment, mask, injected, steps=steps, guidance=guidance, eta=eta)
    pictures, our_latents, our_decoded = pipeline.run(
        person,
        garment,
        mask,
        steps=steps,
        guidance=guidance,
        eta=eta,
        generators=None,
        width=WIDTH,
        height=HEIGHT,
        noise=injected,
        return_latents=True,
    )
    assert our_latents.shape == (2, *DOUBLE)
    assert our_decoded.shape == (2, 3, HEIGHT, WIDTH)
    assert relative(our_latents, latents) < 1e-4
    assert relative(our_decoded, decoded) < 1e-4
    assert np.abs(np.stack(pictures).astype(int) - expected).max() <= 1


def test_the_normalisation_before_the_skipped_cross_attention_is_kept(pipeline):
    block = pipeline.unet.mid_block.attentions[0].transformer_blocks[0]
    hidden = torch.randn((1, 4, 32), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        after = hidden + block.attn1(block.norm1(hidden))
        expected = after + block.norm2(after)
        expected = expected + block.ff(block.norm3(expected))
        assert torch.allclose(block(hidden), expected, atol=1e-5)
    assert not list(block.attn2.parameters())


def test_a_picture_does_not_depend_on_its_batch_mates(pipeline):
    person, garment, mask = inputs(3, seed=5)

    def dress(rows):
        return pipeline.run(
            person[rows],
            garment[rows],
            mask[rows],
            steps=4,
            guidance=2.5,
            eta=1.0,
            generators=[torch.Generator().manual_seed(seed) for seed in (11, 12, 13)][rows],
            width=WIDTH,
            height=HEIGHT,
        )

    together, alone = dress(slice(0, 3)), dress(slice(2, 3))
    assert np.abs(np.asarray(together[2], int) - np.asarray(alone[0], int)).max() <= 1
    assert np.abs(np.asarray(together[0], int) - np.asarray(together[1], int)).max() > 1


def test_pictures_are_cropped_padded_and_binarised_as_published(pipeline, reference):
    rng = np.random.default_rng(3)
    person = Image.fromarray(rng.integers(0, 256, (130, 100, 3), np.uint8))
    garment = Image.fromarray(rng.integers(0, 256, (70, 90, 3), np.uint8))
    mask = Image.fromarray(rng.integers(0, 256, (130, 100), np.uint8)).resize((100, 130))

    cropped = person.crop((7, 0, 93, 130)).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    padded = Image.new("RGB", (WIDTH, HEIGHT), (255, 255, 255))
    padded.paste(garment.resize((64, 49), Image.Resampling.LANCZOS), (0, 23))
    mask_cropped = mask.crop((7, 0, 93, 130)).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def tensor(image):
        return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1)

    injected = noise(1, 2)
    expected, _, _ = reference.run(
        tensor(cropped),
        tensor(padded),
        torch.from_numpy(np.asarray(mask_cropped, np.float32)[None, None] / 255),
        injected,
        steps=2,
        guidance=2.5,
        eta=1.0,
    )
    [picture] = pipeline.run(
        [person], [garment], [mask], steps=2, guidance=2.5, eta=1.0, noise=injected, width=WIDTH, height=HEIGHT
    )
    assert picture.size == (WIDTH, HEIGHT)
    assert np.abs(np.asarray(picture, int) - expected[0]).max() <= 1


def test_a_transparent_garment_is_put_on_white(pipeline):
    person, _, mask = inputs(1)
    cut = Image.new("RGBA", (40, 40), (200, 30, 30, 0))
    white = Image.new("RGB", (40, 40), (255, 255, 255))
    ours, plain = (
        pipeline.run(
            person, [garment], mask, steps=1, guidance=2.5, eta=1.0, noise=noise(1, 1), width=WIDTH, height=HEIGHT
        )[0]
        for garment in (cut, white)
    )
    assert np.array_equal(np.asarray(ours), np.asarray(plain))


@pytest.mark.parametrize("scheduler", ["ddim", "dpm++2m"])
def test_the_same_seed_makes_the_same_picture(pipeline, scheduler):
    person, garment, mask = inputs(1)
    first, second = (
        pipeline.run(
            person,
            garment,
            mask,
            steps=3,
            guidance=2.5,
            eta=1.0,
            generators=[torch.Generator().manual_seed(7)],
            width=WIDTH,
            height=HEIGHT,
            scheduler=scheduler,
        )[0]
        for _ in range(2)
    )
    assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be between"),
        ({"width": 60}, "multiple of 8"),
        ({"scheduler": "euler"}, "scheduler must be one of"),
        ({"noise": None}, "need 1 generators"),
        ({"persons": torch.zeros((1, 3, 8, 8))}, "is not"),
        ({"garments": []}, "need as many of each"),
        ({"persons": [Image.new("RGB", (9, 9))]}, "both be pictures or both be tensors"),
        ({"masks": torch.full((1, 1, HEIGHT, WIDTH), 255.0)}, "in \\[0, 1\\]"),
        ({"persons": [Image.new("RGB", (9, 9))], "masks": [Image.new("L", (8, 8))]}, "does not belong"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(pipeline, change, message):
    person, garment, mask = inputs(1)
    arguments = {
        "persons": person,
        "garments": garment,
        "masks": mask,
        "steps": 1,
        "guidance": 2.5,
        "eta": 1.0,
        "generators": None,
        "width": WIDTH,
        "height": HEIGHT,
        "noise": noise(1, 1),
    } | change
    with pytest.raises(ValueError, match=message):
        pipeline.run(arguments.pop("persons"), arguments.pop("garments"), arguments.pop("masks"), **arguments)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_paints_nearly_the_same_picture_from_the_same_seed(files, pipeline, dtype):
    person, garment, mask = inputs(1)

    def dress(model):
        [picture] = model.run(
            person,
            garment,
            mask,
            steps=4,
            guidance=2.5,
            eta=1.0,
            generators=[torch.Generator().manual_seed(3)],
            width=WIDTH,
            height=HEIGHT,
        )
        return np.asarray(picture, int)

    half = weights.load(files.base, files.vae, files.attention, dtype=dtype, device="cpu")
    assert np.abs(dress(half) - dress(pipeline)).mean() < 4


def test_a_canvas_the_network_cannot_halve_evenly_is_painted_as_published(pipeline, reference):
    generator = torch.Generator().manual_seed(9)
    person, garment = (torch.rand((1, 3, 72, 40), generator=generator) * 2 - 1 for _ in range(2))
    mask = (torch.rand((1, 1, 72, 40), generator=generator) > 0.5).float()
    normal = [torch.randn((1, 4, rows, 5), generator=generator) for rows in (9, 9, 18, 18, 18)]
    first, second, initial, *steps = normal
    injected = Noise(first, second, initial, steps)
    _, expected, _ = reference.run(person, garment, mask, injected, steps=2, guidance=2.5, eta=1.0)
    _, latents, _ = pipeline.run(
        person, garment, mask, steps=2, guidance=2.5, noise=injected, width=40, height=72, return_latents=True
    )
    assert relative(latents, expected) < 1e-4
