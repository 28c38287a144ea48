"""The measurements of `make bench-gpu`, one function a section: each takes a `Bench` and returns plain numbers.

Seconds are the least of several warm runs, after one that is discarded: on a GPU by its own events, on a CPU by the
clock. A step is one forward pass of every row and the sampler's arithmetic, as an engine's session does it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel

from proteus.engines import CATVTON
from weaver.pipelines import checksums
from weaver.pipelines import rows as rows_of
from weaver.pipelines.catvton import merged, weights
from weaver.pipelines.catvton.picture import Picture
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from weaver.pipelines.contract import StepLever
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.schedule import Schedule
from workbench.bench import fashn
from workbench.bench.catvton_sizes import catvton_configs
from workbench.bench.checkpoints import write_catvton
from workbench.bench.gpu_bench import Bench, Canvas
from workbench.bench.gpu_klein import klein_costs
from workbench.bench.gpu_shortcuts import shortcuts

BATCHES: Final = (1, 2, 4, 8)
GRAPH_ROWS: Final = (1, 2, 4, 8, 16)
LEVERS: Final[tuple[StepLever, ...]] = ("graphs",)


def device(bench: Bench) -> dict[str, Any]:
    """Measure the device's peak: a large product, a large copy."""
    side = 8192 if bench.on_gpu else 512
    a = torch.randn(side, side, device=bench.device, dtype=torch.bfloat16 if bench.on_gpu else torch.float32)
    block = torch.empty((1 << 30) if bench.on_gpu else (1 << 24), dtype=torch.uint8, device=bench.device)
    other = torch.empty_like(block)
    product, copied = bench.seconds(lambda: a @ a, lambda: other.copy_(block))
    found: dict[str, Any] = {
        "matmul_tflops": round(2 * side**3 / product / 1e12, 2),
        "copy_gb_per_second": round(2 * block.numel() / copied / 1e9, 1),
    }
    if bench.on_gpu:
        properties = torch.cuda.get_device_properties(bench.device)
        found |= {
            "memory_gib": round(properties.total_memory / 2**30, 1),
            "capability": f"{properties.major}.{properties.minor}",
        }
    return found


def catvton_costs(bench: Bench) -> dict[str, Any]:
    """Measure a guided step by batch size, encode and decode, at both canvases: t(b) = fixed + steps x step."""
    found: dict[str, Any] = {}
    pipeline = bench.catvton()
    for width, height in bench.canvases:
        steps: dict[str, float] = {}
        for count in BATCHES:
            try:
                pictures = bench.pictures(count, (width, height))
                steps[str(count)] = round(bench.seconds(lambda pictures=pictures: pipeline.denoise(pictures))[0], 5)  # type: ignore[misc]
            except torch.OutOfMemoryError:
                break
        alone = bench.pictures(1, (width, height), guided=False)
        one = bench.pictures(1, (width, height))
        encode, decode, unguided = bench.seconds(
            lambda canvas=(width, height): bench.pictures(1, canvas),  # type: ignore[misc]
            lambda one=one: pipeline.decode(one),  # type: ignore[misc]
            lambda alone=alone: pipeline.denoise(alone),  # type: ignore[misc]
        )
        cost = flops(bench, one)
        found[f"{width}x{height}"] = {
            "step_seconds": steps,
            "unguided_step_seconds": round(unguided, 5),
            "encode_seconds": round(encode, 5),
            "decode_seconds": round(decode, 5),
            "step_tflop": round(cost / 1e12, 4),
            "step_tflops": round(cost / steps["1"] / 1e12, 2) if "1" in steps else None,
            "peak_memory_gib": peak_gib(bench),
        }
    return found


def eager_diffusers(bench: Bench) -> dict[str, Any]:
    """Time the same rows through diffusers' own UNet, eager and in its own memory format, beside ours."""
    config = catvton_configs(bench.catvton_size)[0]
    with torch.device("meta"):
        theirs = UNet2DConditionModel.from_config(config)
    theirs = bench.filled(theirs).to(memory_format=torch.contiguous_format)
    theirs.set_attn_processor(
        {name: _Skipped() if "attn2" in name else kept for name, kept in theirs.attn_processors.items()}
    )
    ours = bench.catvton().unet
    found = {}
    for canvas in bench.canvases:
        x, t = unet_inputs(bench, 2, canvas)
        with torch.inference_mode():
            their, our = bench.seconds(lambda x=x, t=t: forward(theirs, x, t), lambda x=x, t=t: forward(ours, x, t))  # type: ignore[misc]
        found[f"{canvas[0]}x{canvas[1]}"] = {
            "diffusers_seconds": round(their, 5),
            "ours_seconds": round(our, 5),
            "speedup": round(their / our, 3),
        }
    return found


def cuda_graphs(bench: Bench) -> dict[str, Any]:
    """Capture one graph per canvas and row count; time its replay beside the eager pass, and compare the results."""
    if not bench.on_gpu:
        return {"not_measured": "graphs need a GPU"}
    unet = bench.catvton().unet
    found: dict[str, Any] = {}
    for canvas in bench.canvases:
        by_rows: dict[str, Any] = {}
        for rows in GRAPH_ROWS:
            x, t = unet_inputs(bench, rows, canvas)
            with torch.inference_mode():
                start = time.perf_counter()
                replay = rows_of.graphed(lambda x, t: forward(unet, x, t), (x, t))
                took = time.perf_counter() - start
                eager, replayed = bench.seconds(lambda x=x, t=t: forward(unet, x, t), replay)  # type: ignore[misc]
                expected = forward(unet, x, t).clone()
                out = replay()
                bench.wait()
            by_rows[str(rows)] = {
                "eager_seconds": round(eager, 5),
                "graph_seconds": round(replayed, 5),
                "speedup": round(eager / replayed, 3),
                "capture_seconds": round(took, 2),
                "largest_difference": float((out - expected).abs().max()),
            }
            del replay
        found[f"{canvas[0]}x{canvas[1]}"] = by_rows
    return found


def captured_steps(bench: Bench) -> dict[str, Any]:
    """Compare whole steps as production runs them, eager and captured: pictures whose rows are padded, and not."""
    if not bench.on_gpu:
        return {"not_measured": "graphs need a GPU"}
    pipeline, found = bench.catvton(), dict[str, Any]()
    eager = pipeline.rows
    for lever in LEVERS:
        for width, height in bench.canvases:
            pipeline.rows = rows_of.RowPass(pipeline.predict_rows)
            start = time.perf_counter()
            pipeline.rows.capture(
                partial(pipeline.row_inputs, width=width, height=height),
                capture=rows_of.how(lever),
                most_rows=GRAPH_ROWS[-1],
                tolerance=CATVTON.tolerance,
            )
            fast, ready = pipeline.rows, time.perf_counter() - start
            steps: dict[str, Any] = {"ready_seconds": round(ready, 2), "captured": fast.padded}
            for count in (1, 2, 3, 4, 5, 8):
                pictures = bench.pictures(count, (width, height))

                def step(rows: rows_of.RowPass, pictures: Sequence[Picture] = pictures) -> None:
                    pipeline.rows = rows
                    pipeline.denoise(pictures)

                slow, quick = bench.seconds(partial(step, eager), partial(step, fast))
                steps[str(count)] = {"eager_seconds": round(slow, 5), "captured_seconds": round(quick, 5)}
            found[f"{lever} {width}x{height}"] = steps
    pipeline.rows = eager
    return found


def joining(bench: Bench) -> dict[str, Any]:
    """Compare a step of pictures at different steps with one of pictures at the same step."""
    pipeline, canvas = bench.catvton(), bench.canvases[-1]
    same, mixed = bench.pictures(4, canvas), bench.pictures(4, canvas)
    for place, picture in enumerate(mixed):
        for _ in range(place):
            pipeline.denoise([picture])
    level, joined = bench.seconds(lambda: pipeline.denoise(same), lambda: pipeline.denoise(mixed))
    return {
        "same_step_seconds": round(level, 5),
        "mixed_steps_seconds": round(joined, 5),
        "ratio": round(joined / level, 3),
    }


def decode_overlap(bench: Bench) -> dict[str, Any]:
    """Decode one picture while another one denoises, on a side stream, and compare with one after the other."""
    if not bench.on_gpu:
        return {"not_measured": "streams need a GPU"}
    pipeline, canvas = bench.catvton(), bench.canvases[0]
    running, finished = bench.pictures(1, canvas), bench.pictures(1, canvas)
    side = torch.cuda.Stream()

    def steps() -> None:
        for _ in range(4):
            pipeline.denoise(running)

    def serial() -> None:
        pipeline.decode(finished)
        steps()

    def beside() -> None:
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            pipeline.decode(finished)
        steps()
        torch.cuda.current_stream().wait_stream(side)

    after, together, alone = bench.seconds(serial, beside, steps)
    return {
        "serial_seconds": round(after, 5),
        "overlapped_seconds": round(together, 5),
        "steps_alone_seconds": round(alone, 5),
        "decode_hidden_ratio": round((after - together) / max(after - alone, 1e-9), 3),
    }


def cold_start(bench: Bench) -> dict[str, Any]:
    """Load CatVTON from the published files and from the merged one, in the engine's dtype, and run a first step."""
    dtype, found = "fp16", dict[str, Any]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_catvton(folder, size=bench.catvton_size)
        file = merged.write(folder)
        found["published_mib"] = round(sum(one.stat().st_size for one in _published(folder)) / 2**20, 1)
        found["merged_mib"] = round(file.stat().st_size / 2**20, 1)
        ways: dict[str, Callable[[], CatVtonPipeline]] = {
            "published": lambda: weights.load(
                files.base, files.vae, files.attention, dtype=dtype, device=bench.device, channels_last=bench.on_gpu
            ),
            "merged": lambda: merged.load(file, dtype=dtype, device=bench.device, channels_last=bench.on_gpu),
        }
        loaded: dict[str, CatVtonPipeline] = {}
        (folder / checksums.MARKER).unlink()
        for way, load in ways.items():
            for time_of in ("first", "again"):  # The first one hashes.
                loaded.pop(way, None)
                bench.forget()
                start = time.perf_counter()
                loaded[way] = load()
                bench.wait()
                found[f"{way}_{time_of}_load_seconds_from_page_cache"] = round(time.perf_counter() - start, 2)
                found[f"{way}_peak_memory_gib"] = peak_gib(bench)
    expected = loaded["published"].unet.state_dict()
    found["equal"] = all(torch.equal(one, expected[name]) for name, one in loaded["merged"].unet.state_dict().items())
    pictures = bench.pictures(1, bench.canvases[0])
    found["step_seconds"] = round(bench.seconds(lambda: bench.catvton().denoise(pictures))[0], 5)
    return found


def _published(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.safetensors") if file.name != merged.FILE]


def fashn_costs(bench: Bench) -> dict[str, Any]:
    """Measure a guided and an unguided step of FASHN by batch size."""
    dtype = torch.bfloat16 if bench.on_gpu else torch.float32
    network = fashn.random_network(bench.fashn_config, device=bench.device, dtype=dtype)
    pipeline, schedule = FashnPipeline(network), Schedule(steps=30, guidance=1.5)
    inner = fashn.Bench(config=bench.fashn_config, device=bench.device, dtype=dtype)
    steps: dict[str, Any] = {}
    for count in BATCHES:
        try:
            guided, alone = bench.seconds(
                fashn.step(inner, pipeline, schedule, 0, count),
                fashn.step(inner, pipeline, schedule, schedule.steps - 1, count),
            )
        except torch.OutOfMemoryError:
            break
        steps[str(count)] = {"guided_step_seconds": round(guided, 5), "unguided_step_seconds": round(alone, 5)}
    row_tflop = fashn.forward_flops(bench.fashn_config) / 1e12
    return {"steps": steps, "row_tflop": round(row_tflop, 4), "peak_memory_gib": peak_gib(bench)}


def compiled(bench: Bench) -> dict[str, Any]:
    """Compile the UNet for one shape; the time to compile counts as much as the gain."""
    unet, canvas = bench.catvton().unet, bench.canvases[-1]
    x, t = unet_inputs(bench, 2, canvas)
    fast = torch.compile(unet)
    with torch.inference_mode():
        start = time.perf_counter()
        forward(fast, x, t)
        bench.wait()
        ready = time.perf_counter() - start
        eager, quick = bench.seconds(lambda: forward(unet, x, t), lambda: forward(fast, x, t))
    return {
        "canvas": f"{canvas[0]}x{canvas[1]}",
        "ready_seconds": round(ready, 1),
        "eager_seconds": round(eager, 5),
        "compiled_seconds": round(quick, 5),
        "speedup": round(eager / quick, 3),
    }


SECTIONS: Final[dict[str, Callable[[Bench], Any]]] = {
    "device_peak": device,
    "catvton": catvton_costs,
    "eager_diffusers": eager_diffusers,
    "cuda_graphs": cuda_graphs,
    "captured_steps": captured_steps,
    "joining": joining,
    "decode_overlap": decode_overlap,
    "fashn": fashn_costs,
    "klein": klein_costs,
    "shortcuts": shortcuts,
    "cold_start": cold_start,
    "compile": compiled,
}


class _Skipped:
    """An attention processor that returns its input: CatVTON has no text."""

    def __call__(self, attn: Any, hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        return hidden_states


def unet_inputs(bench: Bench, rows: int, canvas: Canvas) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (rows, 9, 2h, w) and (rows,) as a step passes them to the UNet."""
    width, height = canvas
    factor = bench.catvton().vae_factor
    x = torch.randn((rows, 9, 2 * height // factor, width // factor), device=bench.device, dtype=bench.dtype)
    return x.contiguous(memory_format=torch.channels_last), torch.full((rows,), 500.0, device=bench.device)


def forward(unet: Any, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Run one pass."""
    result: torch.Tensor = unet(x, t, encoder_hidden_states=None, return_dict=False)[0]
    return result


def flops(bench: Bench, pictures: Sequence[Picture]) -> float:
    """Return the floating-point operations of one step of these pictures, counted by torch."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        bench.catvton().denoise(pictures)
    return float(counter.get_total_flops())


def peak_gib(bench: Bench) -> float | None:
    """Return the peak memory allocated on the GPU since the section began."""
    return round(torch.cuda.max_memory_allocated() / 2**30, 2) if bench.on_gpu else None
