"""`config:*`: the arbitrator's decision, as one value that its readers and its writer share. Pure.

    arbitrator ── FleetConfig.write() ──▶ Redis ── FleetConfig.read(…) ──▶ weavers, gateways, the local supervisor

The keys expire unless they are rewritten, so a dead arbitrator means the defaults here. An invalid value reads as its
default as well, never as an error: any user of redis-cli can write one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Final

from pydantic import Field

from proteus.keys import BATCH_SIZE, DEGRADED_FRACTION, DEGRADED_MODE, MODE, STATE, WEAVER_REPLICAS
from proteus.messages import NONE_IF_UNREADABLE, Message

KEYS: Final = (BATCH_SIZE, DEGRADED_MODE, DEGRADED_FRACTION, MODE, STATE, WEAVER_REPLICAS)
"""Every key of the arbitrator's, in the order of `FleetConfig.write`."""

COUNT_DIGITS: Final = 9
"""A longer number of workers or pictures is a mistake."""

_Text = Annotated[str | None, NONE_IF_UNREADABLE]
_Count = Annotated[Annotated[int, Field(ge=0, lt=10**COUNT_DIGITS)] | None, NONE_IF_UNREADABLE]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Number = Annotated[_Finite | None, NONE_IF_UNREADABLE]
_Share = Annotated[float, Field(ge=0, le=1)]
_Flag = Annotated[bool | None, NONE_IF_UNREADABLE]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling(Message):
    """`config:state`: the full decision, and its observation. What this version cannot read is None.

    Attributes:
        policy: The policy that decided.
        state: The policy's own state.
        staying_replicas: Weavers of all declared fleets, those included that are kept because they are paid for; None:
            no fleet is declared.
        waiting: Jobs on the list.
        running: Jobs under a lease.
        ready: Workers that take jobs.
        starting: Workers that load.
        canaries: `engine@version` -> the share of the engine's jobs that goes to workers of this version.
        memory: State that the policy needs at its next decision; meaningless to others.
    """

    _what = "decision"

    policy: _Text = None
    state: _Text = None
    reason: _Text = None
    batch_size: _Count = None
    mode: _Text = None
    degraded_mode: _Flag = None
    degraded_fraction: _Number = None
    desired_replicas: _Count = None
    staying_replicas: _Count = None
    waiting: _Count = None
    running: _Count = None
    mean_wait_seconds: _Number = None
    ready: _Count = None
    starting: _Count = None
    arrivals_per_second: _Number = None
    canaries: Annotated[Mapping[str, _Share] | None, NONE_IF_UNREADABLE] = None
    memory: Annotated[Mapping[str, _Finite] | None, NONE_IF_UNREADABLE] = None

    @classmethod
    def parse(cls, text: str) -> Ruling | None:
        """Return the decision in this JSON; None: it is none."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return cls.read(found) if isinstance(found, dict) else None


@dataclass(frozen=True, kw_only=True)
class FleetConfig:
    """One reading, or the values to write. The defaults hold while no arbitrator runs.

    Attributes:
        batch_size: Pictures a weaver may run at once.
        degraded_mode: Whether jobs that allow it are degraded.
        degraded_fraction: The share of them that is, while the mode is on.
        mode: The mode shown to people.
        ruling: The whole decision; None: none can be read.
        weaver_replicas: Weavers that one machine's supervisor should run; None: another system scales.
    """

    batch_size: int = 1
    degraded_mode: bool = False
    degraded_fraction: float = 1.0
    mode: str | None = None
    ruling: Ruling | None = None
    weaver_replicas: int | None = None

    @property
    def degraded_share(self) -> float:
        """The share of those jobs that is degraded now: 0 while the mode is off."""
        return self.degraded_fraction if self.degraded_mode else 0.0

    @classmethod
    def read(cls, values: Mapping[str, str | bytes | None]) -> FleetConfig:
        """Return the configuration in raw values, by key; a missing or invalid one has its default."""
        texts = {key: _text(values.get(key)) for key in KEYS}
        state = texts[STATE]
        return cls(
            batch_size=max(1, count(texts[BATCH_SIZE]) or cls.batch_size),
            degraded_mode=texts[DEGRADED_MODE] == "1",
            degraded_fraction=_share(texts[DEGRADED_FRACTION], missing=cls.degraded_fraction),
            mode=texts[MODE],
            ruling=Ruling.parse(state) if state is not None else None,
            weaver_replicas=count(texts[WEAVER_REPLICAS]),
        )

    def write(self) -> dict[str, str]:
        """Return the raw values, by key; an empty one is not written."""
        ruling = {} if self.ruling is None else self.ruling.write()
        return {
            BATCH_SIZE: str(self.batch_size),
            DEGRADED_MODE: str(int(self.degraded_mode)),
            DEGRADED_FRACTION: str(self.degraded_fraction),
            MODE: self.mode or "",
            STATE: json.dumps(ruling, separators=(",", ":")),
            WEAVER_REPLICAS: "" if self.weaver_replicas is None else str(self.weaver_replicas),
        }


def count(text: str | bytes | None) -> int | None:
    """Return a whole number as the arbitrator writes it; None: it is missing or no number."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= COUNT_DIGITS):
        return None
    return int(text)


def _share(text: str | None, *, missing: float) -> float:
    try:
        share = float(text) if text else missing
    except ValueError:
        return missing
    return min(1.0, max(0.0, share)) if isfinite(share) else missing


def _text(value: str | bytes | None) -> str | None:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
