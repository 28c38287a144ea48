"""The published CatVTON algorithm, in steps that a session can walk: `encode`, `denoise` until done, `decode`.

A picture on its way is a `Picture`; a batch is a list of them. They share nothing but the forward pass: each has its
own noise, guidance, sampler and place in it, so pictures join and leave between two steps, and none depends on its
batch mates. `run` walks the steps for a whole batch, as published. Shapes: B pictures, canvas H x W, latents h x w
(H/8, W/8 for the real VAE), the person above the garment: 2h x w.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel

from weaver.pipelines.catvton import deep_cache, images
from weaver.pipelines.catvton.picture import Picture, Recipe
from weaver.pipelines.catvton.solvers import Schedule, advance
from weaver.pipelines.rows import RowPass

Draw = Callable[[tuple[int, ...]], torch.Tensor]
"""Gives standard normal noise of a shape (1, ...): person posterior, garment posterior, initial, then one per step
that adds noise."""


@dataclass(frozen=True)
class Noise:
    """Every random tensor of a run, injected.

    Attributes:
        person_posterior: (B, 4, h, w), for the masked person's VAE posterior.
        garment_posterior: (B, 4, h, w), for the garment's.
        initial: (B, 4, 2h, w).
        steps: One (B, 4, 2h, w) per step; unused by samplers that add none.
    """

    person_posterior: torch.Tensor
    garment_posterior: torch.Tensor
    initial: torch.Tensor
    steps: Sequence[torch.Tensor]

    def of(self, index: int) -> Draw:
        """Return the noise of one picture of the batch."""
        row = slice(index, index + 1)
        return drawn(each[row] for each in (self.person_posterior, self.garment_posterior, self.initial, *self.steps))


def drawn(tensors: Iterable[torch.Tensor]) -> Draw:
    """Return noise that was drawn before, in its order."""
    left = iter(tensors)
    return lambda shape: next(left)


def seeded(generator: torch.Generator) -> Draw:
    """Draw from a generator, on its device, float32: a seed means the same picture on every device and dtype."""
    return lambda shape: torch.randn(shape, generator=generator, device=generator.device)


class CatVtonPipeline:
    """CatVTON on one device. Not thread-safe; `weights.load` builds it."""

    def __init__(
        self, *, unet: UNet2DConditionModel, vae: AutoencoderKL, schedule: Schedule, version: str = ""
    ) -> None:
        self.unet = unet
        self.vae = vae
        self.schedule = schedule
        self.version = version
        self.device: torch.device = next(unet.parameters()).device
        self.dtype: torch.dtype = next(unet.parameters()).dtype
        self.vae_factor = 2 ** (len(vae.config.block_out_channels) - 1)
        self.scaling: float = vae.config.scaling_factor
        self.rows = RowPass(self.predict_rows)

    @cached_property
    def beside(self) -> torch.cuda.Stream:
        """A stream for work that the next batch need not wait for; on a GPU only."""
        return torch.cuda.Stream(self.device)

    @torch.inference_mode()
    def run(  # noqa: PLR0913  # a pipeline's call: one keyword for each knob of the published one
        self,
        persons: images.Pictures,
        garments: images.Pictures,
        masks: images.Pictures,
        *,
        steps: int = 50,
        guidance: float = 2.5,
        eta: float = 1.0,
        generators: Sequence[torch.Generator] | None = None,
        width: int = 768,
        height: int = 1024,
        scheduler: str = "ddim",
        noise: Noise | None = None,
        return_latents: bool = False,
    ) -> Any:
        """Dress every person in the garment beside it.

        Args:
            persons: PIL pictures of any size, or (B, 3, H, W) in [-1, 1].
            garments: Likewise; cut-outs with transparency are put on white.
            masks: PIL pictures of the persons' sizes, or (B, 1, H, W) in [0, 1]; >= 0.5 is repainted.
            steps: Denoising steps.
            guidance: Classifier-free guidance; 1 or less: none.
            eta: 1 = stochastic as published, 0 = deterministic (DDIM only).
            generators: One per picture; may be None with `noise`.
            width: Canvas in pixels, a multiple of the VAE's factor (8).
            height: Likewise.
            scheduler: `ddim` (published) or `dpm++2m`.
            noise: Replaces every random tensor.
            return_latents: Also return the final latents and the decoded tensors.

        Returns:
            A list of B pictures of `width` x `height`; with `return_latents` a tuple of it, the latents
            (B, 4, 2h, w) and the VAE's output (B, 3, H, W), unclipped, both float32.

        Raises:
            ValueError: The arguments do not fit each other.
        """
        if width % self.vae_factor or height % self.vae_factor:
            raise ValueError(f"{width}x{height}: the canvas must be a multiple of {self.vae_factor}")
        recipe = Recipe(plan=self.schedule.plan(scheduler, steps, eta=eta), guidance=guidance)
        person, garment, mask = images.prepare(persons, garments, masks, size=(width, height))
        pictures = self.encode(person, garment, mask, recipe=recipe, draws=self._draws(len(person), generators, noise))
        while not pictures[0].done:
            self.denoise(pictures)
        decoded = self.decode(pictures)
        finished = images.to_pil(decoded)
        if not return_latents:
            return finished
        return finished, torch.cat([picture.latents for picture in pictures]), decoded.float()

    @torch.inference_mode()
    def encode(
        self, person: torch.Tensor, garment: torch.Tensor, mask: torch.Tensor, *, recipe: Recipe, draws: Sequence[Draw]
    ) -> list[Picture]:
        """Make B pictures ready to denoise.

        Args:
            person: (B, 3, H, W) in [-1, 1].
            garment: (B, 3, H, W) in [-1, 1].
            mask: (B, 1, H, W), 0 or 1.
            recipe: For all of them.
            draws: One per picture.
        """
        person, garment, mask = (self._placed(tensor) for tensor in (person, garment, mask))
        count = len(person)
        moments = self.moments(torch.cat([person * (mask < 0.5), garment]))
        return [
            self.begin(
                moments[i : i + 1], moments[count + i : count + i + 1], mask[i : i + 1], recipe=recipe, draw=draw
            )
            for i, draw in enumerate(draws)
        ]

    @torch.inference_mode()
    def moments(self, image: torch.Tensor) -> torch.Tensor:
        """Return the VAE posterior's mean and deviation, (B, 8, h, w), of (B, 3, H, W) in [-1, 1]."""
        posterior = self.vae.encode(self._placed(image)).latent_dist
        return torch.cat([posterior.mean, posterior.std], dim=1)

    @torch.inference_mode()
    def begin(
        self, person: torch.Tensor, garment: torch.Tensor, mask: torch.Tensor, *, recipe: Recipe, draw: Draw
    ) -> Picture:
        """Make one picture ready: moments (1, 8, h, w) of masked person and garment, mask (1, 1, H, W)."""
        top, bottom = self._sample(person, draw), self._sample(garment, draw)
        hole = F.interpolate(self._placed(mask), size=top.shape[-2:], mode="nearest")
        holes = torch.cat([hole, torch.zeros_like(hole)], dim=-2)
        without = torch.cat([top, torch.zeros_like(bottom)], dim=-2)
        conditions = torch.cat(
            [torch.cat([holes, without], dim=1), torch.cat([holes, torch.cat([top, bottom], dim=-2)], dim=1)]
        )
        shape = tuple(without.shape)
        latents = draw(shape).to(self.device, torch.float32)
        noises = [draw(shape) for step in recipe.plan if step.noise]
        return Picture(
            recipe=recipe,
            conditions=conditions,
            latents=latents,
            timesteps=torch.tensor([step.timestep for step in recipe.plan], dtype=torch.float32, device=self.device),
            noises=torch.cat(noises).to(self.device, torch.float32) if noises else None,
        )

    def draws(self, recipe: Recipe, draw: Draw, *, width: int, height: int) -> tuple[torch.Tensor, ...]:
        """Return all noise of one picture, as `begin` wants it: a thread beside the engine's may draw it."""
        channels = int(self.vae.config.latent_channels)
        half = (1, channels, height // self.vae_factor, width // self.vae_factor)
        whole = (1, channels, 2 * half[2], half[3])
        steps = sum(1 for step in recipe.plan if step.noise)
        return tuple(draw(shape) for shape in (half, half, *[whole] * (1 + steps)))

    @torch.inference_mode()
    def denoise(self, pictures: Sequence[Picture]) -> None:
        """Move every picture one step on, in one forward pass; guided ones take two rows of it, others one.

        Those whose step takes something over have a shallow pass of their own. Nothing has changed when a pass raises
        (out of memory): it can be called again with fewer.
        """
        for picture, (eps, deep) in zip(pictures, self._predict(pictures), strict=True):
            self._advance(picture, eps)
            picture.deep = deep

    @torch.inference_mode()
    def predict(self, pictures: Sequence[Picture]) -> Sequence[torch.Tensor]:
        """Return the UNet's output for every picture's next step, float32: (2, 4, 2h, w) where it is guided, else 1."""
        return [eps for eps, _ in self._predict(pictures)]

    def _predict(self, pictures: Sequence[Picture]) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
        """Return every picture's prediction, and what its next step takes over."""
        whole = [picture for picture in pictures if picture.recipe.whole(picture.index)]
        shallow = [picture for picture in pictures if not picture.recipe.whole(picture.index)]
        found: dict[int, tuple[torch.Tensor, torch.Tensor | None]] = {}
        if whole:
            x, timesteps, counts = self._rows_of(whole)
            if any(picture.recipe.keeps(picture.index) for picture in whole):
                eps, deep = deep_cache.whole(self.unet, x, timesteps)
                parts: Sequence[torch.Tensor | None] = deep.split(counts)
            else:
                eps, parts = self.rows(x, timesteps), [None] * len(whole)
            found |= zip(map(id, whole), zip(eps.float().split(counts), parts, strict=True), strict=True)
        if shallow:
            x, timesteps, counts = self._rows_of(shallow)
            taken = [picture.taken(count) for picture, count in zip(shallow, counts, strict=True)]
            eps = deep_cache.shallow(self.unet, x, timesteps, torch.cat(taken))
            found |= zip(map(id, shallow), zip(eps.float().split(counts), taken, strict=True), strict=True)
        return [
            # A tensor of its own: a picture that leaves takes its memory with it.
            (eps, deep.clone() if deep is not None and picture.recipe.keeps(picture.index) else None)
            for picture in pictures
            for eps, deep in [found[id(picture)]]
        ]

    def _rows_of(self, pictures: Sequence[Picture]) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
        """Return the network's inputs for the pictures' next steps, and how many rows each has."""
        rows: list[torch.Tensor] = []
        timesteps: list[torch.Tensor] = []
        for picture in pictures:
            conditions = picture.conditions if picture.recipe.guides(picture.index) else picture.conditions[1:]
            latents = picture.latents.to(self.dtype).expand(len(conditions), -1, -1, -1)
            rows.append(torch.cat([latents, conditions], dim=1))
            timesteps.append(picture.timesteps[picture.index : picture.index + 1].expand(len(conditions)))
        x = torch.cat(rows).contiguous(memory_format=self._memory_format)
        return x, torch.cat(timesteps), [len(row) for row in rows]

    def row_inputs(self, rows: int, *, width: int, height: int) -> tuple[torch.Tensor, ...]:
        """Return drawn inputs of the network for so many rows of a canvas, as `predict` passes them."""
        generator = torch.Generator().manual_seed(rows)
        shape = (rows, self.unet.config.in_channels, 2 * height // self.vae_factor, width // self.vae_factor)
        x = self._placed(torch.randn(shape, generator=generator)).contiguous(memory_format=self._memory_format)
        return x, torch.full((rows,), 500.0, device=self.device)

    def predict_rows(self, x: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        """Run the UNet: rows (R, 9, 2h, w), their timesteps (R,) float32."""
        predicted: torch.Tensor = self.unet(x, timesteps, encoder_hidden_states=None, return_dict=False)[0]
        return predicted

    @torch.inference_mode()
    def decode(self, pictures: Sequence[Picture]) -> torch.Tensor:
        """Return the persons' halves, decoded by the VAE, (B, 3, H, W), about [-1, 1], unclipped."""
        return self._decode(self.vae, pictures, self.dtype)

    @torch.inference_mode()
    def decode_exactly(self, pictures: Sequence[Picture]) -> torch.Tensor:
        """Do the same in float32, with a copy of the VAE that goes again; in any thread."""
        return self._decode(copy.deepcopy(self.vae).float(), pictures, torch.float32)

    def _decode(self, vae: AutoencoderKL, pictures: Sequence[Picture], dtype: torch.dtype) -> torch.Tensor:
        latents = torch.cat([picture.latents for picture in pictures])
        persons = latents[:, :, : latents.shape[2] // 2].to(dtype) / self.scaling
        decoded: torch.Tensor = vae.decode(persons.contiguous(memory_format=self._memory_format), return_dict=False)[0]
        return decoded

    def _advance(self, picture: Picture, eps: torch.Tensor) -> None:
        recipe, step = picture.recipe, picture.recipe.plan[picture.index]
        if len(eps) == 2:
            eps = eps[:1] + recipe.guidance * (eps[1:] - eps[:1])
        picture.latents, picture.previous_x0 = advance(
            step, picture.latents, eps, picture.previous_x0, picture.noise, clip=self.schedule.clip
        )
        picture.index += 1

    def _sample(self, moments: torch.Tensor, draw: Draw) -> torch.Tensor:
        mean, deviation = moments.chunk(2, dim=1)
        return (mean + deviation * self._placed(draw(tuple(mean.shape)))) * self.scaling

    def _draws(self, count: int, generators: Sequence[torch.Generator] | None, noise: Noise | None) -> Sequence[Draw]:
        if noise is not None:
            return [noise.of(index) for index in range(count)]
        if generators is None or len(generators) != count:
            raise ValueError(f"{count} pictures need {count} generators, or injected noise")
        return [seeded(generator) for generator in generators]

    def _placed(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, self.dtype)

    @property
    def _memory_format(self) -> torch.memory_format:
        first = self.unet.conv_in.weight
        return (
            torch.channels_last if first.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
        )
