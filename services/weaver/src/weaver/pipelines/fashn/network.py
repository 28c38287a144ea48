"""The network of FASHN VTON v1.5: two streams of 12x12 patches, person and garment, in pixel space.

`forward` is the whole network. The sampler calls its three parts instead, because two of them do not change from step
to step: `modulation` (depends on time and category, so once per schedule), `embed_garment` (once per picture) and
`denoise` (every step). Parameter names are those of the published file; `patch_mixer_token` is in it but unused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weaver.pipelines.fashn.blocks import DoubleBlock, Rotary, SingleBlock, modulate, rotary_table

CATEGORIES = 4
"""0 none (the null branch), 1 tops, 2 bottoms, 3 one-pieces."""
TIME_DIM = 256
TIME_SCALE = 1000.0
TIME_PERIOD = 10_000.0
PERSON_CHANNELS = 7
"""Noisy picture (3), person (3), person's pose (1), in this order."""
GARMENT_CHANNELS = 4
"""Garment (3), garment's pose (1)."""


@dataclass(frozen=True, kw_only=True)
class TryOnConfig:
    """The network's sizes; the defaults are the published ones.

    Attributes:
        patch: Side of a patch in pixels.
        height: Canvas in pixels, a multiple of `patch`; likewise `width`.
        axes: Rotary dimensions for (nothing, row, column); their sum is one head's width.
        mixer: Blocks over the person's patches alone; `double` and `single` are the joint ones.
    """

    hidden: int = 1280
    heads: int = 10
    patch: int = 12
    height: int = 864
    width: int = 576
    axes: tuple[int, int, int] = (16, 56, 56)
    mixer: int = 4
    double: int = 8
    single: int = 16

    def __post_init__(self) -> None:
        for name in ("hidden", "heads", "patch", "height", "width", "mixer", "double", "single"):
            if type(size := getattr(self, name)) is not int or size < 1:
                raise ValueError(f"{name} is {size!r}, which is no size")
        if len(self.axes) != 3 or any(type(size) is not int or size < 0 for size in self.axes):
            raise ValueError(f"axes are {self.axes!r}: three sizes are needed")
        if sum(self.axes) * self.heads != self.hidden:
            raise ValueError(f"axes {self.axes} x {self.heads} heads do not make {self.hidden} hidden dimensions")
        if self.height % self.patch or self.width % self.patch:
            raise ValueError(f"a canvas of {self.width}x{self.height} does not divide into patches of {self.patch}")

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.height // self.patch, self.width // self.patch

    @property
    def tokens(self) -> int:
        """Patches per stream."""
        return self.grid[0] * self.grid[1]


FULL = TryOnConfig()


class PatchEmbedder(nn.Module):
    """Turns a picture, (B, C, H, W), into patch vectors, (B, N, D), row by row."""

    def __init__(self, channels: int, config: TryOnConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, config.hidden, config.patch, stride=config.patch)

    def forward(self, x: Tensor) -> Tensor:
        """Embed in the weights' dtype."""
        return self.proj(x.to(self.proj.weight.dtype)).flatten(2).transpose(1, 2)


class TimeEmbedder(nn.Module):
    """Turns time, (B,) float32 in [0, 1], into a vector, (B, D)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.mlp = nn.ModuleDict({"in_layer": nn.Linear(TIME_DIM, hidden), "out_layer": nn.Linear(hidden, hidden)})

    def forward(self, t: Tensor) -> Tensor:
        """Embed; the sinusoids are float32, the MLP is in the weights' dtype."""
        half = TIME_DIM // 2
        exponents = torch.arange(half, dtype=torch.float32, device=t.device) / half
        frequencies = torch.exp(-math.log(TIME_PERIOD) * exponents)
        angles = TIME_SCALE * t.float().unsqueeze(1) * frequencies
        waves = torch.cat((angles.cos(), angles.sin()), dim=1)
        first = self.mlp["in_layer"]
        return self.mlp["out_layer"](F.silu(first(waves.to(first.weight.dtype))))


class FinalLayer(nn.Module):
    """Turns person tokens into patches of velocity."""

    def __init__(self, config: TryOnConfig) -> None:
        super().__init__()
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(config.hidden, 2 * config.hidden))
        self.linear = nn.Linear(config.hidden, 3 * config.patch**2)

    def forward(self, h: Tensor, modulation: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, 3·patch²)."""
        return self.linear(modulate(h, *modulation.unsqueeze(1).chunk(2, dim=-1)))


class TryOnNetwork(nn.Module):
    """Predicts the velocity from noise to the picture of the person wearing the garment."""

    patch_mixer_token: Tensor

    def __init__(self, config: TryOnConfig = FULL) -> None:
        super().__init__()
        self.config = config
        self.x_embedder = PatchEmbedder(PERSON_CHANNELS, config)
        self.garment_embedder = PatchEmbedder(GARMENT_CHANNELS, config)
        self.t_embedder = TimeEmbedder(config.hidden)
        self.y_embedder = nn.Embedding(CATEGORIES, config.hidden)
        self.x_patch_mixer = nn.ModuleList(SingleBlock(config.hidden, config.heads) for _ in range(config.mixer))
        self.double_blocks = nn.ModuleList(DoubleBlock(config.hidden, config.heads) for _ in range(config.double))
        self.single_blocks = nn.ModuleList(SingleBlock(config.hidden, config.heads) for _ in range(config.single))
        self.final_layer = FinalLayer(config)
        self.register_buffer("patch_mixer_token", torch.zeros(1, 1, 3 * config.patch**2))
        self._core: Callable[..., Tensor] = self.core
        self._rotary: dict[torch.device, tuple[Rotary, Rotary]] = {}

    def forward(  # noqa: PLR0913  # the published network's inputs, in its order
        self,
        x: Tensor,
        t: Tensor,
        person: Tensor,
        person_pose: Tensor,
        garment: Tensor,
        garment_pose: Tensor,
        category: Tensor,
        keep: Tensor,
    ) -> Tensor:
        """Predict the velocity of each sample.

        Args:
            x: Noisy picture, (B, 3, H, W) float32.
            t: Time, (B,) float32, 0 = noise, 1 = picture.
            person: (B, 3, H, W) in [-1, 1].
            person_pose: (B, 1, H, W) in [-1, 1], background -1.
            garment: (B, 3, H, W) in [-1, 1].
            garment_pose: (B, 1, H, W) in [-1, 1], background -1.
            category: (B,) int64, 1 tops, 2 bottoms, 3 one-pieces.
            keep: (B,) bool; False is the null branch: every condition is replaced by exact 0.

        Returns:
            (B, 3, H, W) float32: picture minus noise.
        """
        kept = keep.view(-1, 1, 1, 1)
        condition = torch.cat((person, person_pose), dim=1)
        garment_tokens = self.embed_garment(garment * kept, garment_pose * kept)
        return self.denoise(x, condition * kept, garment_tokens, self.modulation(t, category * keep))

    def embed_garment(self, garment: Tensor, garment_pose: Tensor) -> Tensor:
        """Return the garment's tokens, (B, N, D); zeros in give the null branch's tokens."""
        return self.garment_embedder(torch.cat((garment, garment_pose), dim=1))

    def modulation(self, t: Tensor, category: Tensor) -> Tensor:
        """Return every shift, scale and gate of the network for (B,) times and categories, (B, M)."""
        vector = F.silu(self.t_embedder(t) + self.y_embedder(category))
        return torch.cat([layer(vector) for layer in self._modulation_layers()], dim=-1)

    def denoise(self, x: Tensor, condition: Tensor, garment_tokens: Tensor, modulation: Tensor) -> Tensor:
        """Predict the velocity from prepared parts.

        Args:
            x: (B, 3, H, W) float32.
            condition: Person and person's pose, (B, 4, H, W).
            garment_tokens: (B, N, D), from `embed_garment`.
            modulation: (B, M), from `modulation`.

        Returns:
            (B, 3, H, W) float32.
        """
        return self._core(x, condition, garment_tokens, modulation, *self.positions(x.device))

    def compile_core(self) -> None:
        """Let torch compile what every step runs; the first step of each new batch size then takes long."""
        self._core = torch.compile(self.core)

    def core(
        self, x: Tensor, condition: Tensor, garment: Tensor, modulation: Tensor, alone: Rotary, joint: Rotary
    ) -> Tensor:
        """Run the blocks; `alone` and `joint` are the positions of one stream and of both."""
        parts = self.parts(modulation)
        person = self.joined(self.mixed(x, condition, parts, alone), garment, parts, joint)
        return self.painted(person, parts)

    def parts(self, modulation: Tensor, *, last: bool = False) -> Iterator[Tensor]:
        """Cut (B, M) into each layer's part, in the order in which `mixed`, `joined` and `painted` take them.

        Args:
            modulation: From `modulation`.
            last: Only what `painted` takes.
        """
        widths = [layer.out_features for layer in self._modulation_layers()]
        cut = modulation.split(widths, dim=-1)
        return iter(cut[-1:] if last else cut)

    def mixed(self, x: Tensor, condition: Tensor, parts: Iterator[Tensor], alone: Rotary) -> Tensor:
        """Embed the person and run its own blocks; (B, N, D)."""
        person: Tensor = self.x_embedder(torch.cat((x, condition.to(x.dtype)), dim=1))
        for block in self.x_patch_mixer:
            person = block(person, next(parts), alone)
        return person

    def joined(self, person: Tensor, garment: Tensor, parts: Iterator[Tensor], joint: Rotary) -> Tensor:
        """Run the blocks that person and garment share; return the person's tokens, (B, N, D)."""
        for block in self.double_blocks:
            person, garment = block(person, garment, next(parts), next(parts), joint)
        h = torch.cat((garment, person), dim=1)
        for block in self.single_blocks:
            h = block(h, next(parts), joint)
        return h[:, garment.shape[1] :]

    def painted(self, person: Tensor, parts: Iterator[Tensor]) -> Tensor:
        """Turn the person's tokens into a velocity, (B, 3, H, W) float32."""
        patches = self.final_layer(person, next(parts))
        rows, columns = self.config.grid
        side = self.config.patch
        grid = patches.float().view(-1, rows, columns, 3, side, side)
        return grid.permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, rows * side, columns * side)

    def _modulation_layers(self) -> Iterator[nn.Linear]:
        """The layers that make modulations, in the order in which `core` consumes them."""
        for block in self.x_patch_mixer:
            yield block.modulation.lin
        for block in self.double_blocks:
            yield block.img_mod.lin
            yield block.txt_mod.lin
        for block in self.single_blocks:
            yield block.modulation.lin
        yield self.final_layer.adaLN_modulation[1]

    def positions(self, device: torch.device) -> tuple[Rotary, Rotary]:
        """Positions on this device, float32 whatever the weights' dtype; both streams have the same ones."""
        if device not in self._rotary:
            with torch.inference_mode(False):  # or a table made while sampling could not be used with gradients
                cosine, sine = (table.to(device) for table in rotary_table(*self.config.grid, self.config.axes))
                self._rotary[device] = (cosine, sine), (torch.cat((cosine, cosine)), torch.cat((sine, sine)))
        return self._rotary[device]
