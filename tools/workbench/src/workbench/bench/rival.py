"""CatVTON as diffusers runs it by default: the rival in `make bench-weaver`.

Default attention processors on the self-attentions, the published skipping processor on the cross-attentions (their
weights stay), guidance in one batch, contiguous float32, DDIM by diffusers' scheduler, two VAE encodes, one decode.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file

from weaver.pipelines.catvton.pipeline import Noise
from workbench.bench.checkpoints import ATTENTION_STRIDE, CatVtonFiles


class SkippedAttention:
    """An attention processor that returns its input."""

    def __call__(self, attn: Any, hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        return hidden_states


class DiffusersPipeline:
    """The rival, loaded.

    Args:
        files: The checkpoint.
        device: `cpu` or `cuda`.
    """

    def __init__(self, files: CatVtonFiles, *, device: str) -> None:
        self.device = device
        plain = {"use_safetensors": True, "low_cpu_mem_usage": False}
        self.unet = UNet2DConditionModel.from_pretrained(files.base, subfolder="unet", **plain)
        self.vae = AutoencoderKL.from_pretrained(files.vae, **plain).to(device)
        config = json.loads((files.base / "scheduler" / "scheduler_config.json").read_text())
        self.scheduler = DDIMScheduler.from_config({k: v for k, v in config.items() if k != "_class_name"})
        skipped = SkippedAttention()
        self.unet.set_attn_processor(
            {name: skipped if "attn2" in name else kept for name, kept in self.unet.attn_processors.items()}
        )
        published = load_file(files.attention)
        attentions = [module for name, module in self.unet.named_modules() if name.endswith("attn1")]
        for index, attention in enumerate(attentions):
            prefix = f"{ATTENTION_STRIDE * index}."
            attention.load_state_dict({k.removeprefix(prefix): v for k, v in published.items() if k.startswith(prefix)})
        self.unet.to(device)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def run(
        self, person: Any, garment: Any, mask: Any, *, noise: Noise, steps: int, guidance: float = 2.5
    ) -> tuple[Any, Any]:
        """Return the final latents (B, 4, 2h, w) and the decoded pictures (B, 3, H, W)."""
        person, garment, mask = (tensor.to(self.device) for tensor in (person, garment, mask))
        top = self._encode(person * (mask < 0.5), noise.person_posterior)
        bottom = self._encode(garment, noise.garment_posterior)
        hole = F.interpolate(mask, size=top.shape[-2:], mode="nearest")
        holes = torch.cat([torch.cat([hole, torch.zeros_like(hole)], dim=-2)] * 2)
        image = torch.cat(
            [torch.cat([top, torch.zeros_like(bottom)], dim=-2), torch.cat([top, bottom], dim=-2)],
        )
        x = noise.initial.to(self.device)
        self.scheduler.set_timesteps(steps, device=self.device)
        for t, fresh in zip(self.scheduler.timesteps, noise.steps, strict=True):
            inputs = torch.cat([torch.cat([x] * 2), holes, image], dim=1)
            without, dressed = self.unet(inputs, t, encoder_hidden_states=None, return_dict=False)[0].chunk(2)
            eps = without + guidance * (dressed - without)
            x = self.scheduler.step(eps, t, x, eta=1.0, variance_noise=fresh.to(self.device)).prev_sample
        half = x[:, :, : x.shape[2] // 2] / self.vae.config.scaling_factor
        return x, self.vae.decode(half, return_dict=False)[0]

    def _encode(self, image: Any, noise: Any) -> Any:
        posterior = self.vae.encode(image).latent_dist
        return (posterior.mean + posterior.std * noise.to(self.device)) * self.vae.config.scaling_factor


def random_inputs(count: int, size: tuple[int, int], *, seed: int = 0) -> tuple[Any, Any, Any]:
    """Return soft random persons and garments in [-1, 1] and a mask over the middle, (B, C, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    width, height = size
    soft = F.interpolate(torch.rand((count, 6, 6, 4), generator=generator), size=(height, width), mode="bilinear")
    mask = torch.zeros((count, 1, height, width))
    mask[:, :, height // 4 : height // 2, width // 4 : -width // 4] = 1
    return soft[:, :3] * 2 - 1, soft[:, 3:] * 2 - 1, mask


def random_noise(count: int, size: tuple[int, int], *, steps: int, factor: int = 8, seed: int = 1) -> Noise:
    """Return all random tensors of a run."""
    generator = torch.Generator().manual_seed(seed)
    h, w = size[1] // factor, size[0] // factor

    def normal(rows: int) -> Any:
        return torch.randn((count, 4, rows, w), generator=generator)

    rest: Sequence[Any] = [normal(2 * h) for _ in range(steps)]
    return Noise(normal(h), normal(h), normal(2 * h), rest)
