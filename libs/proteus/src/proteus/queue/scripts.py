"""The Lua scripts: their text, the keys and arguments they all share, and a worker's heartbeat, which runs two.

A script is `lua/verb.lua`; a line `--- include name` in it stands for `lua/lib/name.lua`. Clients register the text
once and call it by digest; redis-py loads it again when a server lacks it (restarted, emptied, or a new one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from proteus import keys
from proteus.jobs import JobId, WorkerId
from proteus.queue import wire
from proteus.queue.model import Renewal
from proteus.queue.policy import QueuePolicy
from proteus.usage import NO_USAGE, Usage

if TYPE_CHECKING:
    import redis

_SHOWS: Final = frozenset({"look", "stats"})
"""Scripts that move nothing: they also answer on a full server."""

_INCLUDE: Final = re.compile(r"^--- include (\w+)\n", re.MULTILINE)


@cache
def source(name: str) -> str:
    """Return the script `lua/<name>.lua`, with its includes in place.

    With a first line `#!lua` a full server, or a replica, refuses the script before its first command. Without it the
    server would refuse single commands, and leave the script half done.
    """
    return f"#!lua flags={'allow-oom' if name in _SHOWS else ''}\n{_whole(name)}"


def _whole(name: str) -> str:
    return _INCLUDE.sub(lambda match: _whole(f"lib/{match[1]}"), _text(name))


def _text(name: str) -> str:
    return (files("proteus.queue") / "lua" / f"{name}.lua").read_text(encoding="utf-8")


def shared_keys(names: keys.QueueKeys) -> list[str]:
    """Return KEYS of every script, in the order that `lua/lib/base.lua` names."""
    return [
        names.list,
        names.leases,
        names.busy,
        names.retry,
        names.dead,
        names.events,
        names.foreign,
        names.waits,
        names.deadlines,
        names.order,
        names.engines,
        names.sweep,
        names.parked,
        names.spare,
        names.spare_due,
    ]


def shared_args(names: keys.QueueKeys, policy: QueuePolicy) -> list[wire.Arg]:
    """Return ARGV 1-7 of every script, in the order that `lua/lib/base.lua` names."""
    prefixes: Sequence[wire.Arg] = (names.job_prefix, names.held_prefix, names.control, keys.JOB_DONE)
    return [*prefixes, policy.settled_ttl_seconds, policy.stream_cap, names.index_prefix]


class LeaseKeeper:
    """Renew and reap over a synchronous client, for the weaver's heartbeat, which has a process of its own.

    Args:
        redis: The heartbeat's own client; not shared with another process.
        list_name: The list whose leases it keeps.
    """

    def __init__(self, redis: redis.Redis, list_name: str, *, policy: QueuePolicy | None = None) -> None:
        self._policy = policy or QueuePolicy()
        names = keys.QueueKeys(list_name)
        self._keys = shared_keys(names)
        self._args = shared_args(names, self._policy)
        self._renew = redis.register_script(source("renew"))
        self._reap = redis.register_script(source("reap"))

    def renew(
        self,
        worker: WorkerId,
        held: Mapping[JobId, int],
        *,
        idle_ms: int = 0,
        step_ms: int = 0,
        usage: Mapping[JobId, Usage] = NO_USAGE,
    ) -> Renewal:
        """Renew the leases that `worker` holds, as `JobQueue.renew` does."""
        own = wire.renew_args(worker, held, idle_ms=idle_ms, step_ms=step_ms, usage=usage, policy=self._policy)
        return wire.renewal(self._renew(keys=self._keys, args=[*self._args, *own]))

    def reap(self) -> int:
        """Handle what is due, as `JobQueue.reap` does; returns how many jobs moved."""
        return int(self._reap(keys=self._keys, args=[*self._args, *wire.reap_args(self._policy)]))
