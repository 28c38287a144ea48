"""Prepares a weaver for work: loads its engines, measures what batches cost, computes how many pictures fit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from proteus.engines import CARDS
from proteus.errors import ModelUnavailable
from proteus.service import machine
from proteus.service.startup import kept
from proteus.worker.safety import safety_weights
from proteus.worker.weights import WeightsOrder
from weaver.measuring import measure, warm_up
from weaver.pipelines import registry
from weaver.pipelines.contract import Capturable, Engine
from weaver.profile import CostProfile, keys_of
from weaver.settings import Settings, WeaverSettings

log = structlog.get_logger()

GPUS: Final = "/proc/driver/nvidia/gpus"
PICTURE_BYTES: Final = 160 * 1024 * 1024
"""Memory of one picture of a batch, 2048 x 2048: its input and output, and those of the batch after it. Measured with
`puppet`: 278 MiB for a batch of one, 1,161 MiB for eight. A diffusion engine's pictures have the same sizes here; its
networks and canvases are in the device's memory, where a batch that does not fit is halved. That is an estimate, not
measured on a GPU."""


def weights_of(settings: Settings) -> list[WeightsOrder]:
    """Return the weights that the settings' engines and safety model need.

    Raises:
        LicenceRefused: The deployment's licence rules refuse an engine that the settings name.
    """
    weaver, rules = settings.weaver, settings.worker.licences
    named = [name for name in weaver.engines if CARDS[name].needs_weights]
    for name in named:
        rules.require(CARDS[name])
    return [
        *safety_weights(settings.safety),
        *(
            WeightsOrder(model=name, source=weaver.weights_source, folder=weaver.weights_dir, service="weaver")
            for name in named
        ),
    ]


def load_engines(
    settings: Settings, profile: CostProfile, missing: Mapping[str, ModelUnavailable] | None = None
) -> dict[str, Engine]:
    """Load the engines the settings name, warm them up, and measure what their batches cost; blocks.

    Args:
        settings: Which engines, and where their weights are.
        profile: Receives the measurements.
        missing: Engines whose weights are unavailable, and why.

    Raises:
        LicenceRefused: The deployment's licence rules refuse an engine it names.
        ModelUnavailable: None of them is available here; if some are, the missing ones are logged and left out.
    """
    engines: dict[str, Engine] = {}
    weaver, missing = settings.weaver, missing or {}
    for name in weaver.engines:
        start = time.monotonic()
        try:
            if name in missing:
                raise missing[name]
            with kept():
                engines[name] = registry.load(
                    name,
                    rules=settings.worker.licences,
                    device=weaver.device,
                    weights_dir=weaver.weights_dir,
                    timed_curve=weaver.timed_curve,
                    timed_poison=weaver.timed_poison,
                    timed_step_log=weaver.timed_step_log,
                )
        except ModelUnavailable as error:
            # A fleet without the big model's weights still serves what it can; results name their engine.
            log.error("engine_unavailable", engine=name, reason=error.message, hint="make weights")
            last = error
        else:
            engines[name].card = replace(engines[name].card, weights_version=weaver.weights_version)
            log.info("engine_loaded", engine=name, seconds=round(time.monotonic() - start, 2))
    if not engines:
        raise last
    for name, engine in engines.items():
        if weaver.step_lever != "off" and isinstance(engine, Capturable):
            engine.warm_up(weaver.step_lever, max_batch=weaver.max_batch)
        if weaver.profile_seconds:
            measure(engine, profile, budget_seconds=weaver.profile_seconds / len(engines), max_batch=weaver.max_batch)
            log.info("engine_measured", engine=name, single_seconds=_singles(profile, engine))
        elif engine.card.needs_weights:
            warm_up(engine)
    return engines


def fitting(weaver: WeaverSettings) -> WeaverSettings:
    """Return the settings with as many pictures in a batch as the memory has room for beside the loaded engines.

    Raises:
        TooLittleMemory: There is room for none.
    """
    batch = machine.fitting_slots(
        weaver.max_batch,
        slot_bytes=PICTURE_BYTES,
        base_bytes=machine.resident_bytes(),
        limit_bytes=machine.memory_limit_bytes(),
        setting="WEAVER_MAX_BATCH",
    )
    return weaver.model_copy(update={"max_batch": batch})


def device_of(weaver: WeaverSettings) -> str:
    """Return what the engines run on: `cpu`, or the GPU's name as its driver gives it."""
    if weaver.device == "cpu" or all(CARDS[name].device == "cpu" for name in weaver.engines):
        return "cpu"
    for file in sorted(Path(GPUS).glob("*/information")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == "Model":
                return value.strip()
    return "cpu" if weaver.device == "auto" else weaver.device


def _singles(profile: CostProfile, engine: Engine) -> dict[str, float]:
    return {key: round(table.t(1), 4) for key in keys_of(engine.card) if (table := profile.table(key))}
