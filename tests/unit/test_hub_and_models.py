"""`proteus weights` and `proteus models`: checked downloads, and the licence table."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from proteus.engines import CARDS
from proteus.errors import InvalidRequest
from proteus.licences import PARSERS
from proteus_cli import models
from tailor.parsers import isnet
from tailor.parsers.clean_models import KINDS
from workbench import hub

CONTENT = b"tensors" * 1000
FILE = hub.HubFile(
    repository="someone/something",
    revision="0" * 40,
    source="deep/model.safetensors",
    target="model.safetensors",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


KNOWN = {"small": (FILE,), "catvton": (FILE,)}


class Hub:
    """A hub that counts and serves some bytes."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content, self.asked = content, []

    def __call__(self, file: hub.HubFile, folder: Path) -> Path:
        self.asked.append(file.source)
        path = folder / file.source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)
        return path


def test_a_file_is_fetched_checked_and_written_down(tmp_path) -> None:
    said: list[str] = []
    place = hub.fetch_model("small", tmp_path, say=said.append, download=Hub(), known=KNOWN)
    assert place == tmp_path / "small"
    assert (place / "model.safetensors").read_bytes() == CONTENT
    assert (place / "SHA256SUMS").read_text() == f"{FILE.sha256}  model.safetensors\n"
    assert any("Fetching deep/model.safetensors of someone/something" in line for line in said)


def test_a_whole_file_is_kept_and_a_damaged_one_is_fetched_again(tmp_path) -> None:
    source = Hub()
    for _ in range(2):
        hub.fetch_model("small", tmp_path, say=lambda _: None, download=source, known=KNOWN)
    assert len(source.asked) == 1
    (tmp_path / "small" / "model.safetensors").write_bytes(CONTENT[:-1])
    hub.fetch_model("small", tmp_path, say=lambda _: None, download=source, known=KNOWN)
    assert len(source.asked) == 2
    assert (tmp_path / "small" / "model.safetensors").read_bytes() == CONTENT


def test_another_file_than_the_known_one_is_refused_and_not_installed(tmp_path) -> None:
    with pytest.raises(hub.WeightsRefused, match="is not the file we know"):
        hub.fetch_model("small", tmp_path, say=lambda _: None, download=Hub(b"something else"), known=KNOWN)
    assert not (tmp_path / "small" / "model.safetensors").exists()


def test_a_file_without_a_known_hash_gets_one_written_down(tmp_path) -> None:
    known = {"small": (replace(FILE, sha256=None, size_bytes=None),)}
    place = hub.fetch_model("small", tmp_path, say=lambda _: None, download=Hub(b"abc"), known=known)
    assert (place / "SHA256SUMS").read_text().startswith(hashlib.sha256(b"abc").hexdigest())


def test_an_unknown_model_is_named_with_the_known_ones(tmp_path) -> None:
    with pytest.raises(InvalidRequest, match=r"'flux'.*fashn"):
        hub.fetch_model("flux", tmp_path, say=lambda _: None)


def test_the_licence_is_said_before_the_download(tmp_path) -> None:
    said: list[str] = []
    hub.fetch_model("catvton", tmp_path, say=said.append, accepted=True, download=Hub(), known=KNOWN)
    assert "CC BY-NC-SA 4.0" in said[0]
    assert "non-commercial use only" in said[1]


@pytest.mark.parametrize("model", ["catvton", "segformer"])
def test_weights_for_non_commercial_use_need_an_accepted_licence(tmp_path, model) -> None:
    said: list[str] = []
    source = Hub()
    with pytest.raises(InvalidRequest, match="--accept-licence"):
        hub.fetch_model(model, tmp_path, say=said.append, download=source)
    assert "non-commercial" in said[1]
    assert not source.asked
    hub.fetch_model(model, tmp_path, say=said.append, accepted=True, download=source)
    assert len(source.asked) == len(hub.MODELS[model])


def test_a_download_that_was_cut_off_goes_on_with_what_is_missing(tmp_path) -> None:
    files = tuple(replace(FILE, source=name, target=name, sha256=None) for name in ("a", "b"))

    class Cut(Hub):
        def __call__(self, file, folder):
            if file.source == "b":
                raise hub.HubUnavailable("gone")
            return super().__call__(file, folder)

    with pytest.raises(hub.HubUnavailable):
        hub.fetch_model("small", tmp_path, say=lambda _: None, download=Cut(), known={"small": files})
    again = Hub()
    place = hub.fetch_model("small", tmp_path, say=lambda _: None, download=again, known={"small": files})
    assert again.asked == ["b"]
    assert len((place / "SHA256SUMS").read_text().splitlines()) == 2


def test_catvtons_files_land_where_the_engine_looks_for_them() -> None:
    targets = [file.target for file in hub.MODELS["catvton"]]
    assert "stable-diffusion-inpainting/unet/diffusion_pytorch_model.safetensors" in targets
    assert "sd-vae-ft-mse/config.json" in targets
    assert "CatVTON/mix-48k-1024/attention/model.safetensors" in targets
    assert all(target.endswith((".json", ".safetensors")) for target in targets)


@pytest.mark.parametrize("model", ["clean", "isnet"])
def test_weights_whose_tag_is_in_doubt_say_so_and_need_an_accepted_licence(tmp_path, model) -> None:
    said: list[str] = []
    small = {model: tuple(replace(file, sha256=None) for file in hub.MODELS[model])}
    with pytest.raises(InvalidRequest, match="--accept-licence"):
        hub.fetch_model(model, tmp_path, say=said.append, download=Hub(), known=small)
    assert PARSERS[model].training_data_note in said[0]
    assert "in doubt" in said[1]
    hub.fetch_model(model, tmp_path, say=said.append, accepted=True, download=Hub(), known=small)
    kinds = KINDS if model == "clean" else (isnet.KIND,)
    assert {path.name for path in (tmp_path / model).glob("*.onnx")} == {kind.file for kind in kinds}


def test_fashns_file_is_the_published_one() -> None:
    (file,) = hub.MODELS["fashn"]
    assert (file.size_bytes, file.sha256[:8], file.revision[:7]) == (1_943_668_048, "d6cd3828", "7720683")


def test_models_are_listed_with_their_licences(capsys) -> None:
    models.models(as_json=True)
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == (CARDS.keys() | PARSERS.keys()) - {"timed"}
    assert rows["fashn"]["commercial_use"] is True
    assert rows["catvton"]["commercial_use"] is False
    for row in rows.values():
        assert row["code_licence"]
        assert row["weights_licence"]
        assert row["training_data_note"]


def test_the_readmes_table_has_a_row_for_each_model() -> None:
    lines = models.markdown_table().splitlines()
    assert len(lines) == 2 + len(CARDS.keys() | PARSERS.keys()) - 1, "all but `timed`"
    assert all(line.count(" | ") == 5 for line in lines)
