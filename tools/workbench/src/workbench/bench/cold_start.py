"""`make bench-cold-start`: what a weaver of CatVTON does before it is ready, from published files and a merged one.

Random weights in the published layout and size lie in a real S3 server on this machine. Of each way is measured: bytes
and seconds of the fetch, seconds of the hash, then in a process of its own the load in half precision, with its peak of
memory beyond what the imports take. At last the real weaver's process with small weights on the disk: seconds to READY,
which are those of imports, connections and warm-up, whatever the weights' size.

Not measured here: a node's own network and disk (everything comes from this machine's page cache), CUDA's start, and
the warm-up by real weights on a GPU. `make bench-gpu` has a section `cold_start` for the last two. One line of JSON
ends standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from proteus.worker.weights import WeightsOrder, bring
from weaver.pipelines import checksums
from workbench.bench.catvton_sizes import FULL, LEAN, SMALL, CatVtonSize
from workbench.stack.ports import free_port
from workbench.stack.process import Process
from workbench.stack.s3 import S3
from workbench.stack.valkey import Valkey

SIZES: Final[Mapping[str, CatVtonSize]] = {"full": FULL, "small": SMALL}
WAYS: Final = ("published", "merged")
BUCKET: Final = "weights"
MODEL: Final = "catvton"
MERGED: Final = "catvton.fp16.safetensors"
READY_MOST_SECONDS: Final = 120
MIB: Final = 2**20


def measure(folder: Path, storage: StorageSettings, size: CatVtonSize) -> dict[str, Any]:
    """Write the weights, put them into the store, and start cold from them in both ways."""
    from weaver.pipelines.catvton import merged
    from workbench.bench.checkpoints import write_catvton

    made = folder / "made"
    write_catvton(made, size=size)
    _listing(made)
    published = [path for path in made.rglob("*") if path.is_file() and not path.name.startswith(".")]
    merged.write(made)
    store = ObjectStore(storage.model_copy(update={"bucket": BUCKET}))
    store.ensure_bucket(cors_origins=["http://127.0.0.1"])
    for way, files in zip(WAYS, (published, [made / "SHA256SUMS", made / MERGED]), strict=True):
        for file in files:
            key = f"{way}/{MODEL}/{file.relative_to(made)}"
            with file.open("rb") as body:
                store.put_stream(key, body, content_type="application/octet-stream", size_bytes=file.stat().st_size)
    return {way: _from_store(folder / way, way, storage) for way in WAYS}


def _from_store(folder: Path, way: str, storage: StorageSettings) -> dict[str, Any]:
    start = time.perf_counter()
    bring(WeightsOrder(model=MODEL, source=f"s3://{BUCKET}/{way}", folder=str(folder), service="weaver"), storage)
    fetched = time.perf_counter() - start
    size = sum(file.stat().st_size for file in (folder / MODEL).rglob("*.safetensors"))
    start = time.perf_counter()
    checksums.verify(sorted((folder / MODEL).rglob("*.safetensors")))
    hashed = time.perf_counter() - start
    return {
        "mib": round(size / MIB, 1),
        "fetch_seconds": round(fetched, 2),
        "hash_seconds": round(hashed, 2),
        **_in_process(folder / MODEL, way),
    }


def _in_process(folder: Path, way: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "workbench.bench.cold_start", "--load", way, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def load(folder: Path, way: str) -> dict[str, float]:
    """Load weights that are known to be right, in half precision and in this process."""
    start = time.perf_counter()
    from weaver.pipelines.catvton import merged, weights

    imported = time.perf_counter() - start
    before = _memory_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # The peak begins anew.
    start = time.perf_counter()
    pipeline = (
        merged.load(folder / MERGED, dtype="fp16", device="cpu")
        if way == "merged"
        else weights.load(
            folder / "stable-diffusion-inpainting",
            folder / "sd-vae-ft-mse",
            folder / "CatVTON",
            dtype="fp16",
            device="cpu",
        )
    )
    held = sum(
        tensor.numel() * tensor.element_size()
        for part in (pipeline.unet, pipeline.vae)
        for tensor in part.state_dict().values()
    )
    return {
        "import_seconds": round(imported, 2),
        "load_seconds": round(time.perf_counter() - start, 2),
        "peak_mib": round((_memory_bytes("VmHWM") - before) / MIB, 1),
        "weights_mib": round(held / MIB, 1),
    }


def _memory_bytes(name: str) -> int:
    """Return a line of this process's memory in bytes; mapped pages of files count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _listing(folder: Path) -> None:
    """Write `SHA256SUMS` as `make weights` does."""
    from weaver.pipelines import checksums

    for file in sorted(folder.rglob("*")):
        if file.is_file():
            checksums.record(file, listing=folder / checksums.LISTING)
    (folder / checksums.MARKER).unlink()


def ready(folder: Path, storage: StorageSettings, redis_url: str) -> dict[str, float]:
    """Start the weaver's process with small weights on the disk; return seconds until it is ready, by its own port."""
    from workbench.bench.checkpoints import write_catvton

    write_catvton(folder / MODEL, size=LEAN)
    ObjectStore(storage).ensure_bucket(cors_origins=["http://127.0.0.1"])
    port = free_port()
    environment = {
        **os.environ,
        "REDIS_URL": redis_url,
        "OBJECT_STORAGE_ENDPOINT": storage.endpoint,
        "OBJECT_STORAGE_BUCKET": storage.bucket,
        "OBJECT_STORAGE_ACCESS_KEY": storage.access_key,
        "OBJECT_STORAGE_SECRET_KEY": storage.secret_key.get_secret_value(),
        "WEAVER_ENGINES": MODEL,
        "WEAVER_WEIGHTS_DIR": str(folder),
        "WEAVER_PROFILE_SECONDS": "0",
        "PROBE_PORT": str(port),
        "LOG_JSON": "1",
    }
    log = folder / "weaver.log"
    with log.open("wb") as out:
        start = time.perf_counter()
        weaver = subprocess.Popen([sys.executable, "-m", "weaver"], env=environment, stdout=out, stderr=out)
        try:
            while not _answers_ready(port):
                late = time.perf_counter() - start > READY_MOST_SECONDS
                if late or weaver.poll() is not None:
                    raise RuntimeError(f"the weaver did not become ready:\n{log.read_text()[-2000:]}")
                time.sleep(0.05)
            took = time.perf_counter() - start
        finally:
            weaver.terminate()
            weaver.wait(timeout=30)
    said = {line["event"]: line for line in map(json.loads, log.read_text().splitlines())}
    at = {event: datetime.fromisoformat(said[event]["timestamp"]) for event in ("engine_loaded", "ready")}
    return {
        "ready_seconds": round(took, 2),
        "imports_and_load_seconds": said["engine_loaded"]["seconds"],
        "warm_up_seconds": round((at["ready"] - at["engine_loaded"]).total_seconds(), 2),
    }


def _answers_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def servers(folder: Path) -> Iterator[tuple[StorageSettings, str]]:
    """Run an S3 server and a Valkey for a `with` block; yield how they are reached."""
    s3 = S3(folder / "s3", port=free_port(with_grpc=True), access_key="bench", secret_key=uuid4().hex)
    valkey = Valkey(folder / "valkey", port=free_port(), durable=False)
    with ExitStack() as stack:
        for server in (s3, valkey):
            server.prepare()
            process = Process(server.program(), log=folder / f"{server.name}.log")
            stack.callback(process.stop)
            stack.callback(process.kill)
            process.wait_ready()
        yield s3.settings(), valkey.url


def table(found: Mapping[str, Any]) -> str:
    """Return the figures for people."""
    lines = ["| | MiB | fetch s | hash s | load s | peak MiB | of it weights |", "|---|---|---|---|---|---|---|"]
    for way in WAYS:
        one = found[way]
        lines.append(
            f"| {way} | {one['mib']:,.0f} | {one['fetch_seconds']} | {one['hash_seconds']} | {one['load_seconds']} "
            f"| {one['peak_mib']:,.0f} | {one['weights_mib']:,.0f} |"
        )
    lines.append(
        f"a weaver with small weights: READY after {found['ready_seconds']} s, of it imports and load of the engine "
        f"{found['imports_and_load_seconds']} s, its warm-up on this CPU {found['warm_up_seconds']} s"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure and print; or, as a process of the measurement, load once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="full", help="of the random weights")
    parser.add_argument(
        "--load", nargs=2, metavar=("WAY", "FOLDER"), help="load a folder's weights, print what it took"
    )
    options = parser.parse_args()
    if options.load:
        print(json.dumps(load(Path(options.load[1]), options.load[0])))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with servers(folder) as (storage, redis_url):
            found = {"size": options.size, **measure(folder, storage, SIZES[options.size])}
            found |= ready(folder / "small", storage, redis_url)
    print(table(found), file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
