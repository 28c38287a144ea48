"""The sampler: diffusers' own `Flux2KleinPipeline`, taken apart at its steps.

Its call makes one batch from the first step to the last. A session needs pictures that join and leave between two
steps, so this module calls the class's own parts in its order: the noise, the reference latents, one pass of the
transformer a step, the Euler step, the decoder. A test holds the two equal. Rows of one step may be at different places
of the schedule: time is a value per row.

The model is distilled to four steps without guidance: one pass a step, and no null branch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from diffusers import Flux2KleinPipeline
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu, retrieve_timesteps
from torch import Tensor

from weaver.pipelines.rows import RowPass

SCHEDULES_KEPT: Final = 8
"""Tables of times; one per canvas and number of steps, a few numbers each."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The way from noise to the picture.

    Attributes:
        sigmas: Noise before each step, and 0 at the end.
        times: (steps,) on the device, as the transformer takes them.
    """

    sigmas: tuple[float, ...]
    times: Tensor

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return len(self.sigmas) - 1


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture on its way.

    Attributes:
        latents: (1, n, C) float32, the picture so far.
        references: (1, r, C), person and garment.
        places: (1, n + r, 4), where each token lies.
        category: Whose prompt it follows.
        size: (width, height) of the canvas.
        index: Steps that are done.
    """

    latents: Tensor
    references: Tensor
    places: Tensor
    category: str
    size: tuple[int, int]
    schedule: Schedule
    index: int = 0

    @property
    def done(self) -> bool:
        """Whether all its steps are."""
        return self.index == self.schedule.steps

    def on(self, device: torch.device | str) -> Picture:
        """Return it on a device."""
        moved = {name: getattr(self, name).to(device) for name in ("latents", "references", "places")}
        return replace(self, **moved)


class KleinPipeline:
    """The loaded model. Not thread-safe; keeps nothing of a picture.

    Args:
        parts: The published class with transformer, VAE and scheduler; it needs no text encoder any more.
        prompts: Category -> its embedding, (1, L, D), on the transformer's device.
    """

    def __init__(self, parts: Flux2KleinPipeline, prompts: Mapping[str, Tensor]) -> None:
        self.parts = parts
        self.prompts = prompts
        self.rows = RowPass(self._pass)
        some = next(iter(prompts.values()))
        self._text_places = parts._prepare_text_ids(some).to(self.device)
        self._schedules: dict[tuple[int, int], Schedule] = {}

    @property
    def transformer(self) -> Any:
        """The network."""
        return self.parts.transformer

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return self.transformer.x_embedder.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The network's dtype."""
        return self.transformer.x_embedder.weight.dtype

    @torch.inference_mode()
    def begin(self, person: Tensor, garment: Tensor, *, category: str, seed: int, steps: int) -> Picture:
        """Start a picture: its noise is the same on every device, whatever its batch.

        Args:
            person: (1, 3, H, W) in [-1, 1]; sides are multiples of 16.
            garment: Likewise.
            category: One of `prompts`.
            seed: Of the noise.
            steps: Euler steps.
        """
        height, width = person.shape[-2:]
        latents, places = self.parts.prepare_latents(
            batch_size=1,
            num_latents_channels=self.transformer.config.in_channels // 4,
            height=height,
            width=width,
            dtype=torch.float32,
            device=self.device,
            generator=torch.Generator("cpu").manual_seed(seed),
        )
        references, reference_places = self.parts.prepare_image_latents(
            images=[person, garment],
            batch_size=1,
            generator=None,
            device=self.device,
            dtype=self.parts.vae.dtype,
        )
        return Picture(
            latents=latents,
            references=references,
            places=torch.cat([places, reference_places], dim=1),
            category=category,
            size=(width, height),
            schedule=self.schedule(tokens=latents.shape[1], steps=steps),
        )

    @torch.inference_mode()
    def denoise(self, pictures: Sequence[Picture]) -> list[Picture]:
        """Return pictures of one canvas one step further; the host waits for nothing."""
        tokens = pictures[0].latents.shape[1]
        velocities = self.rows(
            torch.cat([torch.cat([one.latents.to(self.dtype), one.references], dim=1) for one in pictures]),
            torch.cat([one.schedule.times[one.index : one.index + 1] for one in pictures]),
            torch.cat([self.prompts[one.category] for one in pictures]),
            torch.cat([one.places for one in pictures]),
            self._text_places.expand(len(pictures), -1, -1),
        )[:, :tokens]
        moved = []
        for one, velocity in zip(pictures, velocities.float().split(1), strict=True):
            before, after = one.schedule.sigmas[one.index : one.index + 2]
            moved.append(replace(one, latents=one.latents + (after - before) * velocity, index=one.index + 1))
        return moved

    @torch.inference_mode()
    def decode(self, picture: Picture) -> Tensor:
        """Return a picture's (3, H, W) float32, about [-1, 1]."""
        parts, side = self.parts, 2 * self.parts.vae_scale_factor
        rows, columns = picture.size[1] // side, picture.size[0] // side
        own = picture.places[:, : picture.latents.shape[1]]
        latents = parts._unpack_latents_with_ids(picture.latents.to(self.dtype), own, rows, columns)
        norm = parts.vae.bn
        mean, variance = (tensor.view(1, -1, 1, 1) for tensor in (norm.running_mean, norm.running_var))
        spread = torch.sqrt(variance + parts.vae.config.batch_norm_eps).to(latents.dtype)
        latents = parts._unpatchify_latents(latents * spread + mean.to(latents.dtype))
        return parts.vae.decode(latents, return_dict=False)[0][0].float()

    def schedule(self, *, tokens: int, steps: int) -> Schedule:
        """Return the schedule for a number of tokens of the picture, made once and kept."""
        if (tokens, steps) not in self._schedules:
            scheduler = self.parts.scheduler
            times, _ = retrieve_timesteps(
                scheduler,
                steps,
                "cpu",
                sigmas=None if scheduler.config.get("use_flow_sigmas") else np.linspace(1.0, 1 / steps, steps),
                mu=compute_empirical_mu(image_seq_len=tokens, num_steps=steps),
            )
            if len(self._schedules) >= SCHEDULES_KEPT:
                self._schedules.pop(next(iter(self._schedules)))
            # Rounded to the network's dtype before it is divided, as the published call does.
            told = times.to(self.dtype) / 1000
            sigmas = tuple(scheduler.sigmas.tolist())
            self._schedules[tokens, steps] = Schedule(sigmas=sigmas, times=told.to(self.device))
        return self._schedules[tokens, steps]

    @torch.inference_mode()
    def row_inputs(self, rows: int, *, size: tuple[int, int]) -> tuple[Tensor, ...]:
        """Return drawn inputs of the network for so many rows on a canvas, as `denoise` passes them."""
        shape = (1, 3, size[1], size[0])
        blank = torch.zeros(shape)
        one = self.begin(blank, blank, category=next(iter(self.prompts)), seed=rows, steps=4)
        hidden = torch.cat([one.latents.to(self.dtype), one.references], dim=1)
        prompt, places, words = self.prompts[one.category], one.places, self._text_places
        return (
            hidden.repeat(rows, 1, 1),
            one.schedule.times[1:2].repeat(rows),
            *(tensor.repeat(rows, 1, 1) for tensor in (prompt, places, words)),
        )

    def _pass(self, hidden: Tensor, time: Tensor, prompt: Tensor, places: Tensor, words: Tensor) -> Tensor:
        return self.transformer(
            hidden_states=hidden,
            timestep=time,
            guidance=None,
            encoder_hidden_states=prompt,
            txt_ids=words,
            img_ids=places,
            return_dict=False,
        )[0]
