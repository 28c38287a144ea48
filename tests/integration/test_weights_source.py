"""A worker with an empty folder fills it from a bucket, once, whole or not at all."""

import threading
from pathlib import Path
from typing import Literal

import pytest

from proteus.errors import DependencyUnavailable, LicenceRefused, ModelUnavailable
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from proteus.worker.weights import WeightsOrder, bring
from tailor.loading import weights_of as tailor_weights_of
from tailor.settings import Settings as TailorServiceSettings
from tailor.settings import TailorSettings
from tailor.settings import WorkerSettings as TailorWorkerSettings
from weaver.loading import load_engines, weights_of
from weaver.profile import CostProfile
from weaver.settings import Settings, WeaverSettings, WorkerSettings

TREE = {"unet/config.json": b"{}", "unet/model.safetensors": b"w" * 100_000, "SHA256SUMS": b"", "old.ckpt": b"pickle"}
TAKEN = {"unet/config.json", "unet/model.safetensors", "SHA256SUMS"}


def fill(store: ObjectStore, prefix: str) -> None:
    for name, body in TREE.items():
        store.put(f"{prefix}{name}", body, content_type="application/octet-stream")


def order(
    model: str, source: str, folder: Path | str, *, service: Literal["tailor", "weaver"] = "weaver"
) -> WeightsOrder:
    return WeightsOrder(model=model, source=source, folder=str(folder), service=service)


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def here(storage_settings: StorageSettings) -> StorageSettings:
    """The deployment's own storage, whose bucket is not the weights' one."""
    return storage_settings.model_copy(update={"bucket": "another-bucket"})


@pytest.mark.parametrize("prefix", ["", "models", "models/catvton"])
def test_the_engines_folder_of_a_bucket_arrives_without_its_pickles(
    store: ObjectStore, here: StorageSettings, tmp_path: Path, prefix: str
) -> None:
    fill(store, f"{prefix}/catvton/".lstrip("/") if not prefix.endswith("catvton") else f"{prefix}/")
    source = f"s3://{store.settings.bucket}/{prefix}".rstrip("/")
    bring(order("catvton", source, tmp_path), here)
    assert files(tmp_path / "catvton") == TAKEN
    assert (tmp_path / "catvton/unet/model.safetensors").read_bytes() == TREE["unet/model.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".catvton.lock", "catvton"]


def test_a_parser_of_onnx_files_arrives_and_its_refusals_name_the_tailors_settings(
    store: ObjectStore, here: StorageSettings, tmp_path: Path
) -> None:
    for name in ("a.onnx", "b.onnx"):
        store.put(f"models/clean/{name}", b"onnx", content_type="application/octet-stream")
    source = f"s3://{store.settings.bucket}/models"
    bring(order("clean", source, str(tmp_path), service="tailor"), here)
    assert files(tmp_path / "clean") == {"a.onnx", "b.onnx"}
    for given, folder, said in ((source, "", "TAILOR_WEIGHTS_DIR"), ("what?", str(tmp_path), "TAILOR_WEIGHTS_SOURCE")):
        with pytest.raises(ModelUnavailable, match=said):
            bring(order("segformer", given, folder, service="tailor"), here)


def test_a_tree_of_other_models_is_not_taken_for_the_one_that_is_missing(
    store: ObjectStore, here: StorageSettings, tmp_path: Path
) -> None:
    fill(store, "catvton/")
    source = f"s3://{store.settings.bucket}"
    with pytest.raises(ModelUnavailable, match=r"holds no weights of segformer: .* `\.proteus/models/segformer`"):
        bring(order("segformer", source, str(tmp_path), service="tailor"), here)
    assert files(tmp_path) == {".segformer.lock"}


def test_pods_that_share_a_folder_fetch_once(store: ObjectStore, here: StorageSettings, tmp_path: Path) -> None:
    fill(store, "catvton/")
    source = f"s3://{store.settings.bucket}"
    pods = [
        threading.Thread(
            target=bring,
            args=(order("catvton", source, tmp_path), here),
        )
        for _ in range(3)
    ]
    seen: list[int] = []
    for pod in pods:
        pod.start()
    for pod in pods:
        pod.join()
        seen.append((tmp_path / "catvton/unet/model.safetensors").stat().st_ino)
    assert len(set(seen)) == 1
    assert files(tmp_path / "catvton") == TAKEN


def test_what_is_there_is_left_alone_and_a_cut_off_draft_is_begun_anew(
    store: ObjectStore, here: StorageSettings, tmp_path: Path
) -> None:
    fill(store, "catvton/")
    source = f"s3://{store.settings.bucket}"
    (tmp_path / ".catvton.draft").mkdir()
    (tmp_path / ".catvton.draft/half.safetensors").write_bytes(b"ha")
    (tmp_path / "catvton").mkdir()
    bring(order("catvton", source, tmp_path), here)
    assert files(tmp_path / "catvton") == TAKEN
    bring(order("catvton", "s3://nowhere-at-all", tmp_path), here)
    assert files(tmp_path / "catvton") == TAKEN


def test_each_refusal_names_what_is_missing_and_leaves_nothing(
    store: ObjectStore, here: StorageSettings, tmp_path: Path
) -> None:
    wrong = here.model_copy(update={"access_key": "nobody"})
    for source, storage, said in (
        (f"s3://{store.settings.bucket}/empty", here, "holds no weights of catvton"),
        ("s3://no-such-bucket", here, "no bucket 'no-such-bucket'"),
        (f"s3://{store.settings.bucket}", wrong, "could not be read from bucket"),
        ("https://example.com/x", here, "name a bucket"),
    ):
        with pytest.raises(ModelUnavailable, match=said):
            bring(order("catvton", source, tmp_path), storage)
    assert files(tmp_path) == {".catvton.lock"}
    with pytest.raises(ModelUnavailable, match="WEAVER_WEIGHTS_DIR"):
        bring(order("catvton", "s3://some-bucket", ""), here)


def test_a_folder_that_cannot_be_written_is_named(store: ObjectStore, here: StorageSettings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ModelUnavailable, match="cannot be kept in"):
        bring(order("catvton", "s3://some-bucket", str(tmp_path / "file")), here)


def starting(storage: StorageSettings, source: str, folder: Path, *, policy: str = "any") -> Settings:
    return Settings(
        weaver=WeaverSettings(
            engines=("catvton",), weights_dir=str(folder), weights_source=source, device="cpu", profile_seconds=0
        ),
        worker=WorkerSettings(licence_policy=policy),
        storage=storage,
    )


def test_what_was_fetched_and_is_no_whole_model_is_the_loaders_to_refuse(
    store: ObjectStore, here: StorageSettings, tmp_path: Path
) -> None:
    fill(store, "catvton/")
    settings = starting(here, f"s3://{store.settings.bucket}", tmp_path)
    (needed,) = weights_of(settings)
    bring(needed, here)
    with pytest.raises(ModelUnavailable) as refused:
        load_engines(settings, CostProfile(max_batch=1))
    assert "bucket" not in str(refused.value)
    assert files(tmp_path / "catvton") == TAKEN


def test_a_store_that_is_away_is_no_refusal_and_leaves_nothing(here: StorageSettings, tmp_path: Path) -> None:
    elsewhere = here.model_copy(update={"endpoint": "http://user:secret@127.0.0.1:1"})
    with pytest.raises(DependencyUnavailable) as away:
        bring(order("catvton", "s3://some-bucket/weights", tmp_path), elsewhere)
    for said in ("catvton", "'some-bucket'", "127.0.0.1:1", "EndpointConnectionError"):
        assert said in away.value.message
    assert "secret" not in away.value.message
    assert files(tmp_path) == {".catvton.lock"}


def test_a_malformed_source_shows_no_password(here: StorageSettings, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        bring(order("catvton", "https://me:hunter2@example.com/x?token=abc", tmp_path), here)
    assert "example.com" in refused.value.message
    assert "hunter2" not in refused.value.message
    assert "abc" not in refused.value.message


def test_forbidden_weights_are_not_even_fetched(here: StorageSettings, tmp_path: Path) -> None:
    with pytest.raises(LicenceRefused):
        weights_of(starting(here, "s3://some-bucket", tmp_path, policy="commercial"))


def test_a_tailor_that_may_not_run_its_parser_fetches_nothing(here: StorageSettings, tmp_path: Path) -> None:
    parser = TailorSettings(parser="segformer", weights_dir=str(tmp_path), weights_source="s3://some-bucket")
    worker = TailorWorkerSettings(licence_policy="commercial")
    with pytest.raises(LicenceRefused, match="segformer is refused"):
        tailor_weights_of(TailorServiceSettings(tailor=parser, worker=worker, storage=here))
