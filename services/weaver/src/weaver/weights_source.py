"""Brings weights to a worker that starts with an empty folder: from a bucket or a model hub, once per node.

    WEAVER_WEIGHTS_SOURCE ─▶ lock ─▶ draft folder ─▶ rename ─▶ WEAVER_WEIGHTS_DIR/<engine> ─▶ the engine's loader

The source is a tree as `make weights` leaves it under `.proteus/models`: one folder per engine. A tree without such a
folder is taken whole for the engine, so that `s3://bucket/catvton` and a hub's repository of one model work too. Pods
that share a node's folder wait for the one that fetches; the lock dies with its process, and a cut-off draft is begun
anew. Only safetensors, ONNX and text files are taken: a pickle could run code.
"""

from __future__ import annotations

import fcntl
import importlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from proteus.errors import DependencyUnavailable, ModelUnavailable, NotFound
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore

TAKEN: Final = frozenset({".safetensors", ".onnx", ".json", ".txt", ".model"})
LISTING: Final = "SHA256SUMS"
HUB: Final = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
BUCKET: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>.*))?")

log = structlog.get_logger()


def bring(engine: str, *, source: str, folder: str, storage: StorageSettings) -> None:
    """Have `folder/<engine>` filled; what is there already is left alone.

    Args:
        engine: Whose weights.
        source: `s3://bucket/prefix`, read with the object storage's credentials, or `owner/name[@revision]` on the
            model hub; empty: nothing is fetched, the folder must hold them.
        folder: Where engines' folders live; must be writable.
        storage: Endpoint and credentials of the object storage.

    Raises:
        ModelUnavailable: The source is malformed, does not answer or holds no weights, or the folder cannot be written.
    """
    if not source:
        return
    if not folder:
        raise ModelUnavailable(
            "WEAVER_WEIGHTS_SOURCE is set, but WEAVER_WEIGHTS_DIR names no folder to keep weights in."
        )
    target = Path(folder) / engine
    if _filled(target):  # it appears whole, by a rename: a folder that is read-only or filled by hand needs no lock
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent / f".{engine}.lock"):
            if not _filled(target):
                _fetch(engine, source, target, storage)
    except OSError as error:
        raise ModelUnavailable(f"{engine}'s weights cannot be kept in {folder}: {error}.") from error


def _fetch(engine: str, source: str, target: Path, storage: StorageSettings) -> None:
    log.info("fetching_weights", engine=engine, source=source)
    draft = target.parent / f".{engine}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        if bucket := BUCKET.fullmatch(source):
            _from_bucket(engine, bucket["bucket"], bucket["prefix"] or "", draft, storage)
        elif hub := HUB.fullmatch(source):
            _from_hub(hub["repository"], hub["revision"], draft)
        else:
            raise ModelUnavailable(
                f"WEAVER_WEIGHTS_SOURCE is {source!r}: name a bucket (s3://bucket/prefix) or a hub id (owner/name)."
            )
        tree = draft / engine if (draft / engine).is_dir() else draft
        if not any(tree.rglob("*.safetensors")):
            raise ModelUnavailable(
                f"{source} holds no weights of {engine}: put the folder that `make weights MODEL={engine}` fills there."
            )
        if target.is_dir():
            target.rmdir()
        tree.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    size_bytes = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    log.info("weights_fetched", engine=engine, megabytes=round(size_bytes / 1e6))


def _from_bucket(engine: str, bucket: str, prefix: str, draft: Path, storage: StorageSettings) -> None:
    store = ObjectStore(storage.model_copy(update={"bucket": bucket}))
    root = f"{prefix.strip('/')}/".lstrip("/")
    try:
        own = list(store.list(f"{root}{engine}/"))
        root = f"{root}{engine}/" if own else root
        for found in own or store.list(root):
            name = Path(found.key.removeprefix(root))
            if (name.suffix in TAKEN or name.name == LISTING) and not {"..", "/"} & set(name.parts):
                file = draft / name
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("wb") as sink:
                    store.download(found.key, sink)
    except NotFound as error:
        raise ModelUnavailable(f"{engine}'s weights: there is no bucket {bucket!r} at {storage.endpoint}.") from error
    except DependencyUnavailable as error:
        raise ModelUnavailable(
            f"{engine}'s weights could not be read from bucket {bucket!r} at {storage.endpoint}: {error.message}"
        ) from error


def _from_hub(repository: str, revision: str | None, draft: Path) -> None:
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise ModelUnavailable("The model hub's client is not installed: pip install 'proteus-weaver[hub]'.") from error
    patterns = [*(f"*{suffix}" for suffix in sorted(TAKEN)), LISTING]
    try:
        hub.snapshot_download(repository, revision=revision, local_dir=draft, allow_patterns=patterns)
    except (OSError, ValueError) as error:  # all the client's own errors are OSErrors
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ModelUnavailable(f"{repository} could not be fetched from the model hub: {said}") from error
    shutil.rmtree(draft / ".cache", ignore_errors=True)


def _filled(target: Path) -> bool:
    return target.is_dir() and any(target.iterdir())


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
