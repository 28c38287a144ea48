"""The sampler: rectified flow from noise (t = 0) to the picture (t = 1), Euler steps, classifier-free guidance.

`sample` runs a whole schedule for a batch. An engine session calls `encode` when a picture joins and `step` for the
pictures present; rows of one step may be at different places of the schedule: time is a value per row. The null branch
is run only for rows that are guided at that step, and modulations are computed once per schedule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weaver.pipelines.fashn.network import CATEGORIES, TryOnConfig, TryOnNetwork
from weaver.pipelines.rows import RowPass

SKIP_CFG_LAST = 1
"""Guidance is off in the last step, against over-saturation (the publisher's default)."""
SCHEDULES_KEPT = 4
"""Modulation tables kept: one per quality and one spare; 50 steps of the full network are 81 MB in bfloat16."""
SHIFT_MU = 1.5
"""The publisher's time shift: more steps near the noise."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a picture is sampled.

    Attributes:
        steps: Number of Euler steps.
        guidance: Weight of the conditional branch; 1 means none.
        skip_cfg_last: The last steps that go without guidance.
        mu: Time shift.
    """

    steps: int
    guidance: float
    skip_cfg_last: int = SKIP_CFG_LAST
    mu: float = SHIFT_MU

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"a schedule needs at least one step, not {self.steps}")

    @property
    def times(self) -> tuple[float, ...]:
        """The steps + 1 times, from 0 (noise) to 1 (picture)."""
        shift = math.exp(-self.mu)
        inner = (shift / (shift + self.steps / i - 1) for i in range(1, self.steps + 1))
        return (0.0, *inner)

    def guided(self, step: int) -> bool:
        """Whether this step, from 0, needs the null branch."""
        return self.guidance != 1.0 and step < self.steps - self.skip_cfg_last

    @property
    def forwards(self) -> int:
        """Rows through the network per picture: 2·steps minus those skipped."""
        return sum(2 if self.guided(step) else 1 for step in range(self.steps))


@dataclass(frozen=True)
class Conditions:
    """The inputs of a batch of pictures, ready for every step.

    Attributes:
        person: Person and pose, (B, 4, H, W) in the network's dtype.
        garment: Garment tokens, (B, N, D).
        category: (B,) int64.
    """

    person: Tensor
    garment: Tensor
    category: Tensor

    def rows(self, chosen: Sequence[int]) -> Conditions:
        """Keep some rows."""
        return Conditions.join(
            [
                Conditions(self.person[row : row + 1], self.garment[row : row + 1], self.category[row : row + 1])
                for row in chosen
            ]
        )

    def on(self, device: torch.device | str) -> Conditions:
        """Return them on a device."""
        return Conditions(self.person.to(device), self.garment.to(device), self.category.to(device))

    @staticmethod
    def join(parts: Sequence[Conditions]) -> Conditions:
        """Put batches one after the other."""
        return Conditions(
            torch.cat([part.person for part in parts]),
            torch.cat([part.garment for part in parts]),
            torch.cat([part.category for part in parts]),
        )


class FashnPipeline:
    """A loaded network and its sampler. Not thread-safe; keeps nothing of a picture."""

    def __init__(self, network: TryOnNetwork) -> None:
        self.network = network
        self.rows = RowPass(network.denoise)
        self._modulations: dict[Schedule, Tensor] = {}
        self._null_garment: Tensor | None = None

    @property
    def config(self) -> TryOnConfig:
        """The network's sizes."""
        return self.network.config

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return self.network.y_embedder.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The network's dtype."""
        dtype: torch.dtype = self.network.y_embedder.weight.dtype
        return dtype

    def noise(self, seed: int) -> Tensor:
        """Return one picture's initial noise, (1, 3, H, W) float32: the same on every device, whatever its batch."""
        generator = torch.Generator("cpu").manual_seed(seed)
        shape = (1, 3, self.config.height, self.config.width)
        return torch.randn(shape, generator=generator, dtype=torch.float32).to(self.device)

    @torch.inference_mode()
    def encode(
        self, person: Tensor, person_pose: Tensor, garment: Tensor, garment_pose: Tensor, category: Tensor
    ) -> Conditions:
        """Move the inputs that do not change between steps to the device and embed them. Shapes as in `sample`.

        Raises:
            ValueError: A shape is not that of the canvas, or a category is not 1, 2 or 3.
        """
        canvas = (self.config.height, self.config.width)
        batch = len(category)
        for name, tensor, channels in (
            ("person", person, 3),
            ("person_pose", person_pose, 1),
            ("garment", garment, 3),
            ("garment_pose", garment_pose, 1),
        ):
            if tuple(tensor.shape) != (batch, channels, *canvas):
                raise ValueError(f"{name} is {tuple(tensor.shape)}, the canvas needs {(batch, channels, *canvas)}")
        if not bool(((category >= 1) & (category < CATEGORIES)).all()):
            raise ValueError(f"categories are 1 tops, 2 bottoms, 3 one-pieces, not {category.tolist()}")
        to = {"device": self.device, "dtype": self.dtype}
        return Conditions(
            torch.cat((person.to(**to), person_pose.to(**to)), dim=1),
            self.network.embed_garment(garment.to(**to), garment_pose.to(**to)),
            category.to(self.device),
        )

    @torch.inference_mode()
    def step(self, x: Tensor, at: Sequence[int], conditions: Conditions, schedules: Sequence[Schedule]) -> Tensor:
        """Advance each row by one step of its schedule; the host waits for nothing.

        Args:
            x: (B, 3, H, W) float32.
            at: Each row's step, from 0.
            conditions: B rows.
            schedules: One per row.

        Returns:
            The next x, (B, 3, H, W) float32; the argument is not changed.
        """
        rows = [row for row, step in enumerate(at) if schedules[row].guided(step)]
        tables = [self._modulation_table(schedule)[step] for schedule, step in zip(schedules, at, strict=True)]
        modulations = [
            table.index_select(0, category)
            for table, category in zip(tables, conditions.category.split(1), strict=True)
        ]
        person, garment, joint_x = conditions.person, conditions.garment, x
        if rows:
            joint_x = torch.cat((x, *(x[row : row + 1] for row in rows)))
            person = torch.cat((person, person.new_zeros((len(rows), *person.shape[1:]))))
            garment = torch.cat((garment, self._null_tokens().expand(len(rows), -1, -1)))
            modulations += [tables[row][:1] for row in rows]
        velocity = self.rows(joint_x, person, garment, torch.cat(modulations))
        null = {row: velocity[len(at) + n : len(at) + n + 1] for n, row in enumerate(rows)}
        after = []
        for row, (schedule, step) in enumerate(zip(schedules, at, strict=True)):
            wanted = velocity[row : row + 1]
            if row in null:
                wanted = null[row] + schedule.guidance * (wanted - null[row])
            times = schedule.times
            after.append(x[row : row + 1] + (times[step + 1] - times[step]) * wanted)
        return torch.cat(after)

    @torch.inference_mode()
    def expect(self, schedule: Schedule) -> None:
        """Put on the device what the steps of a schedule share, so that none of them waits for it."""
        self._modulation_table(schedule)
        self._null_tokens()

    @torch.inference_mode()
    def row_inputs(self, rows: int) -> tuple[Tensor, ...]:
        """Return drawn inputs of the network for so many rows, as `step` passes them."""
        generator = torch.Generator().manual_seed(rows)
        canvas = (self.config.height, self.config.width)
        x, person = (torch.randn((rows, channels, *canvas), generator=generator) for channels in (3, 4))
        category = torch.ones(rows, dtype=torch.int64, device=self.device)
        modulation = self.network.modulation(torch.full((rows,), 0.5, device=self.device), category)
        garment = self._null_tokens().repeat(rows, 1, 1)
        return x.to(self.device), person.to(self.device, self.dtype), garment, modulation

    @torch.inference_mode()
    def sample(  # noqa: PLR0913  # a pipeline's call: one keyword for each knob of the published one
        self,
        person: Tensor,
        person_pose: Tensor,
        garment: Tensor,
        garment_pose: Tensor,
        category: Tensor,
        *,
        steps: int,
        guidance: float,
        noise: Tensor,
        skip_cfg_last: int = SKIP_CFG_LAST,
        mu: float = SHIFT_MU,
    ) -> Tensor:
        """Sample a batch of pictures.

        Args:
            person: (B, 3, H, W) in [-1, 1].
            person_pose: (B, 1, H, W) in [-1, 1].
            garment: (B, 3, H, W) in [-1, 1].
            garment_pose: (B, 1, H, W) in [-1, 1].
            category: (B,) int64, 1 tops, 2 bottoms, 3 one-pieces.
            steps: Euler steps.
            guidance: 1 means none.
            noise: The initial picture, (B, 3, H, W).
            skip_cfg_last: The last steps without guidance.
            mu: Time shift.

        Returns:
            (B, 3, H, W) float32, not clamped.
        """
        schedule = Schedule(steps=steps, guidance=guidance, skip_cfg_last=skip_cfg_last, mu=mu)
        conditions = self.encode(person, person_pose, garment, garment_pose, category)
        x = noise.to(self.device, torch.float32)
        for step in range(steps):
            x = self.step(x, [step] * len(x), conditions, [schedule] * len(x))
        return x

    def _modulation_table(self, schedule: Schedule) -> Tensor:
        """Every modulation of a schedule, (steps, categories, M), computed once and kept."""
        if schedule not in self._modulations:
            times = torch.tensor(schedule.times[:-1], dtype=torch.float32, device=self.device)
            t = times.repeat_interleave(CATEGORIES)
            category = torch.arange(CATEGORIES, device=self.device).repeat(schedule.steps)
            table = self.network.modulation(t, category).view(schedule.steps, CATEGORIES, -1)
            if len(self._modulations) >= SCHEDULES_KEPT:
                self._modulations.pop(next(iter(self._modulations)))
            self._modulations[schedule] = table
        return self._modulations[schedule]

    def _null_tokens(self) -> Tensor:
        """The null branch's garment tokens, (1, N, D)."""
        if self._null_garment is None:
            zeros = torch.zeros(1, 4, self.config.height, self.config.width, device=self.device)
            self._null_garment = self.network.garment_embedder(zeros)
        return self._null_garment
