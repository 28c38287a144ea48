"""SegFormer's exact backends agree, the approximate one is near, label maps are the published ones, lacks are named."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

from no_torch import REASON, without_torch
from proteus.errors import ModelUnavailable
from proteus.worker.proofs import BOUNDS
from tailor.parsers.segformer import exported, load_network, locate
from tailor.parsers.segformer.approximate import openvino_forward
from tailor.parsers.segformer.preparation import stretched
from tailor.parsers.segformer.proving import distance
from tailor.parsers.segformer.reference import normalised
from tailor.parsers.segformer.upsampling import labels_at
from workbench.bench.checkpoints import SEGFORMER_B0, write_segformer

SIDE = 128


def photo(width: int = 150, height: int = 210, seed: int = 0):
    small = np.random.default_rng(seed).integers(0, 256, (9, 7, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    return write_segformer(tmp_path_factory.mktemp("segformer"))


@pytest.fixture(scope="module")
def networks(folder):
    return [load_network(str(folder), backend=backend, side=SIDE) for backend in ("torch", "onnxruntime")]


def test_the_folded_network_equals_the_published_one(networks):
    published, folded = networks
    photos = [photo(seed=seed) for seed in range(3)]
    expected, ours = published.logits(photos), folded.logits(photos)
    assert ours.shape == (3, 18, SIDE // 4, SIDE // 4)
    assert np.abs(ours - expected).max() < 1e-5 * np.abs(expected).max()
    for one, other in zip(folded.labels(photos), published.labels(photos), strict=True):
        assert one.shape == (210, 150)
        assert np.array_equal(one, other)
    assert published.version == folded.version


def test_a_photo_does_not_depend_on_its_batch_mates(networks):
    folded = networks[1]
    photos = [photo(seed=seed, width=100 + seed) for seed in range(4)]
    together = folded.labels(photos)
    assert all(np.array_equal(folded.labels([one])[0], many) for one, many in zip(photos, together, strict=True))


def test_openvino_in_fp32_equals_the_published_network(networks, folder):
    published = networks[0]
    forward = openvino_forward(onnx_file(folder), threads=1, slots=1, precision="f32")
    pictures = np.stack([stretched(photo(seed=seed), side=published.side) for seed in range(3)])
    expected = published.forward(pictures)
    assert np.abs(forward(pictures) - expected).max() < 1e-5 * np.abs(expected).max()


def onnx_file(folder):
    [path] = (folder / "onnx").glob(f"*-{SIDE}-*.onnx")
    return path


SERVE = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from proteus.errors import ModelUnavailable
from tailor.parsers.segformer import load_network
folder, side, photos, out = sys.argv[1], int(sys.argv[2]), np.load(sys.argv[3]), sys.argv[4]
photos = [photos[name] for name in photos.files]
try:
    network = load_network(folder, backend="openvino", side=side, slots=2)
except ModelUnavailable as error:
    np.savez(out, refused=str(error))
    sys.exit()
alone = np.stack([network.logits([one])[0] for one in photos])
with ThreadPoolExecutor(4) as slots:
    at_once = np.stack(list(slots.map(lambda one: network.logits([one])[0], photos)))
foreign = [name for name in ("torch", "openvino_telemetry") if name in sys.modules]
np.savez(out, version=network.version, alone=alone, together=network.logits(photos), at_once=at_once, foreign=foreign)
"""
"""A process of its own: which instructions OpenVINO uses is settled when it loads."""


def served(folder, photos, tmp_path, **environment):
    """Return what a fresh process serves with the backend `openvino`, or its refusal."""
    given, out = tmp_path / "photos.npz", tmp_path / "served.npz"
    np.savez(given, *photos)
    command = [sys.executable, "-c", SERVE, str(folder), str(SIDE), str(given), str(out)]
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    with np.load(out) as found:
        return {name: found[name] for name in found.files}


@pytest.fixture(scope="module")
def photos():
    return [photo(seed=seed, width=100 + seed) for seed in range(6)]


@pytest.fixture(scope="module")
def b0_folder(tmp_path_factory):
    """A network whose half precision may be the faster one; the tiny one's time goes into calls."""
    made = write_segformer(tmp_path_factory.mktemp("b0"), size=SEGFORMER_B0)
    exported(locate(made), side=SIDE)
    return made


@pytest.fixture(scope="module")
def approximate(b0_folder, photos, tmp_path_factory):
    """What the backend `openvino` makes of the photos on this machine, whatever it can do."""
    return served(b0_folder, photos, tmp_path_factory.mktemp("served"))


def test_what_openvino_serves_is_near_the_published_network(b0_folder, approximate, photos):
    if "refused" in approximate:
        assert "no approximate form proves itself here" in str(approximate["refused"])
        return
    expected = load_network(b0_folder, backend="torch", side=SIDE).logits(photos)
    assert np.abs(approximate["alone"] - expected).max() < 2 * BOUNDS.error * np.abs(expected).max()
    assert not np.array_equal(approximate["alone"], expected)


def test_with_openvino_a_photo_depends_on_no_batch_mate_and_no_other_slot(approximate):
    if "refused" in approximate:
        assert "alone" not in approximate
        return
    assert np.array_equal(approximate["alone"], approximate["at_once"])
    assert np.array_equal(approximate["alone"].argmax(axis=1), approximate["together"].argmax(axis=1))
    assert approximate["foreign"].size == 0  # neither torch nor a report to anybody


PIXELS = np.zeros((1, 18, 1, 8), np.float32)
PIXELS[0, 3], PIXELS[0, 5, 0, :2], PIXELS[0, 5, 0, 2:] = 10.0, 9.85, 2.0
"""Eight pixels of label 3: in two of them label 5 is 1.5 % of the largest logit behind, in the others far."""


def moved(*pixels: int, by: float = 0.0):
    """The same logits with label 5 before label 3 in some pixels."""
    near = PIXELS.copy()
    near[0, 5, 0, list(pixels)] = 10.1 + by
    return near


def test_a_label_that_moves_between_two_that_tie_is_no_error():
    found = distance(PIXELS, moved(0, 1), cost=0.7)
    assert (found.agreement, found.decided, found.cost) == (1.0, 0.75, 0.7)
    assert found.error == pytest.approx(0.025)


def test_a_label_that_moves_where_the_exact_form_is_decided_is_an_error():
    assert distance(PIXELS, moved(0, 2, 3), cost=0.7).agreement == 0.75


def test_what_is_no_number_is_never_near():
    near = PIXELS.copy()
    near[0, 0, 0, 0] = np.nan
    assert not distance(PIXELS, near, cost=0.7).within(BOUNDS)
    assert distance(PIXELS, PIXELS, cost=0.7).within(BOUNDS)


def test_samples_that_are_mostly_ties_prove_nothing():
    flat = np.random.default_rng(0).uniform(9.9, 10, PIXELS.shape).astype(np.float32)
    assert not distance(flat, flat, cost=0.7).within(BOUNDS)


def test_without_its_wheel_openvino_is_refused_in_one_sentence(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # what Python itself says when an import is to fail
    with pytest.raises(
        ModelUnavailable, match=r"^backend openvino .* not installed here .*: requirements-models\.txt$"
    ):
        load_network(folder, backend="openvino", side=SIDE)


@pytest.mark.parametrize("size", [(300, 200), (33, 57), (64, 64), (16, 20), (1, 1), (257, 129)])
@pytest.mark.parametrize("smooth", [True, False])
def test_labels_are_those_of_the_dense_upsampling(size, smooth):
    generator = torch.Generator().manual_seed(size[0])
    logits = torch.randn((1, 18, 8, 8) if smooth else (1, 18, 32, 32), generator=generator)
    if smooth:
        logits = F.interpolate(logits, size=(32, 32), mode="bicubic")
    dense = F.interpolate(logits, size=(size[1], size[0]), mode="bilinear", align_corners=False).argmax(1)[0].numpy()
    ours = labels_at(logits[0].numpy(), width=size[0], height=size[1])
    assert (ours != dense).mean() < 1e-4


def test_preparation_is_the_published_one(networks):
    picture = photo()
    processor = SegformerImageProcessorPil(size={"height": SIDE, "width": SIDE}, do_reduce_labels=False)
    published = processor(images=Image.fromarray(picture), return_tensors="pt").pixel_values
    ours = normalised(stretched(picture, side=networks[0].side)[None])
    assert torch.allclose(ours, published, atol=1e-6)


def test_with_the_exported_file_there_no_torch_is_imported(networks, folder):
    script = (
        "import sys; from tailor.parsers.segformer import load_network; "
        f"load_network({str(folder)!r}, side={SIDE}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_another_cache_folder_gets_its_own_file_and_nothing_partial(folder, tmp_path):
    load_network(str(folder), side=64, cache_dir=tmp_path / "deep" / "cache")
    [written] = (tmp_path / "deep" / "cache").iterdir()
    assert written.suffix == ".onnx"


def test_missing_files_are_named(folder, tmp_path):
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelUnavailable, match=r"no model\.safetensors"):
        load_network(str(tmp_path))


def test_a_network_of_other_labels_is_refused(folder, tmp_path):
    for path in ("config.json", "model.safetensors"):
        (tmp_path / path).write_bytes((folder / path).read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"id2label": {"0": "wall", "1": "floor"}}))
    with pytest.raises(ModelUnavailable, match="18 clothes labels"):
        load_network(str(tmp_path))


def test_a_file_that_differs_from_its_listed_checksum_is_refused(folder, tmp_path):
    for path in ("config.json", "model.safetensors"):
        (tmp_path / path).write_bytes((folder / path).read_bytes())
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  model.safetensors\n")
    with pytest.raises(ModelUnavailable, match="checksum differs"):
        load_network(str(tmp_path))


def test_a_folder_that_is_not_there_is_named_with_the_command_that_fills_it():
    with pytest.raises(ModelUnavailable, match="no folder nobody/has-this-model; `make weights MODEL=segformer`"):
        load_network("nobody/has-this-model")


def test_without_torch_and_without_an_export_the_command_that_makes_it_is_named(folder, tmp_path):
    script = f"from tailor.parsers.segformer import load_network; load_network({str(folder)!r}, side=192)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **without_torch(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr.splitlines()[-1]
    assert said.startswith("proteus.errors.ModelUnavailable: parser segformer finds no exported network segformer-")
    assert REASON in said
    assert "`make weights MODEL=segformer ACCEPT=1`" in said


def test_an_export_that_cannot_be_written_names_its_folder(folder, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ModelUnavailable, match=f"cannot be written to {tmp_path / 'file'}"):
        load_network(folder, side=192, cache_dir=tmp_path / "file")
