"""The workers' registry on a real server."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from proteus import keys
from proteus.estimates import CostTable
from proteus.jobs import WorkerId
from proteus.queue.wire import encode
from proteus.registry import (
    CARD_SECONDS,
    WorkerCard,
    WorkerState,
    deregister,
    drained_among,
    list_workers,
    parse_card,
    read_registry,
    register,
    set_drained,
)

NAMES = keys.QueueKeys(keys.JOBS)
CARD = WorkerCard(
    id=WorkerId("weaver-1"),
    state=WorkerState.READY,
    engines=("catvton", "puppet"),
    weights={"catvton": "mix-48k"},
    licence={"catvton": "CC BY-NC-SA 4.0"},
    device="NVIDIA H100",
    seconds_per_batch={"catvton/1/768x1024/30": {"1": 2.46, "2": 4.64}},
    measured_up_to={"catvton/1/768x1024/30": 1},
    batch_spread={"catvton/1/768x1024/30": 0.08},
    slots_used=2,
    slots_free=6,
    started_at=1_706_956_800.5,
    batches={"1": 3, "2": 40},
)


async def test_a_card_comes_back_as_it_was_written(redis):
    await register(redis, NAMES, CARD)
    assert await list_workers(redis, NAMES) == [CARD]


async def test_a_client_that_does_not_decode_reads_the_same(redis_url):
    async with Redis.from_url(redis_url) as redis:
        await register(redis, NAMES, CARD)
        assert await list_workers(redis, NAMES) == [CARD]


async def test_a_worker_learns_with_its_card_that_it_is_to_drain(redis):
    assert not await register(redis, NAMES, CARD)
    await set_drained(redis, NAMES, CARD.id, drained=True)
    await redis.expire(NAMES.drain(CARD.id), 100)
    assert await drained_among(redis, NAMES, [CARD.id, WorkerId("weaver-2")]) == {CARD.id}
    assert await register(redis, NAMES, CARD)
    assert await redis.ttl(NAMES.drain(CARD.id)) > 100, "its worker renews the request"
    assert not await register(redis, NAMES, replace(CARD, id=WorkerId("weaver-2")))
    await set_drained(redis, NAMES, CARD.id, drained=False)
    assert not await register(redis, NAMES, CARD)


async def test_the_latest_card_counts(redis):
    await register(redis, NAMES, CARD)
    draining = replace(CARD, state=WorkerState.DRAINING, seconds_per_batch={}, slots_free=0)
    await register(redis, NAMES, draining)
    assert await list_workers(redis, NAMES) == [draining]


async def test_workers_are_listed_by_id_and_only_those_of_the_queue(redis):
    for name in ("weaver-b", "weaver-a"):
        await register(redis, NAMES, replace(CARD, id=WorkerId(name)))
    await register(redis, keys.QueueKeys(keys.TAILOR), replace(CARD, id=WorkerId("tailor-1")))
    assert [card.id for card in await list_workers(redis, NAMES)] == ["weaver-a", "weaver-b"]


async def test_a_worker_that_goes_takes_its_card_along(redis):
    await register(redis, NAMES, CARD)
    await deregister(redis, NAMES, CARD.id)
    assert await list_workers(redis, NAMES) == []


async def test_a_silent_worker_is_gone_with_its_card(redis):
    await register(redis, NAMES, CARD)
    assert 0 < await redis.ttl(NAMES.worker(CARD.id)) <= CARD_SECONDS
    await redis.delete(NAMES.worker(CARD.id))
    assert await list_workers(redis, NAMES) == []
    await redis.zadd(NAMES.workers, {CARD.id: 1})
    await register(redis, NAMES, replace(CARD, id=WorkerId("weaver-2")))
    assert await redis.zrange(NAMES.workers, 0, -1) == ["weaver-2"]


BAD_FIELDS = {
    "a state of a later version": {"state": '"resting"'},
    "no JSON": {"state": "ready"},
    "engines that are lists": {"engines": '[["a"]]'},
    "engines that are a word": {"engines": '"puppet"'},
    "a cost that is a word": {"seconds_per_batch": '{"k": {"1": "x"}}'},
    "a negative cost": {"seconds_per_batch": '{"k": {"1": -5}}'},
    "a cost that is no number": {"seconds_per_batch": '{"k": {"1": NaN}}'},
    "a table without one picture": {"seconds_per_batch": '{"k": {"2": 1.0}}'},
    "a table beyond any batch": {"seconds_per_batch": '{"k": {"1": 1.0, "999999999": 2.0}}'},
    "a step that takes less than nothing": {"step_seconds": '{"k": {"1": -5}}'},
    "a beginning that is no number": {"fixed_seconds": '{"k": {"1": Infinity}}'},
    "a spread that is no share": {"batch_spread": '{"k": -0.1}'},
    "a spread that is no number": {"batch_spread": '{"k": Infinity}'},
    "a measured size that is none": {"measured_up_to": '{"k": -1}'},
    "a start that is no time": {"started_at": "1e308"},
    "slots that are none": {"slots_free": "-1"},
    "bytes that are no text": {"device": b'"\xff"', "state": b"\xff"},
    "nesting without end": {"weights": "[" * 100_000},
}


@pytest.mark.parametrize("fields", BAD_FIELDS.values(), ids=BAD_FIELDS)
async def test_a_card_that_cannot_be_read_is_left_out_and_named_and_the_others_count(redis, fields):
    await register(redis, NAMES, CARD)
    await register(redis, NAMES, replace(CARD, id=WorkerId("odd")))
    await redis.hset(NAMES.worker("odd"), mapping=fields)
    found = await read_registry(redis, NAMES)
    assert list(found.cards) == [CARD]
    assert list(found.left_out) == ["odd"]
    assert found.left_out["odd"]


async def test_a_string_where_a_card_should_be_is_left_out(redis):
    await register(redis, NAMES, CARD)
    await redis.zadd(NAMES.workers, {"odd": 1})
    await redis.set(NAMES.worker("odd"), "a card")
    found = await read_registry(redis, NAMES)
    assert (list(found.cards), list(found.left_out)) == ([CARD], ["odd"])


async def test_fields_of_another_version_are_ignored_and_missing_ones_have_defaults(redis):
    await redis.zadd(NAMES.workers, {"newer": 1})
    await redis.hset(NAMES.worker("newer"), mapping={"state": '"ready"', "tensor_cores": "[4]"})
    assert await list_workers(redis, NAMES) == [WorkerCard(id=WorkerId("newer"), state=WorkerState.READY)]


OLD_FIELDS = (
    "state", "engines", "weights", "licence", "device", "seconds_per_batch", "slots_used", "slots_free", "started_at",
)  # fmt: skip
"""A card of an earlier version, which knew nothing of guesses."""
NEW_FIELDS = ("step_seconds", "fixed_seconds")


async def test_a_card_of_the_version_before_is_read_and_its_costs_are_trusted(redis):
    await register(redis, NAMES, CARD)
    await redis.hdel(NAMES.worker(CARD.id), "measured_up_to", "batch_spread", "batches", "slots_spare", *NEW_FIELDS)
    assert set(await redis.hkeys(NAMES.worker(CARD.id))) == set(OLD_FIELDS)
    (card,) = await list_workers(redis, NAMES)
    key = "catvton/1/768x1024/30"
    assert (card.measured_up_to, card.largest_measured(key), card.largest_measured("other")) == (None, 2, 0)
    assert card.cost(key) == CostTable((2.46, 4.64))
    assert card.cost("other") is None


async def test_the_fields_that_the_version_before_reads_mean_what_they_meant(redis):
    await register(redis, NAMES, CARD)
    raw = await redis.hgetall(NAMES.worker(CARD.id))
    old = {name: json.loads(raw[name]) for name in OLD_FIELDS}
    assert old["seconds_per_batch"] == CARD.seconds_per_batch
    assert (old["state"], old["engines"]) == ("ready", ["catvton", "puppet"])


def test_a_card_says_how_far_its_costs_were_measured_and_how_much_they_vary():
    key = "catvton/1/768x1024/30"
    assert (CARD.largest_measured(key), CARD.largest_measured("other")) == (1, 0)
    assert CARD.cost(key) == CostTable((2.46, 4.64), spread=0.08)
    assert replace(CARD, batch_spread={}).cost(key) == CostTable((2.46, 4.64))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.dictionaries(st.sampled_from(sorted(WorkerCard.__dataclass_fields__)), _JSON.map(encode) | st.text()))
def test_a_card_of_any_content_is_read_or_refused_and_its_numbers_are_finite(fields):
    try:
        card = parse_card("any", fields)
    except ValueError:
        return
    assert all(math.isfinite(cost) and cost > 0 for table in card.seconds_per_batch.values() for cost in table.values())
    assert math.isfinite(card.started_at)
    for key in card.seconds_per_batch:
        assert card.cost(key) is not None
        assert card.largest_measured(key) >= 0
    assert all(isinstance(name, str) for name in card.engines)


def test_costs_by_canvas_count_and_those_of_the_version_before_where_they_are_missing():
    key, other = "catvton/1/768x1024/20", "fashn/1.5/576x864/g1.5/30"
    card = replace(
        CARD,
        seconds_per_batch={key: {"1": 9.0}, other: {"1": 3.0, "2": 4.0}},
        step_seconds={"catvton/1/768x1024": {"1": 0.1, "2": 0.15}},
        fixed_seconds={"catvton/1/768x1024": {"1": 0.5, "2": 0.9}},
        measured_up_to={"catvton/1/768x1024": 2, key: 1, other: 1},
        batch_spread={"catvton/1/768x1024": 0.1, other: 0.2},
    )
    ours, before = card.cost(key), card.cost(other)
    assert ours is not None
    assert before is not None
    assert (ours.seconds, ours.spread) == (pytest.approx((2.5, 3.9)), 0.1)
    assert (before.seconds, before.spread) == ((3.0, 4.0), 0.2)
    assert [card.largest_measured(each) for each in (key, other)] == [2, 1]
    long = card.cost("catvton/1/768x1024/50")
    assert long is not None
    assert long.t(1) == pytest.approx(5.5), "a preset that nobody measured"
    assert card.cost("catvton/1/384x512/20") is None
