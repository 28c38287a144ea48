"""The FASHN network and sampler against the published algorithm, on tiny random weights."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fashn_reference import Reference
from proteus.errors import ModelUnavailable
from weaver.pipelines.fashn import weights
from weaver.pipelines.fashn.network import FULL, TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import Conditions, FashnPipeline
from weaver.pipelines.fashn.schedule import Schedule

TINY = TryOnConfig(hidden=64, heads=4, patch=12, height=48, width=36, axes=(4, 6, 6), mixer=2, double=2, single=3)
GEOMETRY = {"height": 48, "width": 36, "patch": 12, "axes": (4, 6, 6)}


def published_shapes(hidden: int, heads: int, patch: int, mixer: int, double: int, single: int) -> dict[str, tuple]:
    """The published file's names and shapes, from the facts, not from our module."""
    d, head = hidden, hidden // heads
    shapes: dict[str, tuple] = {
        "x_embedder.proj.weight": (d, 7, patch, patch),
        "x_embedder.proj.bias": (d,),
        "garment_embedder.proj.weight": (d, 4, patch, patch),
        "garment_embedder.proj.bias": (d,),
        "y_embedder.weight": (4, d),
        "patch_mixer_token": (1, 1, 3 * patch * patch),
    }

    def linear(name: str, outputs: int, inputs: int) -> None:
        shapes[f"{name}.weight"] = (outputs, inputs)
        shapes[f"{name}.bias"] = (outputs,)

    linear("t_embedder.mlp.in_layer", d, 256)
    linear("t_embedder.mlp.out_layer", d, d)
    for name in [f"x_patch_mixer.{n}" for n in range(mixer)] + [f"single_blocks.{n}" for n in range(single)]:
        linear(f"{name}.linear1", 7 * d, d)
        linear(f"{name}.linear2", d, 5 * d)
        linear(f"{name}.modulation.lin", 3 * d, d)
        shapes[f"{name}.norm.query_norm.scale"] = shapes[f"{name}.norm.key_norm.scale"] = (head,)
    for name in [f"double_blocks.{n}.{stream}" for n in range(double) for stream in ("img", "txt")]:
        linear(f"{name}_mod.lin", 6 * d, d)
        linear(f"{name}_attn.qkv", 3 * d, d)
        linear(f"{name}_attn.proj", d, d)
        linear(f"{name}_mlp.0", 4 * d, d)
        linear(f"{name}_mlp.2", d, 4 * d)
        shapes[f"{name}_attn.norm.query_norm.scale"] = shapes[f"{name}_attn.norm.key_norm.scale"] = (head,)
    linear("final_layer.adaLN_modulation.1", 2 * d, d)
    linear("final_layer.linear", 3 * patch * patch, d)
    return shapes


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(20_260_201)
    tensors = {}
    for name, shape in published_shapes(64, 4, 12, 2, 2, 3).items():
        fan_in = shape[1] * (144 if name.endswith("proj.weight") and len(shape) == 4 else 1) if len(shape) > 1 else 16
        values = torch.randn(shape, generator=generator) / fan_in**0.5
        tensors[name] = values + 1 if name.endswith("scale") else values
    tensors["y_embedder.weight"] = torch.randn(4, 64, generator=generator)
    return tensors


@pytest.fixture(scope="module")
def file(checkpoint, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("fashn") / "model.safetensors"
    save_file(checkpoint, path)
    return path


@pytest.fixture(scope="module")
def pipeline(file) -> FashnPipeline:
    return weights.load(file, dtype=torch.float32, device="cpu", config=TINY)


@pytest.fixture(scope="module")
def reference(checkpoint):
    return Reference(checkpoint, **GEOMETRY)


def conditions(batch: int, seed: int = 1) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    person, pose, garment, garment_pose = (
        torch.rand(batch, channels, 48, 36, generator=generator) * 2 - 1 for channels in (3, 1, 3, 1)
    )
    return person, pose, garment, garment_pose, torch.arange(batch) % 3 + 1


def noise(batch: int, seed: int = 2) -> torch.Tensor:
    return torch.randn(batch, 3, 48, 36, generator=torch.Generator().manual_seed(seed))


def test_the_full_network_has_the_published_tensors_and_no_others() -> None:
    with torch.device("meta"):
        network = TryOnNetwork(FULL)
    found = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert found == published_shapes(1280, 10, 12, 4, 8, 16)
    assert len(found) == 366
    assert sum(parameter.numel() for parameter in network.parameters()) == 971_813_808


def test_a_file_with_these_tensors_has_exactly_the_published_size() -> None:
    """Names, shapes and offsets are all in a safetensors header: another name would give another size."""
    header, offset = {}, 0
    for name, shape in sorted(published_shapes(1280, 10, 12, 4, 8, 16).items()):
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    header_bytes = len(json.dumps(header, separators=(",", ":")))
    assert 8 + -(-header_bytes // 8) * 8 + offset == 1_943_668_048


def test_both_branches_equal_the_published_network(pipeline, reference) -> None:
    keep = torch.tensor([True, False, True, False])
    inputs = (noise(4), torch.tensor([0.0, 0.1, 0.5, 0.97]), *conditions(4), keep)
    with torch.inference_mode():
        ours = pipeline.network(*inputs)
    theirs = reference.forward(*inputs)
    assert theirs.std() > 0.5
    assert (ours - theirs).abs().max() < 1e-4


def test_the_null_branch_depends_on_nothing_but_picture_and_time(pipeline) -> None:
    x, t = noise(1), torch.tensor([0.3])
    with torch.inference_mode():
        first = pipeline.network(x, t, *conditions(1, seed=5), torch.tensor([False]))
        second = pipeline.network(x, t, *conditions(1, seed=6), torch.tensor([False]))
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    ("steps", "guidance", "skip"), [(5, 1.5, 1), (4, 2.5, 0), (3, 1.0, 1), (3, 1.5, 3), (1, 2.0, 1)]
)
def test_the_sampler_equals_the_published_one(pipeline, reference, steps, guidance, skip) -> None:
    ours = pipeline.sample(*conditions(2), steps=steps, guidance=guidance, noise=noise(2), skip_cfg_last=skip)
    theirs = reference.sample(*conditions(2), steps=steps, guidance=guidance, noise=noise(2), skip=skip)
    assert (ours - theirs).abs().max() < 1e-4


def test_times_are_the_published_ones() -> None:
    thirty = Schedule(steps=30, guidance=1.5).times
    assert thirty[:4] == pytest.approx((0, 0.00764, 0.01569, 0.02419), abs=5e-6)
    assert thirty[-4:] == pytest.approx((0.66757, 0.75751, 0.86615, 1), abs=5e-6)
    assert Schedule(steps=20, guidance=1.5).times[1:3] == pytest.approx((0.01161, 0.02419), abs=5e-6)
    assert Schedule(steps=50, guidance=1.5).times[-2] == pytest.approx(0.91620, abs=5e-6)


class Counting:
    """Counts rows through the network and the dtypes of what goes in."""

    def __init__(self, pipeline: FashnPipeline) -> None:
        self.rows, self.dtypes, self.modulations = 0, set(), 0
        network = pipeline.network
        network.x_embedder.register_forward_pre_hook(self._see)
        network.t_embedder.register_forward_pre_hook(self._time)

    def _see(self, _module, inputs) -> None:
        self.rows += len(inputs[0])
        self.dtypes.add(inputs[0].dtype)

    def _time(self, _module, inputs) -> None:
        self.modulations += 1
        self.dtypes.add(inputs[0].dtype)


@pytest.mark.parametrize(
    ("steps", "guidance", "skip", "rows"), [(6, 1.5, 1, 11), (6, 1.5, 0, 12), (6, 1.0, 1, 6), (6, 1.5, 6, 6)]
)
def test_the_null_half_is_run_only_where_it_is_needed(file, steps, guidance, skip, rows) -> None:
    pipeline = weights.load(file, dtype=torch.float32, device="cpu", config=TINY)
    counting = Counting(pipeline)
    pipeline.sample(*conditions(2), steps=steps, guidance=guidance, noise=noise(2), skip_cfg_last=skip)
    assert counting.rows == 2 * rows
    assert Schedule(steps=steps, guidance=guidance, skip_cfg_last=skip).forwards == rows


def test_modulations_are_computed_once_per_schedule(file) -> None:
    pipeline = weights.load(file, dtype=torch.float32, device="cpu", config=TINY)
    counting = Counting(pipeline)
    for seed in (1, 2):
        pipeline.sample(*conditions(2), steps=4, guidance=1.5, noise=noise(2, seed))
    assert counting.modulations == 1


def test_picture_and_time_stay_float32_under_a_bfloat16_network(file, reference) -> None:
    pipeline = weights.load(file, dtype=torch.bfloat16, device="cpu", config=TINY)
    counting = Counting(pipeline)
    picture = pipeline.sample(*conditions(2), steps=4, guidance=1.5, noise=noise(2))
    assert picture.dtype == torch.float32
    assert counting.dtypes == {torch.float32}
    exact = reference.sample(*conditions(2), steps=4, guidance=1.5, noise=noise(2), skip=1)
    assert (picture - exact).abs().mean() < 0.05


def test_a_picture_does_not_depend_on_its_batch_mates(pipeline) -> None:
    inputs = conditions(3)
    start = torch.cat([pipeline.noise(seed) for seed in (7, 8, 9)])
    together = pipeline.sample(*inputs, steps=4, guidance=1.5, noise=start)
    alone = pipeline.sample(*(c[1:2] for c in inputs), steps=4, guidance=1.5, noise=pipeline.noise(8))
    assert (together[1] - alone[0]).abs().max() < 1e-5


def test_rows_at_different_places_of_the_schedule_share_a_step(pipeline) -> None:
    schedule = Schedule(steps=4, guidance=1.5)
    whole = pipeline.sample(*conditions(2), steps=4, guidance=1.5, noise=noise(2))
    first, second = (pipeline.encode(*(c[n : n + 1] for c in conditions(2))) for n in (0, 1))
    x, late = noise(2)[:1], noise(2)[1:]
    for step in range(2):
        x = pipeline.step(x, [step], first, [schedule])
    both, at = torch.cat((x, late)), [2, 0]
    for _ in range(2):
        both = pipeline.step(both, at, Conditions.join((first, second)), [schedule] * 2)
        at = [place + 1 for place in at]
    late = both[1:]
    for step in (2, 3):
        late = pipeline.step(late, [step], second, [schedule])
    assert (torch.cat((both[:1], late)) - whole).abs().max() < 1e-5


def test_a_file_without_the_unused_token_is_complete(checkpoint, pipeline, tmp_path) -> None:
    save_file({name: tensor for name, tensor in checkpoint.items() if name != "patch_mixer_token"}, tmp_path / "m")
    other = weights.load(tmp_path / "m", dtype=torch.float32, device="cpu", config=TINY)
    pictures = [p.sample(*conditions(1), steps=2, guidance=1.5, noise=noise(1)) for p in (pipeline, other)]
    assert torch.equal(*pictures)


@pytest.mark.parametrize("damage", ["missing", "unknown", "shape"])
def test_a_file_that_does_not_fit_is_refused_by_name(checkpoint, tmp_path, damage) -> None:
    tensors = dict(checkpoint)
    if damage == "missing":
        del tensors["final_layer.linear.bias"]
    elif damage == "unknown":
        tensors["final_layer.linear.bias2"] = torch.zeros(1)
    else:
        tensors["final_layer.linear.bias"] = torch.zeros(7)
    save_file(tensors, tmp_path / "m.safetensors")
    with pytest.raises(ModelUnavailable, match=r"1 of 102 tensors .*final_layer\.linear\.bias"):
        weights.load(tmp_path / "m.safetensors", dtype=torch.float32, device="cpu", config=TINY)


def test_a_missing_or_broken_file_says_so(tmp_path) -> None:
    (tmp_path / "noise.safetensors").write_bytes(b"no header")
    for name in ("absent.safetensors", "noise.safetensors"):
        with pytest.raises(ModelUnavailable, match=name):
            weights.load(tmp_path / name, dtype=torch.float32, device="cpu", config=TINY)


def test_inputs_off_the_canvas_are_refused(pipeline) -> None:
    person, pose, garment, garment_pose, category = conditions(1)
    with pytest.raises(ValueError, match="the canvas needs"):
        pipeline.encode(person[..., :-1], pose, garment, garment_pose, category)
    with pytest.raises(ValueError, match="categories are 1 tops"):
        pipeline.encode(person, pose, garment, garment_pose, category * 0)
