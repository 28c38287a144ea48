"""Every Redis key, in one place: its owner, its type, its life time.

Keys of one list share its cluster slot through the hash tag `{list}`. No other module spells a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

JOBS: Final = "queue:jobs"
"""LIST. Pictures waiting: payloads of docs/contract.md; LPUSH at the left, claimed from the right (the head)."""

TAILOR: Final = "tailorJob"
"""LIST. Ingest, cut-out and parse jobs waiting for a tailor."""

BATCH_SIZE: Final = "config:batch_size"
"""STRING, arbitrator, EX 15. Pictures a weaver may run at once; missing: 1."""

DEGRADED_MODE: Final = "config:degraded_mode"
"""STRING `0`/`1`, arbitrator, EX 15."""

DEGRADED_FRACTION: Final = "config:degraded_fraction"
"""STRING 0..1, arbitrator, EX 15. Share of jobs to degrade; missing while the mode is `1` means 1."""

MODE: Final = "config:mode"
"""STRING `VIP`, `ECONOMY` or `SURGE`, arbitrator, EX 15."""

STATE: Final = "config:state"
"""STRING (JSON), arbitrator, EX 15. The policy's own state."""

WEAVER_REPLICAS: Final = "config:weaver_replicas"
"""STRING, arbitrator, EX 15. Weavers that one machine's supervisor should run; missing: keep what runs, at least one.
Written where no other system scales (`ARBITRATOR_LOCAL_REPLICAS`)."""

DEFAULT_FLEET: Final = "weaver"
"""The fleet of a deployment that declares none."""


def weavers_wanted(fleet: str) -> str:
    """SET of n + 1 members, arbitrator, EX 15. The arbitrator requests n weavers of a fleet; KEDA counts it.

    Missing: there is no request, and KEDA counts the queue. Written where `ARBITRATOR_LOCAL_REPLICAS` is off.
    """
    return f"config:weavers_wanted:{fleet}"


WEAVERS_WANTED: Final = weavers_wanted(DEFAULT_FLEET)
"""SET, arbitrator, EX 15. All weavers together, for the chart's own ScaledObject."""

WARM: Final = "config:warm"
"""STRING `1`, gateway, EX as long as a client requested. Keep a weaver ready, with or without work."""

CONFIG_SECONDS: Final = 15
"""Life of every `config:*` key of the arbitrator's: a dead arbitrator means safe defaults within this time."""

JOB_DONE: Final = "events:job_done"
"""PUB/SUB. Completion, published inside the completing script, for programs outside."""

RECORDED: Final = "events:recorded"
"""PUB/SUB, gateway. `{user_id, seq}` after a commit: relays read what is new from the ledger."""

PROGRESS: Final = "events:progress"
"""PUB/SUB, weaver. Ephemeral progress of running jobs, at most twice a second per job."""

LIMITS: Final = "gateway:limits"
"""STRINGs `gateway:limits:…`, gateway, PX two windows. Counters of requests, one or two per holder and kind.

ZSETs `gateway:limits:open:…`, gateway, PX a lease. Sockets and streams of a holder, each with the end of its lease.
"""


def export_of(user_id: str) -> str:
    """STRING, gateway, EX a minute, renewed. A user's export is running."""
    return f"gateway:export:{user_id}"


EPOCH: Final = "proteus:epoch"
"""STRING, gateway. A random value; missing or changed means that Redis was emptied or swapped."""

ARBITRATOR_LEASE: Final = "arbitrator:lease"
"""STRING, arbitrator, PX. The arbitrator that writes `config:*`."""

DECISIONS: Final = "arbitrator:decisions"
"""STREAM, arbitrator, capped at 1,000. Every decision with its reason; an entry's id is its time."""

SHADOW_DECISIONS: Final = "arbitrator:shadow"
"""STREAM, arbitrator, capped at 1,000. What the shadow policy would have decided, in the same form."""


ARRIVALS: Final = "arbitrator:arrivals"
"""HASH, arbitrator, EX 35 days, renewed. `<hour since 1970>` -> ms that were watched of it, `<hour>:<engine>` -> jobs
that came, of four weeks; `pace:<engine>` -> microseconds per picture, as last measured."""


@dataclass(frozen=True)
class QueueKeys:
    """The keys of one list `L` (`queue:jobs` or `tailorJob`)."""

    list: str

    @property
    def tag(self) -> str:
        return "{" + self.list + "}"

    @property
    def leases(self) -> str:
        """ZSET. Job id -> lease expiry in ms of server TIME."""
        return f"{self.tag}:leases"

    @property
    def busy(self) -> str:
        """ZSET. Worker id -> last heartbeat in ms; only workers that hold jobs."""
        return f"{self.tag}:busy"

    @property
    def workers(self) -> str:
        """ZSET. Worker id -> last registration in ms."""
        return f"{self.tag}:workers"

    def worker(self, worker_id: str) -> str:
        """HASH with a TTL, written by the worker: state, engines, t(b), slots."""
        return f"{self.tag}:worker:{worker_id}"

    def drain(self, worker_id: str) -> str:
        """STRING `1`, gateway, EX a day, renewed by its worker. An operator wants this worker to take no more jobs."""
        return f"{self.tag}:drain:{worker_id}"

    def minute(self, number: int) -> str:
        """HASH, gateway, EX two hours. What the gateways saw in a minute of Unix time, and whom they refused."""
        return f"{self.tag}:minute:{number}"

    @property
    def held_prefix(self) -> str:
        """Prefix of the workers' holdings; scripts append the worker's id."""
        return f"{self.tag}:held:"

    def held(self, worker_id: str) -> str:
        """HASH, scripts. Job id -> `1` if it runs alone, else `0`; gone when the worker holds nothing."""
        return f"{self.held_prefix}{worker_id}"

    @property
    def index_prefix(self) -> str:
        """Prefix of the engines' indexes; scripts append the engine's name."""
        return f"{self.tag}:engine:"

    def index(self, engine: str) -> str:
        """ZSET, scripts. Job id -> order, of the engine's jobs in the list: the smallest order is claimed next."""
        return f"{self.index_prefix}{engine}"

    @property
    def engines(self) -> str:
        """SET, scripts. Names of the engines that have had jobs here."""
        return f"{self.tag}:engines"

    @property
    def order(self) -> str:
        """STRING, scripts. The largest order given out."""
        return f"{self.tag}:order"

    @property
    def sweep(self) -> str:
        """STRING, scripts. How far list and indexes have been compared; exists only while they differ."""
        return f"{self.tag}:sweep"

    @property
    def parked(self) -> str:
        """ZSET, scripts. Job id -> order, of jobs whose engine no worker offers."""
        return f"{self.tag}:parked"

    @property
    def spare(self) -> str:
        """ZSET, scripts. Job id -> order, of spare jobs that wait: neither in the list nor in an index."""
        return f"{self.tag}:spare"

    @property
    def spare_due(self) -> str:
        """ZSET, scripts. Job id -> lease expiry or due time in ms, of spare jobs that run or wait for a retry."""
        return f"{self.tag}:spare_due"

    @property
    def deadlines(self) -> str:
        """ZSET, scripts. Job id -> deadline in ms, of jobs that have one and have not ended."""
        return f"{self.tag}:deadlines"

    @property
    def waits(self) -> str:
        """HASH, scripts. A ring of 32 one-second buckets `second:claims:waited ms`, for the mean wait."""
        return f"{self.tag}:waits"

    @property
    def retry(self) -> str:
        """ZSET. Job id -> due time in ms."""
        return f"{self.tag}:retry"

    @property
    def dead(self) -> str:
        """ZSET. Job id -> time of death in ms; the reason is in the job's hash."""
        return f"{self.tag}:dead"

    @property
    def foreign(self) -> str:
        """LIST. External payloads, for the gateway to import."""
        return f"{self.tag}:foreign"

    @property
    def job_prefix(self) -> str:
        """Prefix of the jobs' hashes; scripts append the id."""
        return f"{self.tag}:job:"

    def job(self, job_id: str) -> str:
        """HASH. State, token, attempts, crashes, deadline, batch key, progress, body (<= 2 KB)."""
        return f"{self.job_prefix}{job_id}"

    @property
    def events(self) -> str:
        """STREAM. Every change of state, written by the script that made it; read by the recorder's group."""
        return f"{self.tag}:events"

    @property
    def bad_events(self) -> str:
        """STREAM, gateway, capped at 1,000. Entries of `events` that could not be recorded, each with its reason."""
        return f"{self.events}:bad"

    @property
    def control(self) -> str:
        """PUB/SUB. Wake-up and cancel for the workers."""
        return f"{self.tag}:control"
