"""Captured steps with a stand-in for the capture: what is padded, what is captured, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from structlog.testing import capture_logs
from torch import Tensor

from catvton_jobs import BEST, finish, job, small_engine
from proteus.jobs import JobId
from weaver.pipelines import levers, rows
from weaver.pipelines.contract import Capturable
from weaver.pipelines.fashn.engine import FashnEngine
from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.schedule import Schedule
from weaver.pipelines.rows import ROWS, RowPass
from workbench.bench.checkpoints import write_catvton

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)


class StandIn:
    """Captures by remembering the pass; counts captures and replays by rows."""

    def __init__(self, *, broken: Sequence[int] = (), wrong: Sequence[int] = ()) -> None:
        self.captures, self.replays = Counter[int](), Counter[int]()
        self._broken, self._wrong = broken, wrong

    def __call__(self, forward: rows.Pass, inputs: Sequence[Tensor]) -> rows.Replay:
        count = len(inputs[0])
        if count in self._broken:
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        self.captures[count] += 1

        def replay() -> Tensor:
            self.replays[count] += 1
            return forward(*inputs) * (1.5 if count in self._wrong else 1.0)

        return replay


def double(x: Tensor, t: Tensor) -> Tensor:
    return 2 * x + t[:, None]


def captured(stand_in: StandIn, *, most_rows: int = 16, forward: rows.Pass = double) -> RowPass:
    found = RowPass(forward)
    told = found.capture(
        lambda count: (torch.randn(count, 3), torch.randn(count)),
        capture=stand_in,
        most_rows=most_rows,
        tolerance=0.01,
    )
    levers.tell_captured("engine", told.rows, told.failed)
    stand_in.replays.clear()
    return found


@pytest.mark.parametrize(("most_rows", "expected"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 8)), (16, ROWS), (64, ROWS)])
def test_the_numbers_of_rows_that_batches_can_have_are_captured_once(most_rows: int, expected: Any) -> None:
    stand_in = StandIn()
    captured(stand_in, most_rows=most_rows)
    assert stand_in.captures == Counter(dict.fromkeys(expected, 1))


def test_every_number_of_rows_is_replayed_by_the_next_captured_one_and_never_captured_while_serving() -> None:
    stand_in = StandIn()
    passed = captured(stand_in)
    before = stand_in.captures.copy()
    for count in range(1, 20):
        x, t = torch.randn(count, 3), torch.randn(count)
        stand_in.replays.clear()
        assert torch.equal(passed(x, t), double(x, t))
        wanted = next((one for one in ROWS if one >= count), None)
        assert stand_in.replays == ({wanted: 1} if wanted else {})
    assert stand_in.captures == before


def test_an_answer_stays_what_it_was_when_the_next_step_runs() -> None:
    passed = captured(StandIn())
    first = passed(torch.ones(3, 3), torch.ones(3))
    passed(torch.zeros(4, 3), torch.zeros(4))
    assert torch.equal(first, torch.full((3, 3), 3.0))


def test_another_canvas_runs_eagerly() -> None:
    stand_in = StandIn()
    passed = captured(stand_in)
    assert passed(torch.ones(2, 5), torch.ones(2)).shape == (2, 5)
    assert not stand_in.replays


@pytest.mark.parametrize(
    ("stand_in", "failed", "reason"),
    [
        (StandIn(broken=(8, 16)), [8, 16], "RuntimeError: operation not permitted when stream is capturing"),
        (StandIn(broken=ROWS), list(ROWS), "RuntimeError: operation not permitted when stream is capturing"),
        (StandIn(wrong=(4,)), [4], "RuntimeError: its answer is"),
    ],
)
def test_what_cannot_be_captured_or_answers_wrongly_runs_eagerly_and_one_line_says_so(
    stand_in: StandIn, failed: list[int], reason: str
) -> None:
    with capture_logs() as logs:
        passed = captured(stand_in)
    [line] = [line for line in logs if line["event"] == "steps_not_captured"]
    assert line["rows"] == failed
    assert line["reason"].startswith(reason)
    assert passed.padded == (failed != list(ROWS))
    for count in failed:
        x, t = torch.randn(count, 3), torch.randn(count)
        assert torch.equal(passed(x, t), double(x, t))
    assert not stand_in.replays.keys() & set(failed)


def test_a_gpus_graphs_fall_back_to_eager_where_there_is_no_gpu() -> None:
    found = RowPass(double)
    told = found.capture(
        lambda count: (torch.randn(count, 3), torch.randn(count)),
        capture=rows.how("graphs"),
        most_rows=2,
        tolerance=0.01,
    )
    assert told == rows.Captures((), dict.fromkeys((1, 2), "RuntimeError: CUDA graphs need a GPU"))
    assert not found.padded


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found = StandIn()
    monkeypatch.setattr(rows, "how", lambda lever: found)
    return found


def test_catvtons_pictures_are_what_they_are_without_padding(tmp_path: Any, stand_in: StandIn) -> None:
    write_catvton(tmp_path)
    engine = small_engine(tmp_path)
    pictures = [job(f"job_{n}", seed=n, quality=quality) for n, quality in enumerate(("best", "balanced", "fast"))]

    def latents() -> list[Tensor]:
        session: Any = engine.open(BEST)
        seen: dict[JobId, Tensor] = {}
        ending = session._finish
        session._finish = lambda running, picture: (
            seen.update({running.job.id: picture.latents.clone()}) or ending(running, picture)
        )
        finish(session, *pictures)
        return [seen[one.id] for one in pictures]

    expected = latents()
    assert isinstance(engine, Capturable)
    engine.warm_up("graphs", max_batch=4)
    assert engine.padded
    assert stand_in.captures == Counter({1: 2, 2: 2, 4: 2, 8: 2}), "both canvases"
    captures = stand_in.captures.copy()
    stand_in.replays.clear()
    for found, wanted in zip(latents(), expected, strict=True):
        assert float((found - wanted).abs().max()) <= 1e-4 * float(wanted.abs().max())
    assert stand_in.captures == captures
    assert stand_in.replays[8], "three guided pictures are six rows"


def test_fashns_rows_are_what_they_are_without_padding(stand_in: StandIn) -> None:
    torch.manual_seed(7)
    network = TryOnNetwork(TINY).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("scale"):
            parameter.fill_(1)
    engine = FashnEngine(FashnPipeline(network))
    pipeline = engine.pipeline
    generator = torch.Generator().manual_seed(1)
    drawn = torch.rand((3, 8, TINY.height, TINY.width), generator=generator) * 2 - 1
    conditions = pipeline.encode(*drawn.split((3, 1, 3, 1), dim=1), torch.tensor([1, 2, 3]))
    x = torch.cat([pipeline.noise(seed) for seed in range(3)])
    step: Callable[[], Tensor] = lambda: pipeline.step(  # noqa: E731
        x, [0, 1, 2], conditions, [Schedule(steps=3, guidance=1.5)] * 3
    )
    expected = step()
    engine.warm_up("graphs", max_batch=4)
    stand_in.replays.clear()
    assert float((step() - expected).abs().max()) <= 1e-4 * float(expected.abs().max())
    assert stand_in.replays == {8: 1}, "two of three are guided at their step: five rows"
    assert stand_in.captures == Counter({1: 1, 2: 1, 4: 1, 8: 1})
