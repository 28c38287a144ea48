"""Fetches weights for a worker that starts with an empty folder: from a bucket or a model hub, once per node.

`proteus.worker.fetching` runs it in a process of its own, again and again while the source is away.

    <SERVICE>_WEIGHTS_SOURCE ─▶ lock ─▶ draft folder ─▶ rename ─▶ <SERVICE>_WEIGHTS_DIR/<model> ─▶ the model's loader

The weaver fetches engines, the tailor its parser. The source is a tree as `make weights` writes it under
`.proteus/models`: one folder per model. A tree without such a folder is taken whole, but for the folders of other
models, so that `s3://bucket/catvton` and a hub's repository of one model work too. Pods that share a node's folder wait
for the one that fetches; the lock ends with its process. What came of a bucket before an interruption is kept; a hub's
draft is begun anew. Only safetensors, ONNX and text files are taken: a pickle could run code.
"""

from __future__ import annotations

import errno
import fcntl
import importlib
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

import structlog

from proteus.checked_settings import without_credentials
from proteus.engines import CARDS
from proteus.errors import DependencyUnavailable, ModelUnavailable, NotFound
from proteus.licences import PARSERS
from proteus.settings import StorageSettings
from proteus.storage import ObjectInfo, ObjectStore
from proteus.worker import ranges

TAKEN: Final = frozenset({".safetensors", ".onnx", ".json", ".jinja", ".txt", ".model"})
WEIGHTS: Final = frozenset({".safetensors", ".onnx"})
LISTING: Final = "SHA256SUMS"
MERGED: Final = "{}.fp16.safetensors"
"""One file in place of a model's others: where a bucket has it, nothing else is fetched but the listing."""
MODELS: Final = CARDS.keys() | PARSERS.keys() | {"safety"}
HUB: Final = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
BUCKET: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>.*))?")

FOLDER_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of a worker's own folder, from any library that writes there."""

AWAY_STATUSES: Final = frozenset({408, 425, 429})
"""Statuses of the hub, beside 5xx, to retry later. Any other 4xx is a refusal."""

_ADDRESS_QUERY: Final = re.compile(r"\?[^\s'\"<>]*")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class WeightsOrder:
    """Weights that a worker needs.

    Attributes:
        model: The engine or parser of the weights.
        source: `s3://bucket/prefix`, read with the object storage's credentials, or `owner/name[@revision]` on the
            model hub; empty: nothing is fetched, the folder must hold them.
        folder: The parent of the models' folders; must be writable.
        service: The service whose settings and package the errors name.
    """

    model: str
    source: str
    folder: str
    service: Literal["tailor", "weaver", "safety"]

    @property
    def target(self) -> Path:
        """Folder of the complete weights."""
        return Path(self.folder) / self.model

    @property
    def draft(self) -> Path:
        """Folder of the weights while they are fetched."""
        return Path(self.folder) / f".{self.model}.draft"

    @property
    def needed(self) -> bool:
        """Whether weights have to be fetched."""
        # The target appears whole, by a rename: a folder that is read-only or filled by hand needs no lock.
        return bool(self.source) and not (self.folder and _filled(self.target))


def bring(order: WeightsOrder, storage: StorageSettings) -> None:
    """Fill the model's folder, unless it is filled already. Blocks.

    Args:
        order: What to fetch.
        storage: Endpoint and credentials of the object storage.

    Raises:
        ModelUnavailable: The source is malformed, refuses this worker or holds no weights; or the folder cannot be
            written.
        DependencyUnavailable: The source is away. The message names it and the kind of error, and nothing secret.
    """
    model, folder = order.model, order.folder
    if not order.needed:
        return
    if not folder:
        setting = f"{order.service.upper()}_WEIGHTS"
        raise ModelUnavailable(f"{setting}_SOURCE is set, but {setting}_DIR names no folder to keep weights in.")
    try:
        order.target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(order.target.parent / f".{model}.lock"):
            if not _filled(order.target):
                _fetch(order, storage)
    except OSError as error:
        raise ModelUnavailable(f"{model}'s weights cannot be kept in {folder}: {error}.") from error


def _fetch(order: WeightsOrder, storage: StorageSettings) -> None:
    model, source, target, draft = order.model, without_credentials(order.source), order.target, order.draft
    log.info("fetching_weights", model=model, source=source)
    kept = False
    try:
        if bucket := BUCKET.fullmatch(order.source):
            _from_bucket(order, bucket["bucket"], bucket["prefix"] or "", storage)
        elif hub := HUB.fullmatch(order.source):
            shutil.rmtree(draft, ignore_errors=True)
            _from_hub(order, hub["repository"], hub["revision"])
        else:
            raise ModelUnavailable(
                f"{order.service.upper()}_WEIGHTS_SOURCE is {source!r}: "
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
    except DependencyUnavailable:
        kept = True  # What came of a bucket's objects is gone on with.
        raise
    finally:
        if not kept:
            shutil.rmtree(draft, ignore_errors=True)
    size_bytes = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    log.info("weights_fetched", model=model, megabytes=round(size_bytes / 1e6))


def _from_bucket(order: WeightsOrder, bucket: str, prefix: str, storage: StorageSettings) -> None:
    model, endpoint = order.model, without_credentials(storage.endpoint)
    store = ObjectStore(storage.model_copy(update={"bucket": bucket}))
    root = f"{prefix.strip('/')}/".lstrip("/")
    try:
        own = list(store.list(f"{root}{model}/"))
        root = f"{root}{model}/" if own else root
        wanted: dict[Path, ObjectInfo] = {}
        for found in own or store.list(root):
            name = Path(found.key.removeprefix(root))
            foreign = not own and not MODELS.isdisjoint(name.parts[:1])
            taken = (name.suffix in TAKEN or name.name == LISTING) and not name.name.startswith(".")
            if taken and not foreign and not {"..", "/"} & set(name.parts):
                wanted[name] = found
        if (one := Path(MERGED.format(model))) in wanted:
            wanted = {name: found for name, found in wanted.items() if name in (one, Path(LISTING))}
        _bring_all(order, store, wanted)
    except DependencyUnavailable as error:
        if error.reason == "away":
            cause = type(error.__cause__ or error).__name__
            raise DependencyUnavailable(
                f"{model}'s weights cannot be read from bucket {bucket!r} at {endpoint} now ({cause}: {error.message})"
            ) from error
        if error.reason == "no bucket":
            raise ModelUnavailable(f"{model}'s weights: there is no bucket {bucket!r} at {endpoint}.") from error
        raise ModelUnavailable(_unread(model, bucket, endpoint, error)) from error
    except NotFound as error:
        raise ModelUnavailable(_unread(model, bucket, endpoint, error)) from error


def _bring_all(order: WeightsOrder, store: ObjectStore, wanted: Mapping[Path, ObjectInfo]) -> None:
    """Make the draft hold these objects and nothing else; what an earlier attempt left of them is not fetched again."""
    total, start = sum(found.size_bytes for found in wanted.values()), time.monotonic()
    came_bytes, told = 0, 0

    def came(size_bytes: int) -> None:
        nonlocal came_bytes, told
        came_bytes += size_bytes
        tenths = came_bytes * 10 // max(total, 1)
        if tenths > told:
            told, seconds = tenths, round(time.monotonic() - start, 1)
            log.info("weights_progress", model=order.model, percent=10 * told, bytes=came_bytes, seconds=seconds)

    for name, found in wanted.items():
        file = order.draft / name
        file.parent.mkdir(parents=True, exist_ok=True)
        ranges.fetch(store, found, file, came=came)
    for file in [file for file in order.draft.rglob("*") if file.is_file()]:
        if file.relative_to(order.draft) not in wanted:
            file.unlink()


def _unread(model: str, bucket: str, endpoint: str, error: DependencyUnavailable | NotFound) -> str:
    return f"{model}'s weights could not be read from bucket {bucket!r} at {endpoint}: {error.message}"


def _from_hub(order: WeightsOrder, repository: str, revision: str | None) -> None:
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise ModelUnavailable("The model hub's client is not installed: pip install huggingface_hub.") from error
    patterns = [*(f"*{suffix}" for suffix in sorted(TAKEN)), LISTING]
    others = [f"{other}/*" for other in sorted(MODELS - {order.model})]
    try:
        hub.snapshot_download(
            repository, revision=revision, local_dir=order.draft, allow_patterns=patterns, ignore_patterns=others
        )
    except Exception as error:  # The edge of a large library: any error is a refusal, a full disk, or "not now".
        _refuse_hub(order, repository, error)
    shutil.rmtree(order.draft / ".cache", ignore_errors=True)


def _refuse_hub(order: WeightsOrder, repository: str, error: Exception) -> NoReturn:
    """Raise our error for one of the hub's client: the folder's fault, a refusal, or a source that is away.

    The client's own text is shown only for a refusal: it may hold addresses with signatures, which are cut.
    """
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, OSError) and one.errno in FOLDER_ERRORS:
            raise one
    statuses = [response.status_code for one in chain if (response := getattr(one, "response", None)) is not None]
    kinds = {kind.__name__ for one in chain for kind in type(one).__mro__}
    no = (
        statuses[-1] < 500 and statuses[-1] not in AWAY_STATUSES
        if statuses
        else isinstance(error, ValueError) or "OfflineModeIsEnabled" in kinds
    )
    if no:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ModelUnavailable(
            f"{repository} could not be fetched from the model hub: {_ADDRESS_QUERY.sub('?…', said)}"
        ) from error
    what = f"{type(chain[-1]).__name__}{f', status {statuses[-1]}' if statuses else ''}"
    raise DependencyUnavailable(
        f"{order.model}'s weights cannot be fetched from {repository} on the model hub now ({what})"
    ) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _filled(target: Path) -> bool:
    return target.is_dir() and any(target.iterdir())


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
