"""Fetches models' weights from the model hub: known files, checked, moved into place when complete.

`make weights MODEL=…` calls `fetch_model`, which shows the licence first. It keeps files that are already complete, so
you can repeat an interrupted download. Beside the files it writes `SHA256SUMS`, which loaders check.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proteus.engines import CARDS
from proteus.errors import DependencyUnavailable, InvalidRequest, ModelUnavailable
from proteus.licences import PARSERS, Licensed

CHUNK_BYTES: Final = 1 << 20
CHECKSUMS: Final = "SHA256SUMS"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file of a model.

    Attributes:
        repository: `owner/name` on the hub.
        revision: The pinned commit, where one is known; else the branch, and the file's hash is recorded.
        source: Path in the repository.
        target: Path in the model's folder.
        size_bytes: Of the whole file; None: unknown.
        sha256: None: unknown; any file is accepted and its hash recorded.
    """

    repository: str
    revision: str
    source: str
    target: str
    size_bytes: int | None = None
    sha256: str | None = None


Download = Callable[[HubFile, Path], Path]
"""Fetches a file into a folder and returns its path."""

_KLEIN: Final = "e7b7dc27f91deacad38e78976d1f2b499d76a294"
"""The commit of klein's repository whose file names and sizes this list follows."""

_INPAINTING: Final = "stable-diffusion-v1-5/stable-diffusion-inpainting"
"""A copy of the base that CatVTON was trained on; the one that its own code names stores the UNet as a pickle."""


def _published(repository: str, source: str, *, folder: str = "") -> HubFile:
    return HubFile(
        repository=repository, revision="main", source=source, target=f"{folder}/{source}" if folder else source
    )


def _klein(source: str, *, size_bytes: int | None = None, sha256: str | None = None) -> HubFile:
    return HubFile(
        repository="black-forest-labs/FLUX.2-klein-4B",
        revision=_KLEIN,
        source=source,
        target=source,
        size_bytes=size_bytes,
        sha256=sha256,
    )


MODELS: Final[dict[str, tuple[HubFile, ...]]] = {
    "fashn": (
        HubFile(
            repository="fashn-ai/fashn-vton-1.5",
            revision="7720683168567eb5a2a4c67f15116c6e29c83ded",
            source="model.safetensors",
            target="model.safetensors",
            size_bytes=1_943_668_048,
            sha256="d6cd38286885bc29fa487ea9383f80ffeb95862e7747c630d42c5d3c05bdd35a",
        ),
    ),
    "catvton": (
        _published(_INPAINTING, "scheduler/scheduler_config.json", folder="stable-diffusion-inpainting"),
        _published(_INPAINTING, "unet/config.json", folder="stable-diffusion-inpainting"),
        _published(_INPAINTING, "unet/diffusion_pytorch_model.safetensors", folder="stable-diffusion-inpainting"),
        _published("stabilityai/sd-vae-ft-mse", "config.json", folder="sd-vae-ft-mse"),
        _published("stabilityai/sd-vae-ft-mse", "diffusion_pytorch_model.safetensors", folder="sd-vae-ft-mse"),
        _published("zhengchong/CatVTON", "mix-48k-1024/attention/model.safetensors", folder="CatVTON"),
    ),
    "klein": (
        _klein("model_index.json"),
        _klein("scheduler/scheduler_config.json"),
        _klein("text_encoder/config.json"),
        _klein("text_encoder/generation_config.json"),
        _klein("text_encoder/model.safetensors.index.json"),
        _klein("text_encoder/model-00001-of-00002.safetensors"),
        _klein("text_encoder/model-00002-of-00002.safetensors"),
        _klein("tokenizer/added_tokens.json"),
        _klein("tokenizer/chat_template.jinja"),
        _klein("tokenizer/merges.txt"),
        _klein("tokenizer/special_tokens_map.json"),
        _klein("tokenizer/tokenizer.json"),
        _klein("tokenizer/tokenizer_config.json"),
        _klein("tokenizer/vocab.json"),
        _klein("transformer/config.json"),
        _klein("transformer/diffusion_pytorch_model.safetensors"),
        _klein("vae/config.json"),
        _klein(
            "vae/diffusion_pytorch_model.safetensors",
            size_bytes=168_120_878,
            sha256="ca70d2202afe6415bdbcb8793ba8cd99fd159cfe6192381504d6c4d3036e0f04",
        ),
    ),
    "segformer": (
        _published("mattmdjaga/segformer_b2_clothes", "config.json"),
        _published("mattmdjaga/segformer_b2_clothes", "model.safetensors"),
    ),
    "clean": (
        HubFile(
            repository="onnx-community/BiRefNet_lite-ONNX",
            revision="de15b22ba131738a16dff04aab8bdf8dc32e3ac1",
            source="onnx/model.onnx",
            target="birefnet_lite.onnx",
            sha256="5600024376f572a557870a5eb0afb1e5961636bef4e1e22132025467d0f03333",
        ),
        HubFile(
            repository="senty-au/selfie_multiclass_256x256-ONNX",
            revision="6db8421a7150ac20558f2c24675078eb3a1a04d0",
            source="onnx/model.onnx",
            target="selfie_multiclass.onnx",
            size_bytes=16_454_560,
            sha256="35ec1ecd9ee7f85073c99c00020b7f6751b69506eeacf683bc8665f6117f85b0",
        ),
        _published("tomjackson2023/rembg", "u2net_cloth_seg.onnx"),
    ),
    "isnet": (_published("tomjackson2023/rembg", "isnet-general-use.onnx"),),
    "eval": (
        _published("openai/clip-vit-base-patch16", "config.json", folder="clip"),
        _published("openai/clip-vit-base-patch16", "model.safetensors", folder="clip"),
        _published("facebook/dinov2-small", "config.json", folder="dinov2"),
        _published("facebook/dinov2-small", "model.safetensors", folder="dinov2"),
        _published("timm/vgg16.tv_in1k", "model.safetensors", folder="vgg16"),
    ),
}
"""Model -> its files."""


MEASURING: Final = (
    "eval: networks that only measure pictures: CLIP ViT-B/16 (MIT; pictures from the web), DINOv2 small (Apache-2.0), "
    "VGG16 (BSD-3-Clause; ImageNet)."
)


class WeightsRefused(ModelUnavailable):
    """The downloaded file is not the one we know."""


DOUBTS: Final = {
    "no": "is for non-commercial use only",
    "tag_only": "has a permissive licence tag that its training data puts in doubt",
}


class HubUnavailable(DependencyUnavailable):
    """The model hub does not answer."""

    hint = "Check the network and run it again: what is whole is kept."


def fetch_model(
    model: str,
    folder: Path,
    *,
    say: Say,
    accepted: bool = False,
    download: Download | None = None,
    known: Mapping[str, tuple[HubFile, ...]] = MODELS,
) -> Path:
    """Make `folder/<model>` hold the model's files; return it.

    Args:
        model: One of `known`.
        folder: Where models live.
        say: Receives the progress, one sentence at a time.
        accepted: The caller has read the licence and accepts it; weights that forbid commercial use, or whose tag is in
            doubt, need that.
        download: Fetches one file; None: from the hub, with `huggingface_hub`.
        known: Model -> its files.

    Raises:
        InvalidRequest: There is no such model, or its licence was not accepted.
        HubUnavailable: The hub does not answer, or its client is not installed.
        WeightsRefused: A file is not the one we know; nothing was put in its place.
    """
    files = known.get(model)
    if files is None:
        raise InvalidRequest(f"there are no weights of {model!r} to fetch; {', '.join(sorted(known))} can be")
    card: Licensed | None = CARDS.get(model) or PARSERS.get(model)
    if card is not None:
        say(f"{model}: weights {card.weights_licence}; training data: {card.training_data_note}.")
        if not card.commercial_use:
            say(f"{model} {DOUBTS[card.commercial_terms]}: a deployment with licence_policy 'commercial' refuses it.")
            if not accepted:
                raise InvalidRequest(f"to fetch {model}, accept its licence: --accept-licence, or make … ACCEPT=1")
    if model == "eval":
        say(MEASURING)
    place = folder / model
    sums = _listed(place)
    for file in files:
        sums[file.target] = _fetch(file, place, listed=sums.get(file.target), say=say, download=download or _from_hub)
        (place / CHECKSUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    return place


def _listed(place: Path) -> dict[str, str]:
    """Return the hashes that earlier downloads recorded, by file."""
    listing = place / CHECKSUMS
    lines = listing.read_text().splitlines() if listing.is_file() else []
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def _fetch(file: HubFile, place: Path, *, listed: str | None, say: Say, download: Download) -> str:
    """Make sure that one file is complete; return its sha256."""
    target = place / file.target
    target.parent.mkdir(parents=True, exist_ok=True)
    expected = file.sha256 or listed
    if expected is not None and target.is_file() and sha256_of(target) == expected:
        say(f"{file.target} is here and whole.")
        return expected
    size = f" ({file.size_bytes / 1e9:.2f} GB)" if file.size_bytes else ""
    say(f"Fetching {file.source} of {file.repository}{size} …")
    draft = download(file, place / ".fetch")
    found = sha256_of(draft)
    if file.sha256 is not None and found != file.sha256:
        size_bytes = draft.stat().st_size
        draft.unlink()
        raise WeightsRefused(
            f"{file.source} of {file.repository} is not the file we know: {size_bytes} bytes, sha256 {found}; "
            f"{file.size_bytes} bytes, sha256 {file.sha256} expected. Nothing was installed."
        )
    os.replace(draft, target)
    return found


def sha256_of(path: Path) -> str:
    """Return a file's sha256 in hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _from_hub(file: HubFile, folder: Path) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise HubUnavailable("the model hub's client is not installed: pip install huggingface_hub") from error
    try:
        found = hf_hub_download(file.repository, file.source, revision=file.revision, local_dir=folder)
    except (OSError, ValueError) as error:  # all the client's own errors are OSErrors
        raise HubUnavailable(f"{file.repository} could not be fetched: {type(error).__name__}: {error}") from error
    return Path(found)
