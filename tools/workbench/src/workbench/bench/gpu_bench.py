"""The models that `make bench-gpu` measures, made on the device with random weights, and the stopwatch."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from typing import Any, Final

import torch

from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.attention import drop_cross_attention
from weaver.pipelines.catvton.picture import Picture, Recipe
from weaver.pipelines.catvton.pipeline import CatVtonPipeline, seeded
from weaver.pipelines.catvton.presets import GUIDANCE
from weaver.pipelines.fashn.network import FULL as FASHN_FULL
from workbench.bench import fashn
from workbench.bench.catvton_sizes import FULL, SCHEDULER, SMALL, TINY, catvton_configs

Canvas = tuple[int, int]
Way = Callable[[], Any]

REPEATS: Final = 5
STEPS_IN_STOCK: Final = 400
"""Remaining steps of a picture that is only timed: more than all runs take."""

SIZES: Final = {
    "full": (FULL, ((768, 1024), (384, 512)), FASHN_FULL),
    "small": (SMALL, ((96, 128), (48, 64)), fashn.SMALL),
    "tiny": (TINY, ((48, 64), (32, 48)), fashn.SMALL),
}


class Bench:
    """The models, made when a section needs them, and the stopwatch.

    Args:
        size: `full`, `small` or `tiny`.
        device: `cuda` or `cpu`.
        repeats: Timed runs of each way, after one that is discarded.
    """

    def __init__(self, *, size: str, device: str, repeats: int = REPEATS) -> None:
        self.size = size
        self._repeats = repeats
        self.device = torch.device(device)
        self.catvton_size, self.canvases, self.fashn_config = SIZES[size]
        self.dtype = torch.float16 if device == "cuda" else torch.float32
        self.device_name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
        self._pipeline: CatVtonPipeline | None = None

    @property
    def on_gpu(self) -> bool:
        return str(self.device.type) == "cuda"

    def catvton(self) -> CatVtonPipeline:
        """Return CatVTON with random weights on the device, made once."""
        if self._pipeline is None:
            unet_config, vae_config = catvton_configs(self.catvton_size)
            unet = weights.build_unet(unet_config)
            drop_cross_attention(unet)
            self._pipeline = CatVtonPipeline(
                unet=self.filled(unet),
                vae=self.filled(weights.build_vae(vae_config)),
                schedule=weights.read_schedule(SCHEDULER),
            )
        return self._pipeline

    def filled(self, module: Any) -> Any:
        """Return a module of the `meta` device on ours, with random weights that keep activations in range."""
        module.to_empty(device=self.device)
        generator = torch.Generator(self.device).manual_seed(0)
        with torch.no_grad():
            for name, tensor in module.state_dict().items():
                spread = 0.02 if tensor.ndim == 1 else tensor[0].numel() ** -0.5
                mean = 1.0 if tensor.ndim == 1 and name.endswith("weight") else 0.0
                tensor.normal_(mean, spread, generator=generator)
        module.to(self.dtype).eval().requires_grad_(False)
        return module.to(memory_format=torch.channels_last) if self.on_gpu else module

    def pictures(self, count: int, canvas: Canvas, *, guided: bool = True) -> list[Picture]:
        """Return pictures with many remaining steps."""
        pipeline = self.catvton()
        width, height = canvas
        generator = torch.Generator().manual_seed(count)
        person, garment = (torch.rand((count, 3, height, width), generator=generator) * 2 - 1 for _ in range(2))
        mask = torch.zeros((count, 1, height, width))
        mask[:, :, height // 4 : height // 2] = 1
        recipe = Recipe(plan=pipeline.schedule.plan("ddim", STEPS_IN_STOCK), guidance=GUIDANCE if guided else 1.0)
        draws = [seeded(torch.Generator().manual_seed(n)) for n in range(count)]
        made: list[Picture] = pipeline.encode(person, garment, mask, recipe=recipe, draws=draws)
        return made

    def seconds(self, *ways: Way) -> list[float]:
        """Return the least seconds of each way, warmed up, in turns."""
        best = [math.inf] * len(ways)
        for turn in range(self._repeats + 1):
            for index, way in enumerate(ways):
                took = self._timed(way)
                if turn:
                    best[index] = min(best[index], took)
        return best

    def wait(self) -> None:
        """Wait until the device has finished."""
        if self.on_gpu:
            torch.cuda.synchronize()

    def forget(self) -> None:
        """Free memory that no model holds."""
        gc.collect()
        if self.on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def _timed(self, way: Way) -> float:
        if not self.on_gpu:
            start = time.perf_counter()
            way()
            return time.perf_counter() - start
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        self.wait()
        begin.record()
        way()
        end.record()
        end.synchronize()
        return float(begin.elapsed_time(end)) / 1000
