"""`make bench-queue`: our queue beside celery (acks_late), taskiq (stream) and arq, on one Valkey in one run.

Each contender has its own environment (their redis clients exclude each other) and its own small program under
`tools/workbench/rivals`. No-op jobs are counted over a local socket, so counting costs no Redis command. What the
server spends on a job, from submit to the end, is its own CPU clock (INFO cpu, main thread) and its own command counter
(commands inside scripts count); a worker's round trips are reads from sockets (INFO stats), so a pipeline is one.
Recovery: the benchmark kills a job's worker with SIGKILL and measures the time until another worker runs the job again,
up to a limit; every contender keeps its default timeouts.
Figures for people go to standard error, one line of JSON ends standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis import Redis

from workbench.stack.ports import free_port
from workbench.stack.process import Process
from workbench.stack.valkey import Valkey

RIVALS: Final = Path(__file__).resolve().parents[3] / "rivals"
OURS: Final = "proteus"
QUIET_SECONDS: Final = 0.5
START_SECONDS: Final = 30.0
RECOVERY_LIMIT_SECONDS: Final = 60.0
"""Longer than our lease (30 s) by a margin; the others' documented times are printed beside."""

DOCUMENTED: Final = {
    "celery": "visibility timeout 3600 s, not renewed: longer jobs run twice",
    "taskiq": "stream entries idle for 600 s, not renewed: longer jobs run twice",
    "arq": "in-progress key of 310 s (the longest timeout + 10 s), no heartbeat",
}
"""When each rival runs a killed worker's job again, by default."""


@dataclass(frozen=True)
class Contender:
    """One queue: how to start its worker and its producer."""

    name: str
    python: Path
    worker: tuple[str, ...]

    def produce(self, count: int, seconds: float) -> list[str]:
        return [str(self.python), f"{self.name}_jobs.py", "produce", str(count), str(seconds)]

    def work(self, batch: int) -> list[str]:
        return [str(self.python), *(part.format(batch=batch) for part in self.worker)]


@dataclass(frozen=True)
class Reading:
    """The server's counters."""

    cpu_seconds: float
    commands: int
    reads: int

    @classmethod
    def of(cls, redis: Redis) -> Reading:
        info: Any = redis.info("everything")
        cpu_seconds = info["used_cpu_user_main_thread"] + info["used_cpu_sys_main_thread"]
        return cls(float(cpu_seconds), int(info["total_commands_processed"]), int(info["total_reads_processed"]))


class Witness:
    """Receives which process runs which job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(path))

    def next(self, timeout_seconds: float) -> tuple[int, int] | None:
        """Return (pid, job's number), or None after the timeout."""
        self._line.settimeout(max(timeout_seconds, 0.001))
        try:
            pid, number = self._line.recv(64).split()
        except TimeoutError:
            return None
        return int(pid), int(number)

    def close(self) -> None:
        self._line.close()
        self.path.unlink(missing_ok=True)


class Arena:
    """One contender on one database of the server."""

    def __init__(self, contender: Contender, url: str, folder: Path) -> None:
        self.contender = contender
        self.url = url
        self.folder = folder
        self.redis: Redis = Redis.from_url(url)

    def throughput(self, *, jobs: int, workers: int, batch: int) -> dict[str, float]:
        """Enqueue no-op jobs, start the workers, wait for the last job; return rates and costs per job."""
        self.redis.flushdb()
        with self.witness() as witness:
            before = Reading.of(self.redis)
            start = time.perf_counter()
            self._call(self.contender.produce(jobs, 0.0), witness)
            produced = time.perf_counter() - start
            between = self.settled()
            with self.workers(workers, batch, witness):
                first = last = 0.0
                done: set[int] = set()
                while len(done) < jobs:
                    heard = witness.next(START_SECONDS)
                    if heard is None:
                        raise RuntimeError(f"{self.contender.name}: {jobs - len(done)} of {jobs} jobs never ran")
                    last = time.perf_counter()
                    first = first or last
                    done.add(heard[1])
                after = self.settled()
        cpu_seconds = after.cpu_seconds - before.cpu_seconds
        return {
            "jobs_per_second": round((jobs - 1) / (last - first), 1),
            "enqueues_per_second": round(jobs / produced, 1),
            "server_us_per_job": round(1e6 * cpu_seconds / jobs, 1),
            "server_commands_per_job": round((after.commands - before.commands) / jobs, 2),
            "round_trips_per_job": round((after.reads - between.reads) / jobs, 2),
        }

    def start_recovery(self) -> Recovery:
        """Start one job and kill its worker; the other worker is idle."""
        self.redis.flushdb()
        return Recovery(self)

    def settled(self) -> Reading:
        """Return the counters once only polling goes on."""
        reading = Reading.of(self.redis)
        while True:
            time.sleep(QUIET_SECONDS)
            following = Reading.of(self.redis)
            if following.commands - reading.commands < 20:
                return following
            reading = following

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        witness = Witness(self.folder / f"{self.contender.name}.socket")
        try:
            yield witness
        finally:
            witness.close()

    @contextmanager
    def workers(self, count: int, batch: int, witness: Witness) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run workers for a `with` block; each leads a process group, killed at the end."""
        running = [self._spawn(self.contender.work(batch), witness) for _ in range(count)]
        try:
            yield running
        finally:
            for process in running:
                kill_group(process.pid)
                process.wait()

    def _call(self, command: Sequence[str], witness: Witness) -> None:
        if self._spawn(command, witness).wait() != 0:
            raise RuntimeError(f"{self.contender.name}: {(self.folder / f'{self.contender.name}.log').read_text()}")

    def _spawn(self, command: Sequence[str], witness: Witness) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "BENCH_REDIS_URL": self.url, "BENCH_SOCKET": str(witness.path)}
        with (self.folder / f"{self.contender.name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=RIVALS, env=environment, stdout=log, stderr=log, start_new_session=True
            )


class Recovery:
    """A killed worker's job, and the worker that runs it again."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._witness = Witness(arena.folder / f"{arena.contender.name}.recovery")
        self._workers = [arena._spawn(arena.contender.work(1), self._witness) for _ in range(2)]
        arena._call(arena.contender.produce(1, RECOVERY_LIMIT_SECONDS), self._witness)
        heard = self._witness.next(START_SECONDS)
        if heard is None:
            raise RuntimeError(f"{arena.contender.name}: the job never ran")
        self.killed_at = time.perf_counter()
        kill_group(os.getpgid(heard[0]))

    def seconds(self) -> float | None:
        """Wait for the job to run again; None if it does not within the limit."""
        left = self.killed_at + RECOVERY_LIMIT_SECONDS - time.perf_counter()
        heard = self._witness.next(left)
        seconds = round(time.perf_counter() - self.killed_at, 1) if heard else None
        for process in self._workers:
            kill_group(process.pid)
            process.wait()
        self._witness.close()
        return seconds


def kill_group(group: int) -> None:
    """SIGKILL a worker and its children, if it still runs."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def environment(name: str, folder: Path) -> Path:
    """Return the Python of a rival's own environment, made on first use."""
    home = folder / name
    python = home / "bin" / "python"
    requirements = RIVALS / f"{name}.txt"
    made = home / requirements.name
    if not made.exists() or made.read_text() != requirements.read_text():
        say(f"making {name}'s environment")
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
        done = subprocess.run(install, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"pip could not make {name}'s environment: {done.stderr}")
        made.write_text(requirements.read_text())
    return python


def contenders(folder: Path) -> list[Contender]:
    """Return every contender, ours first."""
    celery = ("-m", "celery", "-A", "celery_jobs", "worker", "--pool=solo", "--loglevel=ERROR", "-n", "w{batch}@%n-%i")
    return [
        Contender(OURS, Path(sys.executable), ("proteus_jobs.py", "work", "{batch}")),
        Contender("celery", environment("celery", folder), (*celery, "--without-gossip", "--without-mingle")),
        Contender(
            "taskiq", environment("taskiq", folder), ("-m", "taskiq", "worker", "taskiq_jobs:broker", "--workers", "1")
        ),
        Contender("arq", environment("arq", folder), ("-m", "arq", "arq_jobs.WorkerSettings")),
    ]


def bench(url: str, folder: Path, environments: Path, *, jobs: int) -> dict[str, Any]:
    """Run every contender; return the figures."""
    arenas = {
        one.name: Arena(one, f"{url.rsplit('/', 1)[0]}/{number}", folder)
        for number, one in enumerate(contenders(environments))
    }
    ours = {batch: arenas[OURS].throughput(jobs=jobs, workers=1, batch=batch) for batch in (1, 4, 8)}
    figures: dict[str, Any] = {f"round_trips_per_job_b{b}": row["round_trips_per_job"] for b, row in ours.items()}
    pair = arenas[OURS].throughput(jobs=jobs, workers=2, batch=8)
    figures |= {
        "server_us_per_job": ours[8]["server_us_per_job"],
        "jobs_per_second": {"1": ours[8]["jobs_per_second"], "2": pair["jobs_per_second"]},
        "by_batch": ours,
    }
    peers: dict[str, Any] = {}
    for name, arena in arenas.items():
        if name == OURS:
            continue
        one, two = (arena.throughput(jobs=jobs, workers=workers, batch=1) for workers in (1, 2))
        peers[name] = one | {"jobs_per_second": {"1": one["jobs_per_second"], "2": two["jobs_per_second"]}}
        peers[name]["recovery_as_documented"] = DOCUMENTED[name]
        say(f"{name}: {peers[name]}")
    recoveries = {name: arena.start_recovery() for name, arena in arenas.items()}
    seconds = {name: recovery.seconds() for name, recovery in recoveries.items()}
    for name, peer in peers.items():
        peer["recovery_seconds"] = seconds[name]
    figures |= {
        "recovery_seconds": seconds[OURS],
        "recovery_limit_seconds": RECOVERY_LIMIT_SECONDS,
        "jobs": jobs,
        "peers": peers,
    }
    return figures


def say(words: str) -> None:
    """Print for people."""
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Parse, start a server with the product's durability, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--environments", type=Path, default=Path(".proteus/bench"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = Valkey(folder / "valkey", port=free_port(), durable=True)
        server.prepare()
        process = Process(server.program(), log=folder / "valkey.log")
        try:
            process.wait_ready()
            figures = bench(server.url, folder, options.environments.resolve(), jobs=options.jobs)
        finally:
            process.kill()
            process.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
