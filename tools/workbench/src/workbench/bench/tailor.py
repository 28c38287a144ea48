"""`make bench-tailor`: photo to label map at the photo's size, ours against transformers' eager fp32, interleaved.

Both start from the decoded photo and end with labels at its size: preparation, network, upsampling and argmax. Same
threads, one process, one run. The rest of a cut (soft edge, PNG) is timed separately. Without `--weights` the network
has the real size with random weights: times and exactness are real, labels mean nothing, and the report leaves out how
often half precision's labels equal fp32's.
Figures for people go to standard error, one line of JSON ends standard output.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from transformers import SegformerForSemanticSegmentation
from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

from proteus import imaging
from proteus.errors import ModelUnavailable
from tailor.cutting import cut_out
from tailor.parsers.contract import Pixels
from tailor.parsers.segformer import Network, load_network
from tailor.parsers.segformer.matting import soft_alpha
from tailor.parsers.segformer.network import BackendName
from tailor.parsers.segformer.preparation import stretched
from workbench.bench.checkpoints import SEGFORMER_B2, write_segformer

SIZES: Final = ((768, 1024), (1536, 2048), (1024, 768), (900, 900))
"""Width and height of the four photos: the canvas, a phone's picture after ingest, landscape, square."""
ROUNDS: Final = 3
APPROXIMATE: Final = "openvino_folded_half"
NOT_MEASURED: Final = "agreement not measured: random weights"

Labeller = Callable[[Sequence[Pixels]], list[Pixels]]


@dataclass
class Timed:
    """Seconds of one way, by batch size."""

    wall: dict[int, list[float]] = field(default_factory=dict)
    cpu: dict[int, list[float]] = field(default_factory=dict)

    def run(self, work: Callable[[], Any], batch: int) -> Any:
        start, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall.setdefault(batch, []).append(time.perf_counter() - start)
        self.cpu.setdefault(batch, []).append(time.process_time() - cpu)
        return result

    def ms_per_photo(self, batch: int) -> float:
        return 1000 * statistics.median(self.wall[batch]) / batch

    def cpu_ms_per_photo(self, batch: int) -> float:
        return 1000 * statistics.median(self.cpu[batch]) / batch


class Rival:
    """transformers as its documentation uses it: processor, model, `post_process_semantic_segmentation`."""

    def __init__(self, folder: Path) -> None:
        self.model = SegformerForSemanticSegmentation.from_pretrained(folder, attn_implementation="eager").eval()
        self.processor = SegformerImageProcessorPil(
            size={"height": 512, "width": 512}, do_reduce_labels=False, resample=Image.Resampling.BILINEAR
        )

    def __call__(self, photos: Sequence[Pixels]) -> list[Pixels]:
        sizes = [photo.shape[:2] for photo in photos]
        maps = self.processor.post_process_semantic_segmentation(self._forward(photos), target_sizes=sizes)
        return [labels.numpy().astype(np.uint8) for labels in maps]

    def widest_tie(self, photo: Pixels, one: Pixels, other: Pixels) -> float:
        """Return the largest gap between two classes where two label maps disagree, as a share of the largest logit."""
        logits = torch.nn.functional.interpolate(
            self._forward([photo]).logits, size=photo.shape[:2], mode="bilinear", align_corners=False
        )[0]
        rows, columns = np.nonzero(one != other)
        first, second = (logits[labels[rows, columns].astype(np.int64), rows, columns] for labels in (one, other))
        return float(((first - second).abs().max() / logits.abs().max()).item()) if len(rows) else 0.0

    def _forward(self, photos: Sequence[Pixels]) -> Any:
        inputs = self.processor(images=[Image.fromarray(photo) for photo in photos], return_tensors="pt")
        with torch.inference_mode():
            return self.model(**inputs)


def photos() -> list[Pixels]:
    """Return real photos of the sizes, cut from the demo's person."""
    with as_file(files("workbench") / "assets" / "person.jpg") as path:
        person = Image.open(path).convert("RGB")
    return [np.asarray(person.resize(size, Image.Resampling.LANCZOS)) for size in SIZES]


def compare(ways: dict[str, Labeller], *, rounds: int = ROUNDS) -> tuple[dict[str, Timed], dict[str, list[Pixels]]]:
    """Time every way on every batch size, in turns; return the times and each one's labels of all photos."""
    pictures = photos()
    timed = {name: Timed() for name in ways}
    maps: dict[str, list[Pixels]] = {}
    for way in ways.values():
        way(pictures[:1])  # warm
    for round_ in range(rounds):
        for batch in (1, 4):
            for name, way in ways.items():
                chosen = pictures[:batch]
                labels = timed[name].run(lambda way=way, chosen=chosen: way(chosen), batch)  # type: ignore[misc]
                if round_ == 0 and batch == 4:
                    maps[name] = labels
    return timed, maps


def agree(labels: Sequence[Pixels], expected: Sequence[Pixels]) -> float:
    """Return the share of pixels with equal labels."""
    return sum(int((a == b).sum()) for a, b in zip(labels, expected, strict=True)) / sum(a.size for a in expected)


def after_the_labels(network: Network) -> dict[str, float]:
    """Return milliseconds of the steps after the labels: the soft edge, the cut with its clean rim, the PNG."""
    photo = photos()[1]
    probability = np.zeros((128, 128), np.float32)
    probability[30:100, 30:100] = 1.0
    result = {}
    start = time.perf_counter()
    alpha = soft_alpha(photo, probability)
    result["matting"] = time.perf_counter() - start
    start = time.perf_counter()
    pixels, _ = cut_out(photo, alpha)
    result["cut"] = time.perf_counter() - start
    start = time.perf_counter()
    imaging.encode(pixels, "png")
    result["encode"] = time.perf_counter() - start
    start = time.perf_counter()
    stretched(photo, side=network.side)
    result["prepare"] = time.perf_counter() - start
    return {name: round(1000 * seconds, 1) for name, seconds in result.items()}


PEAK: Final = """
import sys, numpy
from tailor.parsers.segformer import load_network
folder, backend, threads, photo = sys.argv[1:]
load_network(folder, backend=backend, threads=int(threads)).labels([numpy.load(photo)])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


def peak_mb(backend: BackendName, folder: Path, *, threads: int) -> float:
    """Return the peak resident memory, in MiB, of a fresh process that labels one photo with a backend."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as photo:
        np.save(photo, photos()[0])
        photo.flush()
        command = [sys.executable, "-c", PEAK, str(folder), backend, str(threads), photo.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return round(int(done.stdout) / 1024, 1)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder of real weights; default: random ones")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.weights or write_segformer(Path(scratch) / "b2", size=SEGFORMER_B2)
        print(json.dumps(report(folder, real=options.weights is not None, options=options)))


def report(folder: Path, *, real: bool, options: argparse.Namespace) -> dict[str, Any]:
    """Measure; return the figures and the set-up."""
    start = time.perf_counter()
    ours = load_network(str(folder), threads=options.threads)
    ready_seconds = time.perf_counter() - start
    reference = load_network(str(folder), backend="torch", threads=options.threads)
    eager = Rival(folder)
    ways: dict[str, Labeller] = {
        "transformers_eager_fp32": eager,
        "onnxruntime_folded_fp32": ours.labels,
        "torch_fp32": reference.labels,
    }
    served: list[BackendName] = ["torch", "onnxruntime"]
    try:
        ways[APPROXIMATE] = load_network(str(folder), backend="openvino", threads=options.threads).labels
        served.append("openvino")
    except ModelUnavailable as error:
        say(f"openvino is left out: {error}")
    timed, maps = compare(ways, rounds=options.rounds)
    expected = maps["transformers_eager_fp32"]
    told = {
        name: agree(labels, expected) if real or name != APPROXIMATE else NOT_MEASURED for name, labels in maps.items()
    }
    widest_tie = max(map(eager.widest_tie, photos(), maps["onnxruntime_folded_fp32"], expected))
    rival, best = timed["transformers_eager_fp32"], timed["onnxruntime_folded_fp32"]
    backends = {
        name: {
            "exact": name != APPROXIMATE,
            "label_agreement": told[name],
            "ms_per_photo": {str(batch): round(times.ms_per_photo(batch), 1) for batch in (1, 4)},
            "cpu_ms_per_photo": {str(batch): round(times.cpu_ms_per_photo(batch), 1) for batch in (1, 4)},
        }
        for name, times in timed.items()
    }
    memory = {way: peak_mb(way, folder, threads=options.threads) for way in served}
    result = {
        "speedup_end_to_end": round(rival.ms_per_photo(1) / best.ms_per_photo(1), 2),
        "speedup_end_to_end_batch_4": round(rival.ms_per_photo(4) / best.ms_per_photo(4), 2),
        "speedup_cpu_time": round(rival.cpu_ms_per_photo(1) / best.cpu_ms_per_photo(1), 2),
        "label_agreement": told["onnxruntime_folded_fp32"],
        "widest_tie_where_labels_differ": widest_tie,
        "ms_per_photo": round(best.ms_per_photo(1), 1),
        "backends": backends,
        "after_labels_ms": after_the_labels(ours),
        "peak_memory_mib": memory,
        "export_seconds": round(ready_seconds, 1),
        "threads": options.threads,
        "weights": "real" if real else "random",
    }
    for name, times in timed.items():
        say(
            f"{name:26} {times.ms_per_photo(1):8.0f} ms, in a batch of 4 {times.ms_per_photo(4):8.0f} ms per photo; "
            f"labels equal {told[name]}"
        )
    say(f"where ours and transformers' labels differ, the two logits are at most {widest_tie:.1e} of the largest apart")
    say(f"{result['speedup_end_to_end']}x end to end on {options.threads} thread(s), {result['weights']} weights")
    return result


def say(line: str) -> None:
    """Print for people."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
