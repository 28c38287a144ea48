"""A step waits for nothing: the networks live on `meta`, where all that comes from the host is seen and refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from catvton_jobs import BEST, CARD
from proteus.engines import FASHN, Preset, canvas_of
from proteus.jobs import JobId
from tiny_klein import klein_pipeline, small_card
from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.attention import drop_cross_attention
from weaver.pipelines.catvton.engine import CatVtonEngine
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from weaver.pipelines.contract import Session
from weaver.pipelines.fashn.engine import FashnEngine
from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.klein.engine import KleinEngine
from workbench.bench.catvton_sizes import SCHEDULER, TINY, catvton_configs

SMALL = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
WAITING = ("_local_scalar_dense", "nonzero", "masked_select")
OF_PYTHON_DATA = (torch.tensor, torch.as_tensor, torch.asarray, torch.from_numpy)
"""On `meta` no dispatched operation shows these."""


class WaitsForNothing(TorchDispatchMode):
    """Refuses operations that the device's queue must end for, and tensors of the host."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(function)
        if any(refused in name for refused in WAITING):
            raise AssertionError(f"{name} makes the host wait for the device")
        found = function(*args, **(kwargs or {}))
        for tensor in tree_leaves((args, kwargs, found)):
            if isinstance(tensor, torch.Tensor) and tensor.device.type != "meta":
                raise AssertionError(f"{name} has a tensor of the host, of shape {tuple(tensor.shape)}")
        return found


class BuildsNothing(TorchFunctionMode):
    """Refuses tensors built from Python data, which would be copied to the device."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in OF_PYTHON_DATA:
            raise AssertionError(f"{function.__name__} builds a tensor of the host's data")
        return function(*args, **(kwargs or {}))


def catvton_session() -> tuple[CatVtonEngine, Session, tuple[str, ...]]:
    unet_config, vae_config = catvton_configs(TINY)
    unet, vae = weights.build_unet(unet_config), weights.build_vae(vae_config)
    drop_cross_attention(unet)
    pipeline = CatVtonPipeline(unet=unet, vae=vae, schedule=weights.read_schedule(SCHEDULER))
    engine = CatVtonEngine(pipeline, card=CARD)
    return engine, engine.open(BEST), ("best", "balanced", "fast", "approximate")


def fashn_session() -> tuple[FashnEngine, Session, tuple[str, ...]]:
    with torch.device("meta"):
        network = TryOnNetwork(SMALL).requires_grad_(False)
    engine = FashnEngine(FashnPipeline(network))
    presets = {
        quality: Preset(width=576, height=864, steps=steps, guidance=1.5)
        for quality, steps in (("fast", 5), ("balanced", 5), ("best", 6), ("approximate", 9))
    }
    engine.card = replace(FASHN, presets=presets)  # type: ignore[arg-type]
    return engine, engine.open(canvas_of(engine.card.batch_key("fast"))), ("best", "balanced", "fast", "approximate")


def klein_session() -> tuple[KleinEngine, Session, tuple[str, ...]]:
    engine = KleinEngine(klein_pipeline(device="meta"), card=small_card())
    return engine, engine.open(canvas_of(engine.card.batch_key("fast"))), ("best", "balanced", "fast", "fast")


@pytest.mark.parametrize("begun", [catvton_session, fashn_session, klein_session])
def test_no_step_between_the_first_and_the_last_waits_for_the_device_or_sends_it_anything(begun: Any) -> None:
    engine, session, qualities = begun()
    sample = engine.sample_job(session._canvas)
    for number, quality in enumerate(qualities):  # each with its own sampler, guidance and place
        session.admit(replace(sample, id=JobId(f"job_{number}"), quality=quality))
    session.step()
    with WaitsForNothing(), BuildsNothing():
        report = session.step()
    assert [one.step for one in report.progress] == [2, 2, 2, 2]
    shallow = "approximate" in qualities
    assert [one.cost < 0.5 for one in report.progress] == [False, False, False, shallow], "a shallow pass is among them"


def test_the_refusal_sees_what_it_is_for() -> None:
    given = torch.ones(2, device="meta")
    for waits in (
        lambda: given * torch.tensor([1.0, 2.0]).to("meta"),
        lambda: given + torch.tensor([1.0, 2.0], device="meta"),
        lambda: given.sum().item(),
        lambda: torch.randn(2).to("meta"),
        lambda: given[torch.tensor([True, False])],
    ):
        with pytest.raises((AssertionError, RuntimeError)), WaitsForNothing(), BuildsNothing():
            waits()
    with WaitsForNothing(), BuildsNothing():
        assert (given * 2 + given[:1]).device.type == "meta"
