"""This process's memory: its limit, its use so far, and how many slots fit.

Services that decode pictures read it once at start. A slot is one picture in work at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from proteus.errors import ProteusError

log = structlog.get_logger()

ROOT: Final = Path("/")
MIB: Final = 1024 * 1024

RESERVE_BYTES: Final = 192 * MIB
"""Beside slots and loaded models: the heartbeat's process (60 MiB), incoming bodies, memory that an allocator
keeps."""


class TooLittleMemory(ProteusError):
    """The memory limit is too low for a single slot."""

    code = "too_little_memory"


def memory_limit_bytes(root: Path = ROOT) -> int:
    """Return the most memory this process may take: its control group's limit, else the machine's memory.

    The lowest limit of the group and of those around it counts: version 2's `memory.max`, else version 1's
    `memory.limit_in_bytes`. In a container the group's path may be the host's; then the mounted files
    count.

    Args:
        root: The parent of `proc` and `sys`.
    """
    physical = _physical_bytes(root)
    found = [limit for file in _limit_files(root) if (limit := _number(file)) is not None]
    return min([physical, *found])


def _limit_files(root: Path) -> Iterator[Path]:
    """Yield the limit files of version 2 if there are any, else those of version 1."""
    mounts = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    groups = {
        controllers: path for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") > 1)
    }
    second = list(_upwards(mounts, groups.get("", "/"), "memory.max"))
    if second:
        yield from second
        return
    own = next((path for controllers, path in groups.items() if "memory" in controllers.split(",")), "/")
    yield from _upwards(mounts / "memory", own, "memory.limit_in_bytes")


def _upwards(mount: Path, group: str, name: str) -> Iterator[Path]:
    """Yield the files of this name from a group's folder up to the mount, those that exist."""
    folder = mount / group.lstrip("/")
    for here in (folder, *folder.parents):
        if here.is_relative_to(mount) and (here / name).is_file():
            yield here / name


def _number(file: Path) -> int | None:
    """Return a limit; None for `max`, or if it cannot be read."""
    try:
        return int(file.read_text().strip())
    except (OSError, ValueError):
        return None


def _physical_bytes(root: Path) -> int:
    for line in (root / "proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    raise TooLittleMemory(f"{root / 'proc/meminfo'} does not say how much memory there is")


def resident_bytes(root: Path = ROOT) -> int:
    """Return the memory that this process has taken so far."""
    return _own_bytes(root, "VmRSS")


def growth_bytes(work: Callable[[], object], root: Path = ROOT) -> int:
    """Do some work; return the most memory that this process took meanwhile, beyond what it had before.

    Where the kernel cannot reset the peak, an earlier peak counts: more than was taken, never less.
    """
    with suppress(OSError):
        (root / "proc/self/clear_refs").write_text("5")
    before = resident_bytes(root)
    work()
    return max(0, _own_bytes(root, "VmHWM") - before)


def _own_bytes(root: Path, wanted: str) -> int:
    for line in (root / "proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == wanted:
            return int(value.split()[0]) * 1024
    return 0


def fitting_slots(
    wanted: int, *, slot_bytes: int, base_bytes: int, limit_bytes: int, setting: str, least: int = 1
) -> int:
    """Return how many slots fit beside the loaded models; fewer than wanted are logged with the numbers.

    Args:
        wanted: The number in the settings.
        slot_bytes: The most that one slot takes.
        base_bytes: Memory taken while no slot works.
        limit_bytes: From `memory_limit_bytes`.
        setting: Names the slots in the log.

    Raises:
        TooLittleMemory: Not even `least` fit.
    """
    fitting = (limit_bytes - base_bytes - RESERVE_BYTES) // slot_bytes
    numbers = (
        f"memory limit {limit_bytes // MIB} MiB, loaded {base_bytes // MIB} MiB, reserve {RESERVE_BYTES // MIB} MiB, "
        f"{slot_bytes // MIB} MiB each"
    )
    if fitting < least:
        raise TooLittleMemory(f"{setting}: not even {least} fits into the memory ({numbers}); raise the memory limit")
    if fitting < wanted:
        log.warning("slots_lowered", setting=setting, wanted=wanted, slots=fitting, reason=numbers)
    return min(wanted, fitting)
