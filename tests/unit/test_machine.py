"""How much memory a process may take, read from made trees of /proc and /sys, and how many slots that is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from proteus.service.machine import (
    MIB,
    RESERVE_BYTES,
    TooLittleMemory,
    fitting_slots,
    growth_bytes,
    memory_limit_bytes,
    resident_bytes,
)

PHYSICAL = 16 * 1024 * MIB


def tree(root: Path, groups: str, **limits: str) -> Path:
    """Make a machine of 16 GiB; `limits` maps a folder under the mount (`__` for `/`) to what its file says."""
    files = {"proc/self/cgroup": groups, "proc/meminfo": f"MemTotal:       {PHYSICAL // 1024} kB\nMemFree: 1 kB\n"}
    for folder, value in limits.items():
        name = "memory.limit_in_bytes" if folder.startswith("memory") else "memory.max"
        files[f"sys/fs/cgroup/{folder.replace('__', '/').removeprefix('v2')}/{name}"] = f"{value}\n"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


LIMITS: list[tuple[str, str, dict[str, str], int]] = [
    ("version 2, a container's own view", "0::/\n", {"v2": "1610612736"}, 1536 * MIB),
    ("version 2, a nested group", "0::/a/b\n", {"a__b": "2147483648"}, 2048 * MIB),
    ("version 2, the parent's is lower", "0::/a/b\n", {"a__b": "max", "a": "1073741824"}, 1024 * MIB),
    ("version 2, the host's path inside a container", "0::/../../pod1/c2\n", {"v2": "1073741824"}, 1024 * MIB),
    ("version 2, no limit", "0::/\n", {"v2": "max"}, PHYSICAL),
    ("version 1", "4:memory:/docker/x\n0::/\n", {"memory__docker__x": "536870912"}, 512 * MIB),
    ("version 1, the host's path inside a container", "4:memory:/docker/x\n", {"memory": "536870912"}, 512 * MIB),
    ("version 1, no limit", "4:memory:/\n", {"memory": "9223372036854771712"}, PHYSICAL),
    ("version 1, controllers together", "4:cpu,memory:/x\n", {"memory__x": "536870912"}, 512 * MIB),
    ("version 2 before version 1", "4:memory:/\n0::/\n", {"v2": "1073741824", "memory": "536870912"}, 1024 * MIB),
    ("more than the machine has", "0::/\n", {"v2": str(PHYSICAL * 2)}, PHYSICAL),
    ("nonsense", "0::/\n", {"v2": "plenty"}, PHYSICAL),
    ("no groups at all", "", {}, PHYSICAL),
]


@pytest.mark.parametrize(("groups", "limits", "bytes_"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_the_lowest_limit_of_the_control_groups_counts_else_the_machines_memory(
    tmp_path: Path, groups: str, limits: dict[str, str], bytes_: int
) -> None:
    assert memory_limit_bytes(tree(tmp_path, groups, **limits)) == bytes_


def test_this_machine_has_a_limit_above_what_this_process_takes() -> None:
    assert 10 * MIB < resident_bytes() < memory_limit_bytes()


def slots(wanted: int, limit_mib: int) -> int:
    limit_bytes = limit_mib * MIB + RESERVE_BYTES
    return fitting_slots(
        wanted, slot_bytes=100 * MIB, base_bytes=50 * MIB, limit_bytes=limit_bytes, setting="TAILOR_SLOTS"
    )


def test_slots_that_fit_are_all_kept_and_nothing_is_logged() -> None:
    with capture_logs() as logs:
        assert slots(4, 450) == 4
    assert logs == []


def test_slots_that_do_not_fit_are_left_out_with_one_line_that_names_the_numbers() -> None:
    with capture_logs() as logs:
        assert slots(4, 449) == 3
    [line] = logs
    assert (line["event"], line["setting"], line["wanted"], line["slots"]) == ("slots_lowered", "TAILOR_SLOTS", 4, 3)
    assert "memory limit 641 MiB, loaded 50 MiB, reserve 192 MiB, 100 MiB each" in line["reason"]


def test_a_limit_without_room_for_one_slot_is_refused_with_the_numbers() -> None:
    with pytest.raises(
        TooLittleMemory, match=r"TAILOR_SLOTS: not even 1 fits .* limit 341 MiB.* raise the memory limit"
    ):
        slots(4, 149)


def test_growth_is_the_peak_of_the_work_and_not_what_is_left_of_it_or_was_before() -> None:
    """In a process of its own: what other tests took and gave back to the allocator would be taken from there."""
    script = (
        "from proteus.service.machine import growth_bytes\n"
        "bytearray(b'x') * (300 << 20)  # an earlier peak\n"
        "print(growth_bytes(lambda: bytearray(b'x') * (80 << 20)), growth_bytes(lambda: None))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    grown, idle = map(int, done.stdout.split())
    assert 79 * MIB <= grown < 120 * MIB
    assert idle < 20 * MIB


def test_where_the_peak_cannot_be_reset_an_earlier_one_counts(tmp_path: Path) -> None:
    (tmp_path / "proc/self/clear_refs").mkdir(parents=True)  # what cannot be written to
    (tmp_path / "proc/self/status").write_text("VmHWM:     300 kB\nVmRSS:     100 kB\n")
    assert growth_bytes(lambda: None, tmp_path) == 200 * 1024
