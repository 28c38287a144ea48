"""Brings weights to a worker that starts with an empty folder: from a bucket or a model hub, once per node.

    <SERVICE>_WEIGHTS_SOURCE ─▶ lock ─▶ draft folder ─▶ rename ─▶ <SERVICE>_WEIGHTS_DIR/<model> ─▶ the model's loader

The weaver brings engines, the tailor its parser. The source is a tree as `make weights` leaves it under
`.proteus/models`: one folder per model. A tree without such a folder is taken whole, but for the folders of other
models, so that `s3://bucket/catvton` and a hub's repository of one model work too. Pods that share a node's folder wait
for the one that fetches; the lock dies with its process, and a cut-off draft is begun anew. Only safetensors, ONNX and
text files are taken: a pickle could run code.
"""

from __future__ import annotations

import fcntl
import importlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import structlog

from proteus.engines import CARDS
from proteus.errors import DependencyUnavailable, ModelUnavailable, NotFound
from proteus.licences import PARSERS
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore

TAKEN: Final = frozenset({".safetensors", ".onnx", ".json", ".txt", ".model"})
WEIGHTS: Final = frozenset({".safetensors", ".onnx"})
LISTING: Final = "SHA256SUMS"
MODELS: Final = CARDS.keys() | PARSERS.keys()
HUB: Final = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
BUCKET: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>.*))?")

log = structlog.get_logger()


def bring(
    model: str, *, source: str, folder: str, storage: StorageSettings, service: Literal["tailor", "weaver"]
) -> None:
    """Have `folder/<model>` filled; what is there already is left alone.

    Args:
        model: Whose weights: an engine or a parser.
        source: `s3://bucket/prefix`, read with the object storage's credentials, or `owner/name[@revision]` on the
            model hub; empty: nothing is fetched, the folder must hold them.
        folder: Where models' folders live; must be writable.
        storage: Endpoint and credentials of the object storage.
        service: Whose settings and package the errors name.

    Raises:
        ModelUnavailable: The source is malformed, does not answer or holds no weights, or the folder cannot be written.
    """
    if not source:
        return
    if not folder:
        setting = f"{service.upper()}_WEIGHTS"
        raise ModelUnavailable(f"{setting}_SOURCE is set, but {setting}_DIR names no folder to keep weights in.")
    target = Path(folder) / model
    if _filled(target):  # it appears whole, by a rename: a folder that is read-only or filled by hand needs no lock
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent / f".{model}.lock"):
            if not _filled(target):
                _fetch(model, source, target, storage, service)
    except OSError as error:
        raise ModelUnavailable(f"{model}'s weights cannot be kept in {folder}: {error}.") from error


def _fetch(model: str, source: str, target: Path, storage: StorageSettings, service: str) -> None:
    log.info("fetching_weights", model=model, source=source)
    draft = target.parent / f".{model}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        if bucket := BUCKET.fullmatch(source):
            _from_bucket(model, bucket["bucket"], bucket["prefix"] or "", draft, storage)
        elif hub := HUB.fullmatch(source):
            _from_hub(model, hub["repository"], hub["revision"], draft, service)
        else:
            raise ModelUnavailable(
                f"{service.upper()}_WEIGHTS_SOURCE is {source!r}: "
                "name a bucket (s3://bucket/prefix) or a hub id (owner/name)."
            )
        tree = draft / model if (draft / model).is_dir() else draft
        if not any(file.suffix in WEIGHTS for file in tree.rglob("*")):
            raise ModelUnavailable(
                f"{source} holds no weights of {model}: put there what `.proteus/models/{model}` holds."
            )
        if target.is_dir():
            target.rmdir()
        tree.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    size_bytes = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    log.info("weights_fetched", model=model, megabytes=round(size_bytes / 1e6))


def _from_bucket(model: str, bucket: str, prefix: str, draft: Path, storage: StorageSettings) -> None:
    store = ObjectStore(storage.model_copy(update={"bucket": bucket}))
    root = f"{prefix.strip('/')}/".lstrip("/")
    try:
        own = list(store.list(f"{root}{model}/"))
        root = f"{root}{model}/" if own else root
        for found in own or store.list(root):
            name = Path(found.key.removeprefix(root))
            foreign = not own and not MODELS.isdisjoint(name.parts[:1])
            if (name.suffix in TAKEN or name.name == LISTING) and not foreign and not {"..", "/"} & set(name.parts):
                file = draft / name
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("wb") as sink:
                    store.download(found.key, sink)
    except (DependencyUnavailable, NotFound) as error:
        if isinstance(error, DependencyUnavailable) and error.reason == "no bucket":
            raise ModelUnavailable(
                f"{model}'s weights: there is no bucket {bucket!r} at {storage.endpoint}."
            ) from error
        raise ModelUnavailable(
            f"{model}'s weights could not be read from bucket {bucket!r} at {storage.endpoint}: {error.message}"
        ) from error


def _from_hub(model: str, repository: str, revision: str | None, draft: Path, service: str) -> None:
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise ModelUnavailable(
            f"The model hub's client is not installed: pip install 'proteus-{service}[hub]'."
        ) from error
    patterns = [*(f"*{suffix}" for suffix in sorted(TAKEN)), LISTING]
    others = [f"{other}/*" for other in sorted(MODELS - {model})]
    try:
        hub.snapshot_download(
            repository, revision=revision, local_dir=draft, allow_patterns=patterns, ignore_patterns=others
        )
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
