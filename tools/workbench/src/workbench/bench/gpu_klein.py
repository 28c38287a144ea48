"""klein of random weights on any device, and its section of `make bench-gpu`.

It needs transformers beside diffusers, whose pipeline class does; without it the section says so.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from proteus.engines import KLEIN
from workbench.bench.gpu_bench import Bench
from workbench.bench.klein_sizes import FULL, SCHEDULER, TINY, KleinSize, klein_configs

BATCHES: Final = (1, 2, 4, 8)
WORDS: Final = 512
"""Tokens of a prompt, as published."""


def random_klein(size: KleinSize, *, device: str | torch.device, dtype: torch.dtype, words: int = WORDS) -> Any:
    """Return a `KleinPipeline` of seeded weights that keep activations in range; on `meta` it holds no numbers.

    Raises:
        ImportError: A library that the pipeline class needs is missing.
    """
    from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2Transformer2DModel
    from diffusers.pipelines.flux2.pipeline_flux2_klein import Flux2KleinPipeline

    from weaver.pipelines.klein.pipeline import KleinPipeline
    from weaver.pipelines.klein.prompts import WEARING

    transformer_config, vae_config, text_config = klein_configs(size)
    with torch.device("meta"):
        transformer = Flux2Transformer2DModel.from_config(transformer_config)
        vae = AutoencoderKLFlux2.from_config(vae_config)
    for part in (transformer, vae):
        torch.nn.Module.to(part, dtype).eval().requires_grad_(False)
        if str(device) != "meta":
            _fill(part.to_empty(device=device))
    parts = Flux2KleinPipeline(
        transformer=transformer,
        vae=vae,
        scheduler=FlowMatchEulerDiscreteScheduler.from_config(SCHEDULER),
        text_encoder=None,
        tokenizer=None,
        is_distilled=True,
    )
    shape = (1, words, 3 * text_config["hidden_size"])
    drawn = torch.Generator().manual_seed(1)
    prompts = {name: torch.randn(shape, generator=drawn).to(device, dtype) for name in WEARING}
    return KleinPipeline(parts, prompts)


def klein_costs(bench: Bench) -> dict[str, Any]:
    """Measure klein's step by batch size, encode and decode, on every canvas: t(b) = fixed + steps x step."""
    full = bench.size == "full"
    dtype = torch.bfloat16 if bench.on_gpu else torch.float32
    pipeline = random_klein(FULL if full else TINY, device=bench.device, dtype=dtype)
    sizes = dict.fromkeys((preset.width, preset.height) for preset in KLEIN.presets.values()) if full else [(48, 64)]
    found: dict[str, Any] = {}
    for width, height in sizes:
        blank = torch.zeros((1, 3, height, width))

        def begun(blank: torch.Tensor = blank) -> Any:
            return pipeline.begin(blank, blank, category="upper", seed=0, steps=4)

        one, steps = begun(), dict[str, float]()
        for count in BATCHES:
            try:
                took = bench.seconds(lambda one=one, count=count: pipeline.denoise([one] * count))  # type: ignore[misc]
            except torch.OutOfMemoryError:
                break
            steps[str(count)] = round(took[0], 5)
        encode, decode = bench.seconds(begun, lambda one=one: pipeline.decode(one))  # type: ignore[misc]
        found[f"{width}x{height}"] = {
            "step_seconds": steps,
            "encode_seconds": round(encode, 5),
            "decode_seconds": round(decode, 5),
            "peak_memory_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if bench.on_gpu else None,
        }
    return found


def _fill(module: Any) -> None:
    """Draw every parameter and statistic of a module, on its device."""
    some = next(module.parameters())
    generator = torch.Generator(some.device).manual_seed(0)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if not tensor.is_floating_point():
                tensor.zero_()
                continue
            spread = 0.1 if tensor.ndim == 1 else tensor[0].numel() ** -0.5
            mean = 1.0 if tensor.ndim == 1 and name.endswith(("weight", "running_var")) else 0.0
            tensor.normal_(mean, spread, generator=generator)
            if name.endswith("running_var"):
                tensor.clamp_(min=0.1)
