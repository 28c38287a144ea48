"""The sampler: rectified flow from noise (t = 0) to the picture (t = 1), Euler steps, classifier-free guidance.

`sample` runs a whole schedule for a batch. An engine session calls `encode` when a picture joins and `step` for the
pictures present; rows of one step may be at different places of the schedule: time is a value per row. The null branch
is run only for rows that are guided at that step, and modulations are computed once per schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weaver.pipelines.fashn import first_block
from weaver.pipelines.fashn.network import CATEGORIES, TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.schedule import SHIFT_MU, SKIP_CFG_LAST, Schedule
from weaver.pipelines.rows import RowPass

SCHEDULES_KEPT = 4
"""Modulation tables kept: one per quality and one spare; 50 steps of the full network are 81 MB in bfloat16."""
WITH, NULL = 0, 1
"""A row's branches: with the garment, and without any condition."""


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
        self._modulations: dict[tuple[float, ...], Tensor] = {}
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
    def step(
        self,
        x: Tensor,
        at: Sequence[int],
        conditions: Conditions,
        schedules: Sequence[Schedule],
        added: list[Tensor | None] | None = None,
    ) -> Tensor:
        """Advance each row by one step of its schedule; the host waits for nothing.

        Args:
            x: (B, 3, H, W) float32.
            at: Each row's step, from 0.
            conditions: B rows.
            schedules: One per row.
            added: What each row takes over, (1 or 2, N, D): with the garment, and the null branch where it is guided.
                It is replaced by what its next step takes over, once nothing can fail any more. None: every schedule
                does its steps whole.

        Returns:
            The next x, (B, 3, H, W) float32; the argument is not changed.
        """
        guided = [row for row, step in enumerate(at) if schedules[row].guided(step)]
        tables = [self._modulation_table(schedule)[step] for schedule, step in zip(schedules, at, strict=True)]
        modulations = [
            table.index_select(0, category)
            for table, category in zip(tables, conditions.category.split(1), strict=True)
        ]
        branches = [(row, WITH) for row in range(len(at))] + [(row, NULL) for row in guided]
        kept = [None] * len(at) if added is None else added
        whole = [(row, branch) for row, branch in branches if schedules[row].whole(at[row])]
        velocities: dict[tuple[int, int], Tensor] = {}
        adds: dict[tuple[int, int], Tensor] = {}
        if whole:
            inputs = self._inputs(whole, x, conditions, tables, modulations)
            if added is None or not any(schedules[row].keeps(at[row]) for row, _ in whole):
                velocity = self.rows(*inputs)
            else:
                velocity, found = first_block.whole(self.network, *inputs)
                adds = dict(zip(whole, found.split(1), strict=True))
            velocities = dict(zip(whole, velocity.split(1), strict=True))
        if shallow := [branch for branch in branches if branch not in velocities]:
            adds |= {(row, branch): _taken(kept[row], row, branch) for row, branch in shallow}
            joint_x, person, _, modulation = self._inputs(shallow, x, conditions, tables, modulations)
            before = torch.cat([adds[each] for each in shallow])
            velocity = first_block.shallow(self.network, joint_x, person, modulation, before)
            velocities |= dict(zip(shallow, velocity.split(1), strict=True))
        after = []
        for row, (schedule, step) in enumerate(zip(schedules, at, strict=True)):
            wanted = velocities[row, WITH]
            if (row, NULL) in velocities:
                null = velocities[row, NULL]
                wanted = null + schedule.guidance * (wanted - null)
            times = schedule.times
            after.append(x[row : row + 1] + (times[step + 1] - times[step]) * wanted)
        moved = torch.cat(after)
        if added is not None:
            # Each picture's own tensor: one that leaves takes its memory with it.
            added[:] = [
                torch.cat([adds[row, branch] for branch in (WITH, NULL) if (row, branch) in adds])
                if schedules[row].keeps(at[row])
                else None
                for row in range(len(at))
            ]
        return moved

    def _inputs(
        self,
        branches: Sequence[tuple[int, int]],
        x: Tensor,
        conditions: Conditions,
        tables: Sequence[Tensor],
        modulations: Sequence[Tensor],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the network's inputs of some rows' branches, in their order."""
        blank, null = torch.zeros_like(conditions.person[:1]), self._null_tokens()
        return (
            torch.cat([x[row : row + 1] for row, _ in branches]),
            torch.cat([blank if branch else conditions.person[row : row + 1] for row, branch in branches]),
            torch.cat([null if branch else conditions.garment[row : row + 1] for row, branch in branches]),
            torch.cat([tables[row][:1] if branch else modulations[row] for row, branch in branches]),
        )

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
        if schedule.times not in self._modulations:
            times = torch.tensor(schedule.times[:-1], dtype=torch.float32, device=self.device)
            t = times.repeat_interleave(CATEGORIES)
            category = torch.arange(CATEGORIES, device=self.device).repeat(schedule.steps)
            table = self.network.modulation(t, category).view(schedule.steps, CATEGORIES, -1)
            if len(self._modulations) >= SCHEDULES_KEPT:
                self._modulations.pop(next(iter(self._modulations)))
            self._modulations[schedule.times] = table
        return self._modulations[schedule.times]

    def _null_tokens(self) -> Tensor:
        """The null branch's garment tokens, (1, N, D)."""
        if self._null_garment is None:
            zeros = torch.zeros(1, 4, self.config.height, self.config.width, device=self.device)
            self._null_garment = self.network.garment_embedder(zeros)
        return self._null_garment


def _taken(added: Tensor | None, row: int, branch: int) -> Tensor:
    """Return what a branch takes over.

    Raises:
        ValueError: Nothing was kept for it.
    """
    if added is None or len(added) <= branch:
        raise ValueError(f"row {row} takes a step over, but nothing was kept for its branch {branch}")
    return added[branch : branch + 1]
