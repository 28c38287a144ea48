"""The published files, read and checked: base UNet and scheduler, VAE, CatVTON's attention.

Layouts: `base/unet/{config.json, diffusion_pytorch_model.safetensors}` and `base/scheduler/scheduler_config.json`;
`vae/{config.json, diffusion_pytorch_model.safetensors}`; the attention as `model.safetensors`, its folder, or the
published tree of versions. Only safetensors, only local files: nothing here opens a network connection. A `SHA256SUMS`
beside the files (written by `make weights`) is checked. The UNet is built without memory and filled in place, so its
peak is the size of the weights that are used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors import SafetensorError, safe_open
from torch import nn

from proteus.errors import ModelUnavailable
from weaver.pipelines import checksums
from weaver.pipelines.catvton.attention import drop_cross_attention, self_attention_names
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from weaver.pipelines.catvton.solvers import Schedule

VERSIONS: Final = {"mix": "mix-48k-1024", "vitonhd": "vitonhd-16k-512", "dresscode": "dresscode-16k-512"}
"""Version -> its folder in the published tree; `mix` is the one for 768x1024."""

DTYPES: Final = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
TENSORS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")
OLD_VAE_NAMES: Final = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
"""The published VAE's attention still carries the names of diffusers before 0.13."""

Location = str | os.PathLike[str]


def load(
    base: Location,
    vae: Location,
    attention: Location,
    *,
    dtype: torch.dtype | str,
    device: torch.device | str,
    channels_last: bool = False,
    version: str = "mix",
) -> CatVtonPipeline:
    """Build the pipeline from local files.

    Args:
        base: Folder of Stable Diffusion 1.5 inpainting, with `unet/` and `scheduler/`.
        vae: Folder of the VAE (sd-vae-ft-mse).
        attention: CatVTON's safetensors file, its folder, or the folder that holds the versions.
        dtype: Of weights and activations; a torch dtype or `fp32`, `fp16`, `bf16`.
        device: Where to run, `cpu` or `cuda`.
        channels_last: Lay out convolutions as a GPU's tensor cores want them.
        version: `mix`, `vitonhd` or `dresscode`: which one of a folder of versions.

    Raises:
        ModelUnavailable: Something is missing, damaged or of the wrong kind; the message names all of it.
    """
    place = place_of(device)
    number = number_of(dtype)
    base, vae = Path(base), Path(vae)
    files = {
        "the UNet's configuration": [base / "unet" / "config.json"],
        "the UNet's weights": [base / "unet" / name for name in TENSORS],
        "the scheduler's configuration": [base / "scheduler" / "scheduler_config.json"],
        "the VAE's configuration": [vae / "config.json"],
        "the VAE's weights": [vae / name for name in TENSORS],
        "CatVTON's attention": _attention_candidates(Path(attention), version),
    }
    unet_config, unet_file, scheduler_config, vae_config, vae_file, attention_file = _found(files)
    checksums.verify([unet_config, unet_file, scheduler_config, vae_config, vae_file, attention_file])

    unet = build_unet(read_json(unet_config))
    _fill_unet(unet, unet_file, attention_file, dtype=number, device=place)
    autoencoder = build_vae(read_json(vae_config))
    tensors = {_vae_name(name): tensor for name, tensor in read_tensors(vae_file, place)}
    fill(autoencoder, tensors, source=vae_file, dtype=number)
    for module in (unet, autoencoder):
        module.eval().requires_grad_(False)
        if channels_last:
            module.to(memory_format=torch.channels_last)
    return CatVtonPipeline(
        unet=unet, vae=autoencoder, schedule=read_schedule(read_json(scheduler_config)), version=version
    )


def build_unet(config: dict[str, Any]) -> UNet2DConditionModel:
    """Build a full UNet, cross-attention included, on the `meta` device: names and shapes, no memory."""
    if config.get("in_channels") != 9 or config.get("out_channels", 4) != 4:
        raise ModelUnavailable(f"the base is no inpainting UNet: it takes {config.get('in_channels')} channels, not 9")
    with _described("UNet"), torch.device("meta"):
        return UNet2DConditionModel.from_config(config)


def build_vae(config: dict[str, Any]) -> AutoencoderKL:
    """Build a VAE on the `meta` device."""
    with _described("VAE"), torch.device("meta"):
        return AutoencoderKL.from_config(config)


def read_schedule(config: dict[str, Any]) -> Schedule:
    """Read the noise levels from a scheduler's configuration, whatever class it names.

    Raises:
        ModelUnavailable: It requires something CatVTON's DDIM does not do.
    """
    with _described("scheduler"):
        ddim = DDIMScheduler.from_config({key: value for key, value in config.items() if key != "_class_name"})
    settings = ddim.config
    published = {"prediction_type": "epsilon", "timestep_spacing": "leading", "thresholding": False}
    if wrong := [name for name, value in published.items() if settings[name] != value]:
        raise ModelUnavailable("the scheduler's configuration is not CatVTON's: " + ", ".join(wrong))
    return Schedule(
        alphas=tuple(ddim.alphas_cumprod.tolist()),
        final_alpha=float(ddim.final_alpha_cumprod),
        offset=settings["steps_offset"],
        clip=settings["clip_sample_range"] if settings["clip_sample"] else None,
    )


@contextmanager
def _described(part: str) -> Iterator[None]:
    """Turn diffusers' error about a configuration that it cannot build from into one sentence of ours."""
    try:
        yield
    except (TypeError, ValueError, NotImplementedError) as error:
        said = str(error).partition("\n")[0]
        raise ModelUnavailable(f"the configuration describes no {part} that can be built: {said}") from error


def attention_tensors(path: Path, names: list[str], device: torch.device) -> dict[str, torch.Tensor]:
    """Read CatVTON's attention file under the UNet's own names.

    Keys are `<n>.<rest>`: n counts all modules of the attentions in registration order, so the i-th distinct n belongs
    to the i-th name (stride 8 as published). They are sorted as numbers, never as text.
    """
    found: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in read_tensors(path, device):
        number, _, rest = key.partition(".")
        if not number.isdigit():
            raise ModelUnavailable(f"{path} is no CatVTON attention file: unexpected tensor {key!r}")
        found.setdefault(int(number), {})[rest] = tensor
    numbers = sorted(found)
    stride = numbers[1] if len(numbers) > 1 else 1
    if numbers != [index * stride for index in range(len(names))]:
        raise ModelUnavailable(f"{path} holds {len(numbers)} attentions, the UNet has {len(names)}")
    return {
        f"{name}.{rest}": tensor
        for name, number in zip(names, numbers, strict=True)
        for rest, tensor in found[number].items()
    }


def _fill_unet(
    unet: UNet2DConditionModel, base: Path, attention: Path, *, dtype: torch.dtype, device: torch.device
) -> None:
    names = self_attention_names(unet)
    drop_cross_attention(unet)
    unused = (*(f"{name}." for name in names), *(f"{name[:-1]}2." for name in names))
    tensors = dict(read_tensors(base, device, skip=unused))
    fill(unet, tensors | attention_tensors(attention, names, device), source=base, dtype=dtype)


def fill(module: nn.Module, tensors: dict[str, torch.Tensor], *, source: Path, dtype: torch.dtype) -> None:
    """Give a module on `meta` its tensors; every name and shape must fit."""
    wanted = {name: tuple(parameter.shape) for name, parameter in module.state_dict().items()}
    problems = [f"{name} is missing" for name in wanted if name not in tensors]
    problems += [f"{name} is not expected" for name in tensors if name not in wanted]
    problems += [
        f"{name} has shape {tuple(tensors[name].shape)}, not {shape}"
        for name, shape in wanted.items()
        if name in tensors and tuple(tensors[name].shape) != shape
    ]
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ModelUnavailable(f"{source} does not fit its configuration: {'; '.join(problems[:3])}{more}")
    module.load_state_dict({name: tensor.to(dtype) for name, tensor in tensors.items()}, assign=True)


def read_tensors(path: Path, device: torch.device, *, skip: tuple[str, ...] = ()) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield a file's tensors by name, straight to the device, but for those whose names begin with one of `skip`.

    Raises:
        ModelUnavailable: It cannot be read.
    """
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            for name in file.keys():  # noqa: SIM118 - no mapping, only this method
                if not (skip and name.startswith(skip)):
                    yield name, file.get_tensor(name)
    except (SafetensorError, OSError) as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}") from error


def _vae_name(name: str) -> str:
    for old, new in OLD_VAE_NAMES.items():
        name = name.replace(old, new) if ".attentions." in name else name
    return name


def _attention_candidates(path: Path, version: str) -> list[Path]:
    if version not in VERSIONS:
        raise ModelUnavailable(f"version must be one of {', '.join(VERSIONS)}, not {version!r}")
    if path.suffix:
        if path.suffix != ".safetensors":
            raise ModelUnavailable(f"{path}: only safetensors files are read")
        return [path]
    inside = ("model.safetensors", "attention/model.safetensors", f"{VERSIONS[version]}/attention/model.safetensors")
    return [path / name for name in inside]


def _found(files: dict[str, list[Path]]) -> list[Path]:
    """Return the first candidate that is there for each part, or name all parts that are not."""
    found = [next((path for path in candidates if path.is_file()), None) for candidates in files.values()]
    missing = [
        f"{part} ({candidates[0]}){_only_pickles(candidates[0])}"
        for (part, candidates), path in zip(files.items(), found, strict=True)
        if path is None
    ]
    if missing:
        raise ModelUnavailable(f"catvton cannot start, missing: {'; '.join(missing)}. `make weights` fetches them.")
    return [path for path in found if path is not None]


def _only_pickles(path: Path) -> str:
    pickles = [other.name for other in path.parent.glob("*") if other.suffix in (".bin", ".pt", ".pth", ".ckpt")]
    return f", only {', '.join(pickles)}, which is not read: safetensors only" if pickles else ""


def read_json(path: Path) -> dict[str, Any]:
    """Return a file's JSON object.

    Raises:
        ModelUnavailable: It holds none.
    """
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelUnavailable(f"{path} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise ModelUnavailable(f"{path} holds no configuration")
    return content


def number_of(dtype: torch.dtype | str) -> torch.dtype:
    """Return the type of numbers.

    Raises:
        ModelUnavailable: The engine does not run in it.
    """
    number = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if number is None or number not in DTYPES.values():
        raise ModelUnavailable(f"dtype must be one of {', '.join(DTYPES)}, not {dtype!r}")
    return number


def place_of(device: torch.device | str) -> torch.device:
    """Return the device.

    Raises:
        ModelUnavailable: It is not there.
    """
    place = torch.device(device)
    if place.type == "cuda" and not torch.cuda.is_available():
        raise ModelUnavailable("this machine has no CUDA device that torch can use; set the device to `cpu`")
    return place
