"""The scenarios as data: how much load, which faults, when. `make chaos` and its other forms."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final, Literal

from workbench.chaos.proxies import Answer
from workbench.chaos.proxies.tcp import Kind
from workbench.chaos.shape import NEW, PREVIOUS, Version

FIRST_ENGINE: Final = "timed"
SECOND_ENGINE: Final = "puppet"

Server = Literal["valkey", "postgres", "s3"]
FaultKind = Literal[
    "kill",
    "freeze",
    "away",
    "restart",
    "empty",
    "answer",
    "garbage",
    "loss",
    "lock",
    "full",
    "evict",
    "fleetless",
    "migrate",
    "roll",
]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        at_seconds: When, from the start of the load.
        kind: `kill`: SIGKILL, started again `seconds` later. `freeze`: SIGSTOP, SIGCONT `seconds` later (a zombie that
            wakes late). `away`: stopped cleanly, back `seconds` later. `restart`: SIGKILL, back `seconds` later
            with its data. `empty`: the same without its data. `answer`: its proxy answers instead of it for `seconds`.
            `garbage`: one malformed message, card, hash or setting of every kind is written to Redis. `loss`: a part
            of the queue is deleted. `lock`: a table is locked for `seconds`, so that every connection of the pool
            hangs. `full`: Redis has no memory left for `seconds`. `evict`: it evicts random keys, a twentieth of its
            memory, as a server does whose policy is not `noeviction`. `fleetless`: the only weaver of the second
            engine is killed and stays away for `seconds`, while jobs for it continue to arrive. `migrate`: the tables
            get the form of `version`. `roll`: services of every kind get SIGTERM, one after the other, and start as
            `version`, until `many` of each kind are; so it stays for `seconds`, in which a weaver and a gateway are
            killed.
        target: `weaver` or `gateway` (a running one, drawn at random) or a server's name.
        seconds: How long it lasts.
        answer: What the proxy answers.
    """

    at_seconds: float
    kind: FaultKind
    target: Literal["weaver", "gateway", "tailor", "arbitrator", "valkey", "postgres", "s3"]
    seconds: float = 1.0
    answer: Answer | None = None
    version: Version = NEW
    many: int = 1


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One run.

    Attributes:
        jobs: Accepted jobs at least; more if the faults last longer than they do.
        jobs_per_second: Pace of the load.
        backlog: Jobs that may be unfinished; beyond it the load waits.
        poison: Jobs that always fail, by their effect on the engine `timed`.
        curve: Seconds of a batch in the engine `timed`: slow enough that a worker holds jobs when it is hit.
        recovery_room_seconds: Jobs of a lost worker must be back within lease + this.
        proxied: Services reach the servers through proxies, so that `answer` is possible.
        shuffled: The seed assigns the faults to the times.
        skew_seconds: How far the clock of the last gateway is off.
        second_share: Share of the jobs that name a second engine, `puppet`, which one more weaver offers.
        fresh_share: Share of the submits before which the client brings new photos, so that tailors have work.
        previous: Every service starts as the version before this one.
    """

    name: str
    lease_seconds: float
    beat_seconds: float
    reap_seconds: float
    jobs: int
    jobs_per_second: float
    faults: tuple[Fault, ...]
    poison: dict[str, int]
    gateways: int = 2
    weavers: int = 3
    tailors: int = 1
    shoppers: int = 4
    sockets_per_shopper: int = 2
    backlog: int = 160
    curve: str = "1:0.12,4:0.25,8:0.4"
    cancel_share: float = 0.03
    deadline_share: float = 0.04
    low_share: float = 0.05
    recovery_room_seconds: float = 5.0
    settle_seconds: float = 90.0
    proxied: bool = False
    shuffled: bool = False
    skew_seconds: float = 0.0
    second_share: float = 0.0
    fresh_share: float = 0.0
    previous: bool = False

    @property
    def recovery_bar_seconds(self) -> float:
        return self.lease_seconds + self.recovery_room_seconds

    @property
    def may_end_by_itself(self) -> frozenset[str]:
        """The services that the load itself ends: a `crash` picture ends its weaver's process."""
        return frozenset({"weaver"}) if self.poison.get("crash") else frozenset()

    def dealt(self, rng: random.Random) -> Scenario:
        """Return this scenario with the faults assigned to its times at random, if it is shuffled."""
        if not self.shuffled:
            return self
        times = [fault.at_seconds for fault in self.faults]
        faults = rng.sample(self.faults, len(self.faults))
        dealt = (replace(fault, at_seconds=at) for fault, at in zip(faults, times, strict=True))
        return replace(self, faults=tuple(dealt))


FULL: Final = Scenario(
    name="full",
    lease_seconds=10.0,
    beat_seconds=3.0,
    reap_seconds=2.0,
    jobs=2_000,
    jobs_per_second=21.0,
    # One in a hundred: a few end their process until they are dead letters, the others break a step or fail alone.
    poison={"crash": 2, "raise": 6, "fail": 8, "refuse": 4},
    faults=(
        Fault(at_seconds=5, kind="kill", target="weaver"),
        Fault(at_seconds=9, kind="freeze", target="weaver", seconds=17),
        Fault(at_seconds=14, kind="kill", target="gateway", seconds=3),
        Fault(at_seconds=20, kind="kill", target="tailor"),
        Fault(at_seconds=28, kind="away", target="postgres", seconds=5),
        Fault(at_seconds=38, kind="kill", target="weaver"),
        Fault(at_seconds=43, kind="restart", target="s3", seconds=5),
        Fault(at_seconds=52, kind="restart", target="valkey"),
        Fault(at_seconds=57, kind="kill", target="weaver"),
        Fault(at_seconds=57, kind="kill", target="weaver"),
        Fault(at_seconds=61, kind="kill", target="gateway", seconds=3),
        Fault(at_seconds=66, kind="freeze", target="weaver", seconds=17),
        Fault(at_seconds=71, kind="empty", target="valkey"),
        Fault(at_seconds=86, kind="kill", target="weaver"),
        Fault(at_seconds=89, kind="freeze", target="weaver", seconds=4),
        Fault(at_seconds=91, kind="kill", target="gateway", seconds=2),
    ),
)

SHORT: Final = Scenario(
    name="short",
    lease_seconds=3.0,
    beat_seconds=1.0,
    reap_seconds=0.5,
    jobs=100,
    jobs_per_second=8.0,
    poison={"raise": 1, "fail": 1},
    weavers=2,
    shoppers=2,
    sockets_per_shopper=1,
    backlog=40,
    curve="1:0.4,4:0.8,8:1.2",
    recovery_room_seconds=20.0,  # It runs beside other tests; the time to recover is measured by `full`.
    faults=(
        Fault(at_seconds=1, kind="kill", target="weaver", seconds=0.2),
        Fault(at_seconds=4, kind="kill", target="gateway", seconds=0.5),
        Fault(at_seconds=5, kind="freeze", target="weaver", seconds=4.5),
        Fault(at_seconds=8, kind="empty", target="valkey", seconds=0.2),
    ),
)

SLOW: Final = Scenario(
    name="slow",
    lease_seconds=30.0,
    beat_seconds=10.0,
    reap_seconds=2.0,
    jobs=600,
    jobs_per_second=6.0,
    poison={"raise": 2, "fail": 3, "refuse": 1},
    curve="1:0.5,4:1.0,8:1.6",
    faults=(
        Fault(at_seconds=5, kind="kill", target="weaver"),
        Fault(at_seconds=12, kind="freeze", target="weaver", seconds=40),
        Fault(at_seconds=56, kind="kill", target="weaver"),
        Fault(at_seconds=60, kind="empty", target="valkey"),
    ),
)


TWICE: Final[tuple[FaultKind, ...]] = ("garbage", "loss")


def _answer(target: Server, kind: Kind, code: str, share: float, seconds: float) -> Fault:
    return Fault(
        at_seconds=0, kind="answer", target=target, seconds=seconds, answer=Answer(kind=kind, code=code, share=share)
    )


def _answers() -> tuple[Fault, ...]:
    """Return the faults of `ANSWERS`, evenly spaced: one at a time, each over before the next one begins."""
    faults = (
        _answer("valkey", "error", "OOM", 1.0, 5.0),
        _answer("valkey", "error", "READONLY", 1.0, 5.0),
        _answer("valkey", "error", "LOADING", 1.0, 4.0),
        _answer("valkey", "error", "MISCONF", 0.5, 4.0),
        _answer("valkey", "error", "BUSY", 0.5, 4.0),
        _answer("valkey", "half", "", 0.05, 4.0),
        _answer("valkey", "slow", "", 0.2, 4.0),
        _answer("postgres", "error", "25006", 1.0, 5.0),
        _answer("postgres", "error", "53100", 1.0, 5.0),
        _answer("postgres", "error", "57P03", 0.5, 4.0),
        _answer("postgres", "half", "", 0.1, 4.0),
        _answer("postgres", "slow", "", 0.3, 4.0),
        _answer("s3", "error", "503", 1.0, 5.0),
        _answer("s3", "error", "500", 0.5, 4.0),
        _answer("s3", "half", "", 0.5, 4.0),
        _answer("s3", "slow", "", 0.5, 4.0),
        *(Fault(at_seconds=0, kind=kind, target="valkey") for kind in TWICE for _ in range(2)),
        Fault(at_seconds=0, kind="full", target="valkey", seconds=5.0),
        Fault(at_seconds=0, kind="evict", target="valkey"),
        Fault(at_seconds=0, kind="lock", target="postgres", seconds=6.0),
        Fault(at_seconds=0, kind="kill", target="weaver"),
        Fault(at_seconds=0, kind="kill", target="gateway", seconds=2.0),
        Fault(at_seconds=0, kind="fleetless", target="weaver", seconds=20.0),
    )
    return tuple(replace(fault, at_seconds=3.0 + 6.0 * place) for place, fault in enumerate(faults))


ANSWERS: Final = Scenario(
    name="answers",
    lease_seconds=10.0,
    beat_seconds=3.0,
    reap_seconds=2.0,
    jobs=900,
    jobs_per_second=7.0,
    poison={"raise": 3, "fail": 3, "refuse": 2},
    weavers=2,
    curve="1:0.2,4:0.4,8:0.6",
    # The reconciler finds a lost part by comparing counts; the bar is lease + 15 s.
    recovery_room_seconds=15.0,
    settle_seconds=120.0,
    proxied=True,
    shuffled=True,
    skew_seconds=90.0,
    second_share=0.06,
    faults=_answers(),
)


ROLLOUT: Final = Scenario(
    name="rollout",
    lease_seconds=10.0,
    beat_seconds=3.0,
    reap_seconds=2.0,
    jobs=900,
    jobs_per_second=4.0,
    poison={"raise": 2, "fail": 2},
    weavers=2,
    tailors=2,
    curve="1:0.3,4:0.6,8:0.9",
    recovery_room_seconds=20.0,
    settle_seconds=120.0,
    fresh_share=0.05,
    previous=True,
    faults=(
        Fault(at_seconds=5, kind="migrate", target="postgres"),
        # One after the other: half of every kind, both for a minute, the rest; then back in the same way.
        Fault(at_seconds=20, kind="roll", target="gateway", seconds=60),
        Fault(at_seconds=21, kind="roll", target="gateway", seconds=0, many=2),
        Fault(at_seconds=22, kind="roll", target="gateway", seconds=60, version=PREVIOUS),
        Fault(at_seconds=23, kind="roll", target="gateway", seconds=0, version=PREVIOUS, many=2),
    ),
)
"""A release, and its rollback: the version before and this one side by side for a minute each."""


SCENARIOS: Final = {scenario.name: scenario for scenario in (FULL, ANSWERS, SHORT, SLOW, ROLLOUT)}
