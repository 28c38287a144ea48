"""An arbitrator as a process: it writes what the table says, and two never fight."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

from proteus import keys

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

CONFIG = (keys.BATCH_SIZE, keys.DEGRADED_MODE, keys.DEGRADED_FRACTION, keys.MODE)
FAST = {"ARBITRATOR_TICK_SECONDS": "0.1", "ARBITRATOR_LEASE_SECONDS": "0.8"}


async def config_becomes(fleet: Fleet, *wanted: str) -> None:
    async def so() -> bool:
        return await fleet.redis.mget(CONFIG) == list(wanted)

    await fleet.until(so, what=f"config is {wanted}")


async def test_depth_decides_batch_size_and_mode_as_the_table_says(fleet: Fleet) -> None:
    arbitrator = fleet.start("arbitrator", "a1", **FAST)
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    ids = await fleet.submit(*[f"d{n}" for n in range(12)])
    await config_becomes(fleet, "4", "0", "0.0", "ECONOMY")
    ids += await fleet.submit(*[f"e{n}" for n in range(40)])
    await config_becomes(fleet, "8", "0", "0.0", "SURGE")
    await fleet.queue.cancel(*ids)
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    assert 0 < await fleet.redis.ttl(keys.MODE) <= keys.CONFIG_SECONDS

    noted: Any = await fleet.redis.xrange(keys.DECISIONS)
    modes = [fields["mode"] for _, fields in noted]
    assert [mode for mode, before in zip(modes, [None, *modes], strict=False) if mode != before] == [
        "VIP",
        "ECONOMY",
        "SURGE",
        "VIP",
    ]
    assert all(json.loads(fields["decision"])["reason"] for _, fields in noted)
    assert arbitrator.stop() == 0


async def test_a_second_arbitrator_stands_by_and_takes_over_when_the_first_is_stopped_dead(fleet: Fleet) -> None:
    first = fleet.start("arbitrator", "a1", **FAST)
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    fleet.start("arbitrator", "a2", **FAST)

    async def holder(name: str) -> bool:
        return await fleet.redis.get(keys.ARBITRATOR_LEASE) == name

    assert await holder("a1")
    first.send(signal.SIGSTOP)
    await fleet.until(lambda: holder("a2"), what="a2 leads")
    first.send(signal.SIGCONT)
    await fleet.until(lambda: said(first, "standing_by"), what="a1 notices")
    assert await holder("a2")


async def said(process: Any, text: str) -> bool:
    return bool(process.said(text))


async def test_the_lease_is_free_at_once_after_a_clean_stop(fleet: Fleet) -> None:
    arbitrator = fleet.start("arbitrator", "a1", ARBITRATOR_LEASE_SECONDS="60")
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    assert arbitrator.stop() == 0
    assert await fleet.redis.get(keys.ARBITRATOR_LEASE) is None


async def test_an_arbitrator_survives_a_redis_that_answers_errors_and_says_so(fleet: Fleet) -> None:
    arbitrator = fleet.start("arbitrator", "a1", **FAST)
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    await fleet.redis.delete(*CONFIG)
    await fleet.redis.execute_command("ACL", "SETUSER", "arbitrator", "-evalsha")
    await fleet.until(lambda: said(arbitrator, "tick_failed"), what="a failed tick is told")
    await fleet.redis.execute_command("ACL", "SETUSER", "arbitrator", "+evalsha")
    await config_becomes(fleet, "1", "0", "0.0", "VIP")


async def test_an_arbitrator_goes_on_beside_a_queue_of_another_type(fleet: Fleet) -> None:
    arbitrator = fleet.start("arbitrator", "a1", **FAST)
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    await fleet.redis.set(keys.JOBS, "foo")
    await fleet.redis.set(fleet.queue.keys.events, "foo")
    await fleet.redis.delete(*CONFIG)
    await config_becomes(fleet, "1", "0", "0.0", "VIP")
    assert await fleet.redis.get(keys.JOBS) == "foo", "nobody who may mend it runs here"
    await fleet.queue.inspect()
    await fleet.until(lambda: said(arbitrator, "key_read_again"), what="it reads the queue again")
    await fleet.submit(*[f"d{n}" for n in range(12)])
    await config_becomes(fleet, "4", "0", "0.0", "ECONOMY")
    assert not arbitrator.said("tick_failed")
    assert arbitrator.stop() == 0


LOCAL = {**FAST, "ARBITRATOR_LOCAL_REPLICAS": "1", "ARBITRATOR_MIN_REPLICAS": "0", "ARBITRATOR_IDLE_SECONDS": "1"}


async def weavers_become(fleet: Fleet, wanted: int) -> None:
    async def so() -> bool:
        return bool(await fleet.redis.get(keys.WEAVER_REPLICAS) == str(wanted))

    await fleet.until(so, what=f"{wanted} weavers are asked for")


async def test_the_weavers_of_one_machine_follow_work_and_wishes(fleet: Fleet) -> None:
    arbitrator = fleet.start("arbitrator", "a1", **LOCAL)
    await weavers_become(fleet, 1)
    await weavers_become(fleet, 0)
    assert 0 < await fleet.redis.ttl(keys.WEAVER_REPLICAS) <= keys.CONFIG_SECONDS
    (job,) = await fleet.submit("first")
    await weavers_become(fleet, 1)
    await fleet.queue.cancel(job)
    await weavers_become(fleet, 0)
    await fleet.redis.set(keys.WARM, "1", px=1_500)
    await weavers_become(fleet, 1)
    await weavers_become(fleet, 0)
    assert arbitrator.stop() == 0

    noted: Any = await fleet.redis.xrange(keys.DECISIONS)
    asked = [json.loads(fields["decision"]) for _, fields in noted]
    assert [one["desired_replicas"] for one in asked] == [1, 0, 1, 0, 1, 0]
    assert "no weaver: nothing to do for 1 s" in asked[1]["reason"]
    assert "1 weaver: 1 wait, 0 run" in asked[2]["reason"]
    assert "asked to be warm" in asked[4]["reason"]


async def test_a_successor_leaves_a_fleet_at_zero_asleep(fleet: Fleet) -> None:
    first = fleet.start("arbitrator", "a1", **LOCAL)
    await weavers_become(fleet, 0)
    second = fleet.start("arbitrator", "a2", **LOCAL)
    assert first.stop() == 0
    await fleet.until(lambda: said(second, '"leading"'), what="a2 leads")
    assert second.stop() == 0
    noted: Any = await fleet.redis.xrange(keys.DECISIONS)
    asked = [json.loads(fields["decision"])["desired_replicas"] for _, fields in noted if fields["by"] == "a2"]
    assert asked == [0]


async def test_where_keda_scales_it_finds_the_number_as_the_size_of_a_set(fleet: Fleet) -> None:
    fleet.start("arbitrator", "a1", **FAST, ARBITRATOR_MIN_REPLICAS="0")

    async def size(wanted: int) -> bool:
        return bool(await fleet.redis.scard(keys.WEAVERS_WANTED) == wanted + 1)

    await fleet.until(lambda: size(0), what="no weaver is wanted")
    ids = await fleet.submit(*[f"k{n}" for n in range(25)])
    await fleet.until(lambda: size(3), what="three weavers are wanted")
    await fleet.queue.cancel(*ids)
    await fleet.until(lambda: size(0), what="no weaver is wanted any more")
    assert await fleet.redis.exists(keys.WEAVER_REPLICAS) == 0
