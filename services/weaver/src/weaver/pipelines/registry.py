"""Engines by name, loaded on demand: a weaver of `puppet` never imports torch.

An engine with weights lives in a package `weaver.pipelines.<name>` that offers
`load_engine(*, weights_dir: Path | None, device: str) -> Engine` and raises `ModelUnavailable` in one sentence when
its libraries or weights are missing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from proteus.engines import CARDS
from proteus.errors import ModelUnavailable
from proteus.licences import ANY, LicenceRules
from weaver.pipelines.contract import Engine
from weaver.settings import Poison


def load(
    name: str,
    *,
    rules: LicenceRules = ANY,
    device: str = "auto",
    weights_dir: str = "",
    timed_curve: Mapping[int, float] | None = None,
    timed_poison: Mapping[int, Poison] | None = None,
    timed_step_log: str = "",
) -> Engine:
    """Load one engine, ready to weave.

    Args:
        name: One of `proteus.engines.CARDS`.
        rules: They can refuse an engine, before anything is read.
        device: `auto`, `cpu` or `cuda`.
        weights_dir: Folder with one folder per engine; empty: the engine's default folder.
        timed_curve: t(b) of the engine `timed`.
        timed_poison: Seeds that are poison to the engine `timed`.
        timed_step_log: File for the steps of the engine `timed`; empty: none.

    Raises:
        ModelUnavailable: The engine is unknown, not installed, or has no weights here.
        LicenceRefused: The deployment's licence rules refuse these weights.
    """
    card = CARDS.get(name)
    if card is None:
        raise ModelUnavailable(f"Engine {name!r} is unknown; this version knows {', '.join(sorted(CARDS))}.")
    rules.require(card)
    if name == "timed":
        from weaver.pipelines.timed import TimedEngine

        return TimedEngine(timed_curve or {1: 0.2}, poison=timed_poison, step_log=timed_step_log)
    if name == "puppet":
        from weaver.pipelines.puppet import PuppetEngine

        return PuppetEngine()
    return _load_with_weights(name, device=device, weights_dir=weights_dir)


def _load_with_weights(name: str, *, device: str, weights_dir: str) -> Engine:
    try:
        package = importlib.import_module(f"weaver.pipelines.{name}")
    except ImportError as error:
        raise ModelUnavailable(
            f"Engine {name!r} is not installed here ({error}); install 'proteus-weaver[torch]'."
        ) from error
    engine: Engine = package.load_engine(weights_dir=Path(weights_dir) / name if weights_dir else None, device=device)
    return engine
