"""The queue's scripts of the version before and of this one, on one Redis: each job ends once, whoever does what.

The package of the version before comes out of the repository's history. `tests/chaos/test_rollout.py` runs whole
services of both.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proteus import keys
from proteus.bus import parse_event
from proteus.jobs import TERMINAL
from workbench.chaos.previous import named

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "support" / "queue_program.py"
SOURCES = "libs/proteus/src"
ENGINES = ["puppet", "catvton"]
ENDS = {str(state) for state in TERMINAL}

pytestmark = pytest.mark.slow

Call = Callable[..., Any]


@contextmanager
def client(sources: Path, url: str) -> Iterator[Call]:
    """Run a client of the version whose package is there; yield what calls it."""
    environment = {**os.environ, "PYTHONPATH": str(sources)}
    with subprocess.Popen(
        (sys.executable, str(PROGRAM), url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        talk, listen = process.stdin, process.stdout

        def call(*words: Any) -> Any:
            talk.write(json.dumps(words) + "\n")
            talk.flush()
            answer = listen.readline()
            assert answer, f"{words} ended the program"
            return json.loads(answer)

        yield call
        talk.close()
    assert process.returncode == 0


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The sources of the version before."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout: there is no history")
    commit = named(os.environ.get("PREVIOUS", ""), repository=ROOT)
    archive = subprocess.run(
        ("git", "-C", str(ROOT), "archive", commit, SOURCES), check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / SOURCES


def walk(rng: random.Random, old: Call, new: Call, *, jobs: int, steps: int) -> list[str]:
    """Let both versions do anything to one queue; return the ids."""
    ids: list[str] = []
    held: list[tuple[str, str, int]] = []
    for _ in range(steps):
        one = rng.choice((old, new))
        lot = rng.random()
        if lot < 0.35 and len(ids) < jobs:
            ids.append(f"job_{len(ids)}")
            assert one("submit", ids[-1], rng.choice(ENGINES), rng.random() < 0.2) == [True]
        elif lot < 0.55:
            worker = rng.choice(("worker-1", "worker-2"))
            held += [(worker, *job) for job in one("claim", worker, rng.randint(1, 4), ENGINES)]
        elif lot < 0.6 and ids:
            one("cancel", rng.choice(ids))
        elif lot < 0.65:
            one("reap")
        elif held:
            verb = rng.choices(("complete", "fail", "hand_back", "crash"), (6, 1, 2, 1))[0]
            # Now and then by the version that did not claim it, as after a restart.
            one(verb, *held.pop(rng.randrange(len(held))))
    for worker, job_id, token in held:
        rng.choice((old, new))("complete", worker, job_id, token)
    return ids


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_job_ends_once_whichever_version_does_what(previous, redis, redis_url, seed) -> None:
    rng = random.Random(seed)
    with client(previous, redis_url) as old, client(ROOT / SOURCES, redis_url) as new:
        ids = walk(rng, old, new, jobs=70, steps=400)
        old("register", "worker-old")
        new("register", "worker-new")
        seen = [("worker-new", ["puppet"], {"puppet": "puppet 1"}), ("worker-old", ["puppet"], {"puppet": "puppet 1"})]
        for one in (old, new):
            assert [tuple(card) for card in one("workers")] == seen, "each reads the other's card"
        assert old("stats") == new("stats")
        # Everything that is left: by both in turns, in a worker that holds nothing, as crashed jobs need it.
        turns = [old, new]
        for turn in range(4 * len(ids)):
            one = turns[turn % 2]
            one("reap")
            for job in one("claim", f"worker-last-{turn}", 4, ENGINES):
                assert turns[(turn + 1) % 2]("complete", f"worker-last-{turn}", *job) == ["done"]
            if new("stats") == [0, 0, 0]:
                break
        assert old("stats") == new("stats") == [0, 0, 0]
        states = new("states", *ids)
        assert old("states", *ids) == states
    entries = await redis.xrange(keys.QueueKeys(keys.JOBS).events)
    events = [parse_event(entry_id, fields) for entry_id, fields in entries]
    ended: Counter[str] = Counter(event.job_id for event in events if str(event.state) in ENDS)
    assert set(states) <= ENDS
    assert ended == Counter(ids), "one end each, and the recorder hears of it"
    assert states.count("completed") > len(ids) / 2
