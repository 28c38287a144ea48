"""When a failed job is retried. Pure: the randomness is an argument, the decision states its reason.

`queue/lua/fail.lua` does the same arithmetic inside Redis; the contract tests keep the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RetryDecision:
    """Whether a failed job is retried, after `delay_ms`, and why."""

    again: bool
    delay_ms: int
    reason: str


def backoff_ms(attempts: int, *, base_ms: int, cap_ms: int, jitter: float) -> int:
    """Return the wait before the next try: `jitter * min(cap, base * 2**(attempts - 1))`, whole milliseconds.

    Full jitter (a uniform draw from nought to the whole backoff) spreads a burst of failures best: M. Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Args:
        attempts: Failures so far, this one included; at least 1.
        base_ms: Longest wait before the first retry.
        cap_ms: Longest wait of all.
        jitter: A uniform draw from [0, 1).
    """
    longest = min(cap_ms, base_ms * 2 ** min(attempts - 1, 40))
    return int(longest * jitter)


def decide(
    *, retryable: bool, attempts: int, max_attempts: int, base_ms: int, cap_ms: int, jitter: float
) -> RetryDecision:
    """Decide about a job that has now failed `attempts` times, this failure included."""
    if not retryable:
        return RetryDecision(again=False, delay_ms=0, reason="the failure is final")
    if attempts >= max_attempts:
        return RetryDecision(again=False, delay_ms=0, reason=f"failed {attempts} of {max_attempts} times")
    delay_ms = backoff_ms(attempts, base_ms=base_ms, cap_ms=cap_ms, jitter=jitter)
    return RetryDecision(again=True, delay_ms=delay_ms, reason=f"try {attempts + 1} of {max_attempts}")
