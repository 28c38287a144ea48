"""Large objects come in ranges, side by side: interrupted ones go on, and no file is made of two versions."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from proteus.errors import DependencyUnavailable
from proteus.settings import StorageSettings
from proteus.storage import ObjectInfo, ObjectStore
from proteus.worker import ranges
from proteus.worker.ranges import fetch
from proteus.worker.weights import WeightsOrder, bring

RANGE = 10_000
KEY = "catvton/unet/model.safetensors"


class Counting:
    """A store that counts the ranges it is asked for, and does something before one of them."""

    def __init__(self, store: ObjectStore, before: Callable[[int], None] = lambda number: None) -> None:
        self._store, self._before = store, before
        self.starts: list[int] = []

    def get(self, key: str, *, start: int = 0, **options: Any) -> bytes:
        self.starts.append(start)
        self._before(len(self.starts))
        return self._store.get(key, start=start, **options)


def put(store: ObjectStore, size: int, seed: int = 0) -> tuple[ObjectInfo, bytes]:
    content = random.Random(seed).randbytes(size)
    store.put(KEY, content, content_type="application/octet-stream")
    [found] = store.list(KEY)
    return found, content


@pytest.mark.parametrize("size", [0, 1, RANGE - 1, RANGE, RANGE + 1, 10 * RANGE + 7])
def test_an_object_of_any_size_arrives_whole_and_each_byte_is_told_once(
    store: ObjectStore, tmp_path: Path, size: int
) -> None:
    found, content = put(store, size)
    came: list[int] = []
    fetch(store, found, tmp_path / "file", came=came.append, range_bytes=RANGE)
    assert (tmp_path / "file").read_bytes() == content
    assert sum(came) == size


def break_off(number: int) -> None:
    if number > 4:
        raise DependencyUnavailable("The object store does not answer.")


def test_an_interrupted_fetch_goes_on_where_it_was(store: ObjectStore, tmp_path: Path) -> None:
    found, content = put(store, 10 * RANGE)
    first, came = Counting(store, break_off), list[int]()
    with pytest.raises(DependencyUnavailable):
        fetch(first, found, tmp_path / "file", came=came.append, range_bytes=RANGE)  # type: ignore[arg-type]
    assert 0 < sum(came) <= 4 * RANGE
    second = Counting(store)
    fetch(second, found, tmp_path / "file", range_bytes=RANGE)  # type: ignore[arg-type]
    assert (tmp_path / "file").read_bytes() == content
    assert len(second.starts) == 10 - sum(came) // RANGE
    third = Counting(store)
    fetch(third, found, tmp_path / "file", range_bytes=RANGE)  # type: ignore[arg-type]
    assert not third.starts, "a whole file is not fetched again"


def test_an_object_that_changes_meanwhile_is_refused_and_then_begun_anew(store: ObjectStore, tmp_path: Path) -> None:
    found, _ = put(store, 12 * RANGE)

    def replace(number: int) -> None:
        if number == 3:
            put(store, 12 * RANGE, seed=1)

    with pytest.raises(DependencyUnavailable, match="changed while it was read"):
        fetch(Counting(store, replace), found, tmp_path / "file", range_bytes=RANGE)  # type: ignore[arg-type]
    [now] = store.list(KEY)
    again = Counting(store)
    fetch(again, now, tmp_path / "file", range_bytes=RANGE)  # type: ignore[arg-type]
    assert len(again.starts) == 12
    assert (tmp_path / "file").read_bytes() == store.get(KEY)


def test_notes_that_cannot_be_read_are_no_notes(store: ObjectStore, tmp_path: Path) -> None:
    found, content = put(store, 3 * RANGE)
    for noted in ("", "[]", '{"identity": []}', "no json"):
        (tmp_path / "file").write_bytes(b"half")
        (tmp_path / f"file{ranges.PARTS}").write_text(noted)
        fetch(store, found, tmp_path / "file", range_bytes=RANGE)
        assert (tmp_path / "file").read_bytes() == content


def order(store: ObjectStore, folder: Path) -> WeightsOrder:
    return WeightsOrder(model="catvton", source=f"s3://{store.settings.bucket}", folder=str(folder), service="weaver")


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_worker_goes_on_with_what_an_attempt_before_it_left_and_leaves_no_notes(
    store: ObjectStore, storage_settings: StorageSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, content = put(store, 10 * RANGE)
    put_listing(store)
    monkeypatch.setattr(ranges.fetch, "__kwdefaults__", {**(ranges.fetch.__kwdefaults__ or {}), "range_bytes": RANGE})
    wanted = order(store, tmp_path)
    file = wanted.draft / "unet/model.safetensors"
    file.parent.mkdir(parents=True)
    with pytest.raises(DependencyUnavailable):
        fetch(Counting(store, break_off), found, file, range_bytes=RANGE)  # type: ignore[arg-type]
    asked: list[int] = []
    get = ObjectStore.get

    def noted(self: ObjectStore, key: str, **options: Any) -> bytes:
        asked.append(options["start"])
        return get(self, key, **options)

    monkeypatch.setattr(ObjectStore, "get", noted)
    with capture_logs() as logs:
        bring(wanted, storage_settings)
    assert len(asked) < 11
    assert (tmp_path / "catvton/unet/model.safetensors").read_bytes() == content
    assert names(tmp_path / "catvton") == {"unet/model.safetensors", "SHA256SUMS"}
    told = [line["percent"] for line in logs if line["event"] == "weights_progress"]
    assert told == sorted(set(told))
    assert told[-1] == 100


def put_listing(store: ObjectStore) -> None:
    store.put("catvton/SHA256SUMS", b"", content_type="text/plain")


def test_where_a_bucket_has_the_merged_file_nothing_else_is_fetched(
    store: ObjectStore, storage_settings: StorageSettings, tmp_path: Path
) -> None:
    put(store, RANGE)
    put_listing(store)
    for name in ("catvton.fp16.safetensors", ".verified.json", "unet/config.json"):
        store.put(f"catvton/{name}", b"{}", content_type="application/octet-stream")
    bring(order(store, tmp_path), storage_settings)
    assert names(tmp_path / "catvton") == {"catvton.fp16.safetensors", "SHA256SUMS"}
