"""A network's pass over the rows of a step: as it is, or captured beforehand for 1, 2, 4, 8 and 16 rows.

A step's rows change whenever pictures join and leave, or stop being guided. A CUDA graph and compiled code are each
for one shape. So a step of a captured canvas is padded to the next of a few numbers of rows:

    warm-up:  1, 2, 4, 8, 16 rows ─▶ eager ─▶ answer ──┐
                                  └▶ capture ─▶ answer ┴▶ near enough: kept; else it stays eager, one log line
    a step:   3 rows ─▶ the captured 4's inputs ─▶ replay ─▶ the first 3 rows of its result

No row depends on another one, so what is in the spare rows changes no picture. Nothing is captured after the warm-up:
a step that has no captured shape runs eagerly, with its own number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from weaver.pipelines.contract import StepLever

ROWS: Final = (1, 2, 4, 8, 16)
"""Numbers of rows that are captured."""

WARM_PASSES: Final = 3
"""Eager passes before a capture: libraries choose their kernels and allocate in them."""

SHAPES: Final = 64
"""Shapes that torch may compile; beyond its own limit of 8 it would silently run them eagerly."""

Pass = Callable[..., Tensor]
"""A forward pass: tensors with as many rows each, to one with as many."""

Replay = Callable[[], Tensor]
"""Runs a captured pass over the inputs that it was captured with."""

Capture = Callable[[Pass, Sequence[Tensor]], Replay]
"""Captures a pass over tensors whose content, and nothing else, changes between its runs."""


@dataclass(frozen=True)
class _Captured:
    inputs: Sequence[Tensor]
    replay: Replay


@dataclass(frozen=True)
class Captures:
    """What came of a warm-up: the numbers of rows that are captured, and why others are not."""

    rows: tuple[int, ...]
    failed: Mapping[int, str]


class RowPass:
    """A forward pass that may have been captured. Not thread-safe."""

    def __init__(self, forward: Pass) -> None:
        self._forward = forward
        self._captured: dict[tuple[int, ...], _Captured] = {}

    @property
    def padded(self) -> bool:
        """Whether any shape is captured, so that few rows may cost as much as the next number of `ROWS`."""
        return bool(self._captured)

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """Run the pass."""
        captured = self._captured.get(_key(inputs))
        if captured is None:
            return self._forward(*inputs)
        rows = len(inputs[0])
        for place, given in zip(captured.inputs, inputs, strict=True):
            place[:rows].copy_(given)
        return captured.replay()[:rows].clone()

    @torch.inference_mode()
    def capture(
        self,
        inputs_of: Callable[[int], Sequence[Tensor]],
        *,
        capture: Capture,
        most_rows: int,
        tolerance: float,
    ) -> Captures:
        """Capture the numbers of rows that steps may have; what cannot be captured stays eager.

        Args:
            inputs_of: Returns drawn inputs of so many rows.
            capture: How.
            most_rows: Of any step; up to the last of `ROWS`.
            tolerance: How far a captured answer may be from the eager one: root mean square of the difference, as a
                share of the eager one's own.
        """
        wanted = [rows for rows in ROWS if rows < most_rows] + [rows for rows in ROWS if rows >= most_rows][:1]
        failed: dict[int, str] = {}
        for rows in reversed(wanted):  # The largest first: smaller ones then fit into its memory.
            try:
                inputs = [tensor.clone() for tensor in inputs_of(rows)]
                expected = self._forward(*inputs).clone()
                captured = _Captured(inputs, capture(self._forward, inputs))
                off = _distance(expected.float(), captured.replay().float())
                if not off <= tolerance:
                    raise RuntimeError(f"its answer is {off:.3g} off, {tolerance:.3g} is allowed")
                self._captured[_key(inputs)] = captured
            except Exception as error:  # A capture may fail in any way that its library, device and driver know.
                failed[rows] = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
        return Captures(tuple(sorted(set(wanted) - failed.keys())), dict(sorted(failed.items())))


def how(lever: StepLever) -> Capture:
    """Return how a lever captures; captures of one call share their memory."""
    if lever == "compile":
        return compiled
    pool: list[Any] = []

    def graph(forward: Pass, inputs: Sequence[Tensor]) -> Replay:
        if not pool and inputs[0].device.type == "cuda":
            pool.append(torch.cuda.graph_pool_handle())
        return graphed(forward, inputs, pool=pool[0] if pool else None)

    return graph


def graphed(forward: Pass, inputs: Sequence[Tensor], *, pool: Any = None) -> Replay:
    """Record a CUDA graph of a pass.

    Raises:
        RuntimeError: The device is no GPU, or the pass does what no graph can hold.
    """
    if inputs[0].device.type != "cuda":
        raise RuntimeError("CUDA graphs need a GPU")
    main, side = torch.cuda.current_stream(), torch.cuda.Stream()
    side.wait_stream(main)
    with torch.cuda.stream(side):
        for _ in range(WARM_PASSES):
            forward(*inputs)
    main.wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        out = forward(*inputs)

    def replay() -> Tensor:
        graph.replay()
        return out

    return replay


def compiled(forward: Pass, inputs: Sequence[Tensor]) -> Replay:
    """Compile a pass for one shape; what torch compiles it keeps in `TORCHINDUCTOR_CACHE_DIR`.

    Raises:
        RuntimeError: There is no compiler here, or the pass cannot be compiled.
    """
    import torch._dynamo as dynamo

    dynamo.config.recompile_limit = SHAPES
    fast = torch.compile(forward, dynamic=False)
    fast(*inputs)
    return lambda: fast(*inputs)


def _key(inputs: Sequence[Tensor]) -> tuple[int, ...]:
    """Name what a capture is for: its rows, and the first input's shape beside them, which is the canvas."""
    rows = next((rows for rows in ROWS if rows >= len(inputs[0])), len(inputs[0]))
    return rows, *inputs[0].shape[1:]


def _distance(expected: Tensor, found: Tensor) -> float:
    """Return the difference's size as a share of the expected one's; not a number where one of them has none."""
    return float((found - expected).square().mean().sqrt() / expected.square().mean().sqrt().clamp_min(1e-30))
