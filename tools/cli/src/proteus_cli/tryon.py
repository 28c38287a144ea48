"""One try-on, shown step by step: the flow behind `proteus tryon` and `make demo`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from proteus_client import AsyncProteus, Job, TryOnOptions

STEPS: Final = ("Uploading both pictures", "Cutting the garment out", "Trying it on", "Fetching the picture")

INGEST_SECONDS_MOST: Final = 60.0
INGEST_POLL_SECONDS: Final = 0.3

_WORDS: Final = {
    "held": "held back: others first",
    "preparing": "finding the person in the photo",
    "waiting": "waiting for a worker",
    "fetching": "a worker has it",
    "denoising": "making the picture",
    "storing": "storing the picture",
}


@dataclass(frozen=True, kw_only=True)
class TryOn:
    """A finished try-on, as the last line of `make demo` and of `proteus tryon --json` prints it.

    Attributes:
        stages: Seconds: `upload`, `cut_out`, `try_on`, `download` by the client's clock; others by the server's.
        category: What the garment was taken for; of a guess `categories` has the alternatives.
        warnings: What may be wrong with the photos and the picture.
        quality_score: How good the picture is likely to be, 0..1; None: nobody knows.
        mask: The file that the mask was written to; None: none was asked for, or the whole picture might change.
    """

    job_id: str
    status: str
    engine: str
    wall_seconds: float
    stages: Mapping[str, float]
    result: str
    category: str | None = None
    categories: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[Mapping[str, Any]] = ()
    quality_score: float | None = None
    mask: str | None = None

    def summary(self) -> dict[str, Any]:
        """Return the contents of the JSON line."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to try on.

    Attributes:
        options: Further options of the submit (`model`, `quality`, …).
        mask: A picture of the person photo's size: white may change, black stays; None: the options say.
        mask_output: Where the mask that was used is written to; None: nowhere.
    """

    person: Path
    garment: Path
    category: str
    options: TryOnOptions
    output: Path
    mask: Path | None = None
    mask_output: Path | None = None


async def try_on(client: AsyncProteus, wish: Wish, *, board: Board) -> tuple[TryOn, bytes]:
    """Run the whole flow and save the picture; return the finished try-on, and the cut-out's PNG.

    Raises:
        ProteusError: A step was refused or failed.
    """
    stages: dict[str, float] = {}
    begun = time.monotonic()
    options = TryOnOptions(**{**wish.options, "category": wish.category})  # type: ignore[typeddict-item]
    if wish.mask_output:
        options["return_mask"] = True
    with board.step(0, stages, "upload"):
        garment_url, person_url = await asyncio.gather(
            client.upload(wish.garment.read_bytes(), kind="garment", category=wish.category),
            client.upload(wish.person.read_bytes(), kind="person"),
        )
        if wish.mask:
            options["mask"] = mask_url = await client.upload(wish.mask.read_bytes(), kind="mask")
            await _ingested(client, mask_url)
    with board.step(1, stages, "cut_out") as tell:
        cut = await client.cut_out(garment_url, category=wish.category, on_progress=tell)
    with board.step(2, stages, "try_on") as tell:
        submitted = await client.submit(person_url, str(cut.results[0].cloth_clean_url), **options)
        job = await client.follow(submitted.job_id, on_progress=tell)
    with board.step(3, stages, "download"):
        picture = await client.download(str(job.results[0].url))
        cut_out = await client.download(str(cut.results[0].url))
        wish.output.parent.mkdir(parents=True, exist_ok=True)
        wish.output.write_bytes(picture)
        mask_output = wish.mask_output if job.results[0].mask_url else None
        if mask_output:
            mask_output.parent.mkdir(parents=True, exist_ok=True)
            mask_output.write_bytes(await client.download(str(job.results[0].mask_url)))
    result, garment = job.results[0], cut.results[0]
    done = TryOn(
        job_id=job.job_id,
        status=job.status,
        engine=str(result.engine),
        wall_seconds=round(time.monotonic() - begun, 3),
        stages={**stages, **job.timings},
        result=str(wish.output),
        mask=str(mask_output) if mask_output else None,
        category=garment.category,
        categories=[one.model_dump() for one in garment.categories or ()],
        warnings=[one.model_dump() for one in result.warnings],
        quality_score=result.quality_score,
    )
    return done, cut_out


async def _ingested(client: AsyncProteus, image_url: str) -> None:
    """Wait until a mask may be named by a submit; of one that never may, the submit says why."""
    async with asyncio.timeout(INGEST_SECONDS_MOST):
        while not (found := await client.image(image_url)).ingested:
            stages = found.preparation.stages if found.preparation else {}
            if stages.get("ingest", "failed") in ("failed", "canceled", "expired"):
                return
            await asyncio.sleep(INGEST_POLL_SECONDS)


def lines_about(done: TryOn) -> list[str]:
    """Return what a person should know of the picture: what the garment was taken for, how good it is, and why."""
    others = [one for one in done.categories if one["category"] != done.category][:2]
    guesses = ", ".join(f"{one['category']} {one['score']:.0%}" for one in others)
    found = [f"Garment: {done.category}" + (f" (or {guesses}; --category says which)" if guesses else "")]
    if done.quality_score is not None:
        found.append(f"Quality: {done.quality_score:.2f} of 1")
    return found + [f"Note: {one['message']} {one['hint']}" for one in done.warnings]


class Board:
    """The steps on a terminal: a spinner, a bar and words; one plain line per step where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description:<26}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[words]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: list[TaskID] = []

    @contextmanager
    def live(self) -> Iterator[Board]:
        """Show the steps while the block runs."""
        with self._progress:
            self._tasks = [self._progress.add_task(name, total=1, start=False, words="") for name in STEPS]
            yield self

    @contextmanager
    def step(self, number: int, stages: dict[str, float], name: str) -> Iterator[Callable[[Job], None]]:
        """Time a step and show its progress; yield the function that takes each new state of its job."""
        task, begun = self._tasks[number], time.monotonic()
        self._progress.start_task(task)

        def tell(job: Job) -> None:
            words = _WORDS.get(job.stage or "", job.status)
            if job.position is not None and job.stage == "waiting":
                words += f" ({job.position} ahead)"
            step, steps = (job.progress.step, job.progress.steps) if job.progress else (0, 0)
            if steps:
                words += f", step {step} of {steps}"
            self._progress.update(task, words=words, completed=0.9 * step / steps if steps else 0)

        yield tell
        stages[name] = round(time.monotonic() - begun, 3)
        self._progress.update(task, completed=1, words="")
        self._progress.stop_task(task)
        if not self._console.is_terminal:
            self._console.print(f"  {STEPS[number]}: {stages[name]:.2f} s")
