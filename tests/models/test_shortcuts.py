"""The quality `approximate`: what is left out is left out, the rest stays, and what is kept goes with its picture.

That joins, parking and cancels change no picture `test_joining` shows, for pictures of every quality together.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from catvton_jobs import BEST, job, small_engine
from proteus.engines import CATVTON, FASHN
from proteus.errors import OutOfMemory
from proteus.jobs import JobId
from weaver.pipelines import rows
from weaver.pipelines.catvton import deep_cache, weights
from weaver.pipelines.catvton.attention import drop_cross_attention
from weaver.pipelines.catvton.picture import Picture, Recipe
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from weaver.pipelines.catvton.presets import GUIDANCE, SAMPLING
from weaver.pipelines.fashn import first_block
from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import Conditions, FashnPipeline
from weaver.pipelines.fashn.presets import schedule_of
from weaver.pipelines.fashn.schedule import Schedule
from weaver.pipelines.guidance import GuidanceInterval
from weaver.pipelines.reuse import Reuse
from workbench.bench import fashn as fashn_bench
from workbench.bench.catvton_sizes import FULL, catvton_configs
from workbench.bench.checkpoints import write_catvton
from workbench.bench.gpu_bench import Bench

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
STEPS = 7
LATENTS = (16, 6)


@pytest.fixture(scope="module")
def catvton() -> CatVtonPipeline:
    return Bench(size="tiny", device="cpu").catvton()


@pytest.fixture(scope="module")
def fashn() -> FashnPipeline:
    return FashnPipeline(fashn_bench.random_network(TINY, device=torch.device("cpu"), dtype=torch.float32))


def begun(pipeline: CatVtonPipeline, *, reuse: Reuse | None = None, seed: int = 0, **changes: Any) -> Picture:
    generator = torch.Generator().manual_seed(seed)
    recipe = Recipe(plan=pipeline.schedule.plan("dpm++2m", STEPS), guidance=GUIDANCE, reuse=reuse or Reuse(), **changes)
    return Picture(
        recipe=recipe,
        conditions=torch.randn((2, 5, *LATENTS), generator=generator),
        latents=torch.randn((1, 4, *LATENTS), generator=generator),
        timesteps=torch.tensor([step.timestep for step in recipe.plan], dtype=torch.float32),
    )


def latents(pipeline: CatVtonPipeline, picture: Picture) -> torch.Tensor:
    while not picture.done:
        pipeline.denoise([picture])
    return picture.latents


def conditions(pipeline: FashnPipeline, seed: int = 0) -> Conditions:
    generator, config = torch.Generator().manual_seed(seed), pipeline.config
    person = torch.randn((1, 4, config.height, config.width), generator=generator)
    return Conditions(
        person, torch.randn((1, config.tokens, config.hidden), generator=generator), torch.ones(1, dtype=torch.int64)
    )


def pixels(pipeline: FashnPipeline, schedule: Schedule, *, kept: bool = True) -> torch.Tensor:
    x, added = pipeline.noise(0), list[torch.Tensor | None]([None])
    for step in range(schedule.steps):
        x = pipeline.step(x, [step], conditions(pipeline), [schedule], added if kept else None)
    return x


def operations(work: Any) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


# ---- what they cost


def test_the_cards_know_what_the_approximate_presets_cost(catvton) -> None:
    preset, sampling = CATVTON.presets["approximate"], SAMPLING["approximate"]
    plan = catvton.schedule.plan(sampling.sampler, preset.steps)
    recipe = Recipe(plan=plan, guidance=GUIDANCE, reuse=sampling.reuse)
    assert preset.cost_steps == round(recipe.cost_left(0))
    of_fashn = FASHN.presets["approximate"]
    assert of_fashn.cost_steps == round(schedule_of(of_fashn, "approximate").cost_left(0))
    for card in (CATVTON, FASHN):
        for quality, other in card.presets.items():
            assert bool(other.shortcuts) == (quality == "approximate") == (other.costs != other.steps)


@pytest.mark.long
def test_a_shallow_row_costs_the_share_of_a_whole_one_that_the_costs_say() -> None:
    unet = weights.build_unet(catvton_configs(FULL)[0])
    drop_cross_attention(unet)
    with torch.device("meta"), torch.inference_mode():
        network = TryOnNetwork()
        x, t = torch.empty(1, 9, 256, 96), torch.empty(1)
        deep = torch.empty(1, 320, 256, 96)
        share = operations(lambda: deep_cache.shallow(unet, x, t, deep)) / operations(
            lambda: deep_cache.whole(unet, x, t)
        )
        picture, person = torch.empty(1, 3, 864, 576), torch.empty(1, 4, 864, 576)
        tokens = torch.empty(1, network.config.tokens, network.config.hidden)
        modulation = network.modulation(torch.empty(1), torch.zeros(1, dtype=torch.int64))
        of_fashn = operations(lambda: first_block.shallow(network, picture, person, modulation, tokens)) / operations(
            lambda: first_block.whole(network, picture, person, tokens, modulation)
        )
    assert share == pytest.approx(deep_cache.SHALLOW_COST, abs=0.001)
    assert of_fashn == pytest.approx(first_block.SHALLOW_COST, abs=0.001)


# ---- the networks' two parts


def test_a_shallow_pass_over_its_own_steps_deep_part_is_the_whole_one(catvton, fashn) -> None:
    x, t = catvton.row_inputs(2, width=48, height=64)
    with torch.inference_mode():
        whole, deep = deep_cache.whole(catvton.unet, x, t)
        assert torch.equal(whole, catvton.predict_rows(x, t))
        assert torch.equal(deep_cache.shallow(catvton.unet, x, t, deep), whole)
        inputs = fashn.row_inputs(2)
        velocity, added = first_block.whole(fashn.network, *inputs)
        assert torch.equal(velocity, fashn.network.denoise(*inputs))
        again = first_block.shallow(fashn.network, inputs[0], inputs[1], inputs[3], added)
    assert torch.allclose(again, velocity, atol=1e-5)


def test_with_every_step_whole_the_picture_is_the_exact_one_bit_for_bit(catvton, fashn) -> None:
    exact = latents(catvton, begun(catvton))
    assert torch.equal(latents(catvton, begun(catvton, reuse=Reuse(every=1), guided=(0, STEPS))), exact)
    plain = Schedule(steps=STEPS, guidance=1.5)
    named = replace(plain, interval=GuidanceInterval(first=0.0, last=1.0), reuse=Reuse(every=1))
    assert torch.equal(pixels(fashn, named), pixels(fashn, plain, kept=False))
    assert not named.approximate


@pytest.mark.long
def test_shortcuts_leave_out_exactly_the_deep_parts_and_the_null_branches(catvton, fashn) -> None:
    one, part = begun(catvton), begun(catvton, reuse=Reuse(every=3))
    whole = operations(lambda: catvton.predict([one]))
    catvton.denoise([part])
    shallow = operations(lambda: catvton.predict([part]))
    assert 0 < shallow < whole / 2
    counted = operations(lambda: latents(catvton, begun(catvton, reuse=Reuse(every=3))))
    assert counted == 3 * whole + 4 * shallow

    plain = Schedule(steps=STEPS, guidance=1.5)
    inside = replace(plain, interval=GuidanceInterval(first=0.1, last=0.6))
    assert 0 < inside.forwards < plain.forwards
    fashn.expect(plain)
    row = operations(lambda: fashn.network.denoise(*fashn.row_inputs(1))) - operations(lambda: fashn.row_inputs(1))
    assert operations(lambda: pixels(fashn, plain)) == plain.forwards * row
    assert operations(lambda: pixels(fashn, inside)) == inside.forwards * row
    assert operations(lambda: pixels(fashn, replace(plain, reuse=Reuse(every=2)))) < plain.forwards * row


def test_a_step_that_has_nothing_to_take_over_says_so(catvton, fashn) -> None:
    picture = begun(catvton, reuse=Reuse(every=3))
    catvton.denoise([picture])
    picture.deep = None
    with pytest.raises(ValueError, match="none was kept"):
        catvton.denoise([picture])
    with pytest.raises(ValueError, match="nothing was kept"):
        fashn.step(
            fashn.noise(0), [1], conditions(fashn), [Schedule(steps=5, guidance=1.5, reuse=Reuse(every=3))], [None]
        )


# ---- what is kept goes with its picture


def test_a_picture_keeps_its_own_tensor_only_while_its_next_step_takes_it_over(catvton) -> None:
    pictures = [begun(catvton, reuse=Reuse(every=3), seed=seed) for seed in range(3)] + [begun(catvton)]
    kept = []
    for _ in range(STEPS):
        catvton.denoise(pictures)
        for picture in pictures[:3]:
            if picture.deep is not None:
                assert picture.deep.untyped_storage().nbytes() == picture.deep.nbytes, "no mate's memory with it"
        assert pictures[3].deep is None
        kept.append(pictures[0].deep is not None)
    assert kept == [True, True, False, True, True, False, False]


def test_whoever_is_not_guided_any_more_takes_over_the_row_with_the_garment(catvton) -> None:
    picture = begun(catvton, reuse=Reuse(every=3), guided=(0, 2))
    catvton.denoise([picture])
    catvton.denoise([picture])
    assert picture.deep is not None
    with_garment = picture.deep[1:].clone()
    catvton.denoise([picture])
    assert picture.deep is None, "the next step is whole"
    again = begun(catvton, reuse=Reuse(every=3), guided=(0, 2))
    again.index, again.deep = 2, torch.cat([torch.full_like(with_garment, torch.nan), with_garment])
    assert torch.isfinite(catvton.predict([again])[0]).all()


def test_out_of_memory_in_a_shallow_pass_moves_nobody_and_loses_nothing(catvton) -> None:
    expected = [latents(catvton, begun(catvton, reuse=Reuse(every=every), seed=every)) for every in (1, 3)]
    pictures = [begun(catvton, reuse=Reuse(every=every), seed=every) for every in (1, 3)]
    catvton.denoise(pictures)
    before = [(picture.index, picture.latents, picture.deep) for picture in pictures]

    def exhausted(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = catvton.unet.conv_out.register_forward_pre_hook(exhausted)
    with pytest.raises(torch.OutOfMemoryError):
        catvton.denoise(pictures[1:])
    with pytest.raises(torch.OutOfMemoryError):
        catvton.denoise(pictures)
    hook.remove()
    for picture, (index, there, deep) in zip(pictures, before, strict=True):
        assert (picture.index, picture.latents is there, picture.deep is deep) == (index, True, True)
    for picture, found in zip(pictures, expected, strict=True):
        assert torch.allclose(latents(catvton, picture), found, atol=1e-4)


def test_out_of_memory_leaves_what_fashns_rows_take_over(fashn) -> None:
    schedule = Schedule(steps=5, guidance=1.5, reuse=Reuse(every=3))
    added: list[torch.Tensor | None] = [None]
    x = fashn.step(fashn.noise(0), [0], conditions(fashn), [schedule], added)
    (kept,) = added
    assert kept is not None
    assert len(kept) == 2, "with the garment, and the null branch"

    def exhausted(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = fashn.network.final_layer.register_forward_pre_hook(exhausted)
    with pytest.raises(torch.OutOfMemoryError):
        fashn.step(x, [1], conditions(fashn), [schedule], added)
    hook.remove()
    assert added[0] is kept


# ---- captured steps


def doubled(forward: Any, inputs: Any) -> Any:
    """A capture for a CPU: runs the pass over its inputs again."""
    return lambda: forward(*inputs)


def test_beside_captured_steps_shortcuts_run_eagerly_and_no_picture_changes(catvton) -> None:
    alone = [latents(catvton, begun(catvton, reuse=Reuse(every=every), seed=every)) for every in (1, 3)]
    eager = catvton.rows
    try:
        catvton.rows = rows.RowPass(catvton.predict_rows)
        inputs_of = partial(catvton.row_inputs, width=48, height=64)
        found = catvton.rows.capture(inputs_of, capture=doubled, most_rows=4, tolerance=1e-4)
        assert found.rows == (1, 2, 4)
        pictures = [begun(catvton, reuse=Reuse(every=every), seed=every) for every in (1, 3)]
        catvton.denoise(pictures[:1])  # each at a step of its own
        while any(not picture.done for picture in pictures):
            catvton.denoise([picture for picture in pictures if not picture.done])
    finally:
        catvton.rows = eager
    for picture, expected in zip(pictures, alone, strict=True):
        assert torch.allclose(picture.latents, expected, atol=1e-4 * float(expected.abs().max()))


# ---- behind the seam


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("engine")
    write_catvton(folder)
    return small_engine(folder)


def test_a_result_names_what_was_left_out_and_progress_what_it_cost(engine) -> None:
    session = engine.open(BEST)
    for quality in ("balanced", "approximate"):
        session.admit(replace(job(quality), quality=quality))
    costs: dict[JobId, list[float]] = {JobId("balanced"): [], JobId("approximate"): []}
    finished = {}
    while len(finished) < 2:
        report = session.step()
        for one in report.progress:
            costs[one.id].append(one.cost)
            if one.id == "balanced":
                assert one.left == one.steps - one.step
        finished |= {done.id: done.notes for done in report.finished}
    assert set(costs[JobId("balanced")]) == {1.0}
    assert [cost == 1.0 for cost in costs[JobId("approximate")]] == [True, False, False, True, False, False, True]
    assert finished[JobId("approximate")]["approximate"] == ["outermost layer alone"]
    assert "approximate" not in finished[JobId("balanced")]


def test_out_of_memory_is_said_to_the_worker_who_may_park_and_go_on(engine) -> None:
    expected = engine.open(BEST)
    expected.admit(replace(job("a"), quality="approximate"))
    while not (done := expected.step()).finished:
        pass
    session = engine.open(BEST)
    session.admit(replace(job("a"), quality="approximate"))
    session.step()

    def exhausted(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = engine.pipeline.unet.conv_out.register_forward_pre_hook(exhausted)
    with pytest.raises(OutOfMemory):
        session.step()
    hook.remove()
    parked = session.park(JobId("a"))
    session.resume(parked)
    while not (again := session.step()).finished:
        pass
    assert (again.finished[0].image == done.finished[0].image).all()


def test_an_approximate_picture_has_the_steps_of_a_balanced_one() -> None:
    assert SAMPLING["approximate"].sampler == SAMPLING["balanced"].sampler
    assert CATVTON.presets["approximate"].steps == CATVTON.presets["balanced"].steps
    assert FASHN.presets["approximate"].steps == FASHN.presets["balanced"].steps
