"""CatVTON's files: names, shapes and counts of the real model, and a clear word for everything that can be wrong."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from proteus.errors import ModelUnavailable
from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.attention import drop_cross_attention, self_attention_names
from workbench.bench.catvton_sizes import FULL, catvton_configs
from workbench.bench.checkpoints import CatVtonFiles, write_catvton


def parameters(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_full_size_unet_has_the_published_names_shapes_and_counts():
    unet = weights.build_unet(catvton_configs(FULL)[0])
    names = self_attention_names(unet)
    tensors = {f"{name}.{rest}": t for name in names for rest, t in unet.get_submodule(name).state_dict().items()}
    assert parameters(unet) == 859_535_364
    assert len(names) == 16
    assert len(tensors) == 80
    assert sum(tensor.numel() for tensor in tensors.values()) == 49_574_080
    assert names[0] == "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
    assert names[6] == "up_blocks.1.attentions.0.transformer_blocks.0.attn1"
    assert names[15] == "mid_block.attentions.0.transformer_blocks.0.attn1"
    widths = [unet.get_submodule(name).to_q.weight.shape[0] for name in names]
    assert widths == [320] * 2 + [640] * 2 + [1280] * 5 + [640] * 3 + [320] * 3 + [1280]
    drop_cross_attention(unet)
    assert parameters(unet) == 815_572_804
    assert sum(p.numel() for n, p in unet.named_parameters() if ".norm2." in n and "transformer_blocks" in n) == 24_960
    assert not [name for name in unet.state_dict() if ".attn2." in name]


def test_the_full_size_vae_has_the_published_count():
    assert parameters(weights.build_vae(catvton_configs(FULL)[1])) == 83_653_863


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_catvton(folder)
    return folder


@pytest.fixture
def files(written: Path, tmp_path: Path) -> CatVtonFiles:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return CatVtonFiles(
        base=tmp_path / "stable-diffusion-inpainting",
        vae=tmp_path / "sd-vae-ft-mse",
        attention=tmp_path / "CatVTON" / "mix-48k-1024" / "attention" / "model.safetensors",
    )


def load(files: CatVtonFiles, **changes):
    arguments = {"dtype": torch.float32, "device": "cpu"} | changes
    attention = arguments.pop("attention", files.attention)
    return weights.load(files.base, files.vae, attention, **arguments)


@pytest.mark.parametrize("up", [0, 1, 2, 3])
def test_the_attention_is_found_as_file_folder_version_folder_or_tree(files, up):
    path = ([files.attention, *files.attention.parents])[up]
    assert load(files, attention=path).version == "mix"


def test_the_attention_of_another_version_is_read_from_its_own_folder(files):
    tree = files.attention.parents[2]
    with pytest.raises(ModelUnavailable, match="CatVTON's attention"):
        load(files, attention=tree / "nowhere", version="vitonhd")
    files.attention.parents[1].rename(tree / "vitonhd-16k-512")
    assert load(files, attention=tree, version="vitonhd").version == "vitonhd"


@pytest.mark.parametrize(("name", "dtype"), [("fp16", torch.float16), ("bf16", torch.bfloat16)])
def test_weights_are_cast_to_the_dtype_asked_for(files, name, dtype):
    pipeline = load(files, dtype=name)
    assert {parameter.dtype for parameter in pipeline.unet.parameters()} == {dtype}
    assert {parameter.dtype for parameter in pipeline.vae.parameters()} == {dtype}


def test_a_vae_with_the_old_attention_names_is_read(files):
    path = files.vae / "diffusion_pytorch_model.safetensors"
    expected = load(files).vae.state_dict()
    old = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    tensors = load_file(path)
    for new, name in old.items():
        tensors = {key.replace(new, name): tensor for key, tensor in tensors.items()}
    save_file(tensors, path)
    read = load(files).vae.state_dict()
    assert all(torch.equal(read[key], tensor) for key, tensor in expected.items())


def test_everything_that_is_missing_is_named_at_once(files):
    (files.vae / "diffusion_pytorch_model.safetensors").rename(files.vae / "diffusion_pytorch_model.bin")
    files.attention.unlink()
    with pytest.raises(ModelUnavailable) as caught:
        load(files)
    for part in ("the VAE's weights", "safetensors only", "CatVTON's attention", "make weights"):
        assert part in caught.value.message
    assert "UNet" not in caught.value.message


def damage_json(files):
    (files.base / "unet" / "config.json").write_text("{")


def damage_channels(files):
    path = files.base / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"in_channels": 4}))


def damage_prediction(files):
    path = files.base / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"prediction_type": "v_prediction"}))


def damage_blocks(files):
    path = files.base / "unet" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"down_block_types": ["NoSuchBlock"] * 4}))


def damage_widths(files):
    path = files.vae / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"block_out_channels": "wide"}))


def damage_betas(files):
    path = files.base / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"beta_schedule": "steep"}))


def damage_truncated(files):
    path = files.base / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:100_000])


def damage_shape(files):
    path = files.vae / "diffusion_pytorch_model.safetensors"
    save_file(load_file(path) | {"quant_conv.bias": torch.zeros(3)}, path)


def damage_attention_count(files):
    tensors = {name: t for name, t in load_file(files.attention).items() if not name.startswith("120.")}
    save_file(tensors, files.attention)


def damage_attention_names(files):
    save_file({"lora.weight": torch.zeros(1)}, files.attention)


def damage_checksum(files):
    listing = files.attention.parent / "SHA256SUMS"
    listing.write_text(f"{hashlib.sha256(b'something else').hexdigest()}  model.safetensors\n")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_json, "is no JSON"),
        (damage_channels, "no inpainting UNet"),
        (damage_prediction, "prediction_type"),
        (damage_blocks, "no UNet that can be built: NoSuchBlock"),
        (damage_widths, "no VAE that can be built"),
        (damage_betas, "no scheduler that can be built: steep"),
        (damage_truncated, "cannot be read"),
        (damage_shape, "quant_conv.bias has shape"),
        (damage_attention_count, "holds 15 attentions, the UNet has 16"),
        (damage_attention_names, "no CatVTON attention file"),
        (damage_checksum, "checksum differs"),
    ],
)
def test_a_damaged_file_is_refused_with_its_reason(files, damage, message):
    damage(files)
    with pytest.raises(ModelUnavailable, match=message):
        load(files)


def test_files_with_the_listed_checksums_load(files):
    digest = hashlib.sha256(files.attention.read_bytes()).hexdigest()
    (files.attention.parents[2] / "SHA256SUMS").write_text(f"{digest}  mix-48k-1024/attention/model.safetensors\n")
    assert load(files)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dtype": "int8"}, "dtype must be one of"),
        ({"version": "flux"}, "version must be one of"),
        ({"attention": "model.ckpt"}, "only safetensors"),
        pytest.param(
            {"device": "cuda"},
            "no CUDA device",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device"),
        ),
    ],
)
def test_settings_that_cannot_be_met_are_refused(files, changes, message):
    with pytest.raises(ModelUnavailable, match=message):
        load(files, **changes)
