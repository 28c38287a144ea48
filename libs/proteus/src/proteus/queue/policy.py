"""A queue's limits and times. One frozen value, passed to `JobQueue` and to its in-memory twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FOREIGN_MOST: Final = 10_000
"""Elements without a job that are kept for import; further ones are dropped. `lib/sweep.lua` has the same number."""


@dataclass(frozen=True, kw_only=True)
class QueuePolicy:
    """How long leases last, and when to give up.

    Attributes:
        lease_ms: A silent worker's jobs are claimable again this long after its last progress.
        max_attempts: Tries a job gets that fails retryably; the last failure is final.
        solo_crash_limit: A job that crashed its worker this often while it ran alone is dead.
        solo_patience_ms: Once a job that must run alone has waited this long, workers with its engine take nothing more
            until one of them holds nothing. Otherwise it would starve while all are busy.
        backoff_base_ms: Longest wait before the first retry; it doubles with every attempt (full jitter).
        backoff_cap_ms: And never exceeds this.
        settled_ttl_seconds: How long an ended job's hash stays readable.
        stream_cap: Entries kept in the event stream, approximately. The recorder reads within milliseconds; 100,000
            entries are some 25,000 jobs, about 30 MB.
        reap_limit: Jobs one reap moves at most, so that no script blocks the server for long.
    """

    lease_ms: int = 30_000
    max_attempts: int = 4
    solo_crash_limit: int = 3
    solo_patience_ms: int = 5_000
    backoff_base_ms: int = 1_000
    backoff_cap_ms: int = 30_000
    settled_ttl_seconds: int = 86_400
    stream_cap: int = 100_000
    reap_limit: int = 100

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
