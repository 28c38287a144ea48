"""Loops restart themselves, are counted and seen; error replies fall into three classes."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import REGISTRY
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from proteus.deadlines import EDGE_CALL_SECONDS, LOOP_CALL_SECONDS, call_seconds
from proteus.errors import DependencyUnavailable, ReplyClass, class_of_redis_reply, class_of_sqlstate
from proteus.replies import class_of, is_away
from proteus.service.lifecycle import cancel
from proteus.service.supervision import Loops
from waiting import PATIENCE_SECONDS


def hasty(**options):
    return Loops(first_pause_seconds=0.001, **options)


def stuck(loop):
    """What Prometheus reads of a loop."""
    return REGISTRY.get_sample_value("proteus_loop_stuck_ratio", {"loop": loop})


async def _until_turned(loops, times, *, fail, form):
    """Run a loop whose first turns raise; return how often it turned."""
    stop, turns = asyncio.Event(), 0

    async def turn(*_pulse):
        nonlocal turns
        turns += 1
        if turns > times:
            stop.set()
            return
        raise fail

    async with asyncio.timeout(PATIENCE_SECONDS):
        if form == "repeat":
            await loops.repeat("test", turn, stop, every_seconds=0)
        else:
            await loops.keep("test", turn, stop)
    return turns


@pytest.mark.parametrize("form", ["repeat", "keep"])
@pytest.mark.parametrize(
    "fail", [ValueError("a bug"), DependencyUnavailable(), ExceptionGroup("both", [KeyError("x")])]
)
async def test_a_loop_that_raises_is_counted_logged_once_and_started_again(form, fail):
    counted = []
    with capture_logs() as logs:
        turns = await _until_turned(hasty(on_error=counted.append), 4, fail=fail, form=form)
    assert turns == 5
    assert counted == ["test"] * 4
    assert [entry["event"] for entry in logs if entry["event"] in ("loop_failed", "loop_waits")] == [
        "loop_waits" if isinstance(fail, DependencyUnavailable) else "loop_failed"
    ]


async def test_a_kept_loop_that_returns_is_started_again():
    stop, starts = asyncio.Event(), 0

    async def body(_pulse):
        nonlocal starts
        starts += 1
        if starts == 3:
            stop.set()

    async with asyncio.timeout(PATIENCE_SECONDS):
        await hasty().keep("short", body, stop)
    assert starts == 3


async def test_a_cancelled_loop_ends():
    started = asyncio.Event()

    async def body(_pulse):
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(hasty().keep("hung", body, asyncio.Event()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("form", ["repeat", "keep"])
async def test_a_cancelled_call_inside_a_turn_is_a_failed_turn(form):
    assert await _until_turned(hasty(), 2, fail=asyncio.CancelledError(), form=form) == 3


async def test_a_loop_that_was_cancelled_unasked_is_named():
    loops, stop = hasty(), asyncio.Event()
    task = asyncio.create_task(loops.keep("recorder", lambda _pulse: stop.wait(), stop))
    await asyncio.sleep(0)
    await cancel(task)
    assert loops.overdue() == "loops that stopped turning: recorder"
    assert stuck("recorder") == 1


async def test_calls_in_a_loop_have_more_time_than_those_of_the_edge():
    loops, stop, seen = hasty(), asyncio.Event(), []

    async def turn():
        seen.append(call_seconds())
        stop.set()

    await loops.repeat("test", turn, stop, every_seconds=0)
    assert [*seen, call_seconds()] == [LOOP_CALL_SECONDS, EDGE_CALL_SECONDS]


async def test_a_loop_that_stops_turning_is_named_and_one_that_fails_is_not():
    now = 0.0
    loops, stop = hasty(now=lambda: now), asyncio.Event()
    hung = asyncio.create_task(loops.keep("hung", lambda _pulse: stop.wait(), stop))
    turned = asyncio.Event()

    async def refused():
        turned.set()
        raise RedisConnectionError("refused")

    turns = asyncio.create_task(loops.repeat("away", refused, stop, every_seconds=0.001))
    await asyncio.wait_for(turned.wait(), timeout=PATIENCE_SECONDS)
    assert loops.overdue() is None
    now = 61.0
    turned.clear()
    await asyncio.wait_for(turned.wait(), timeout=PATIENCE_SECONDS)
    assert loops.overdue() == "loops that stopped turning: hung"
    assert [stuck("hung"), stuck("away")] == [1, 0]
    stop.set()
    await asyncio.gather(hung, turns)
    assert loops.overdue() is None
    assert [stuck("hung"), stuck("away")] == [0, 0]


async def test_work_that_ends_is_watched_while_it_lasts():
    now = 0.0
    loops = hasty(now=lambda: now)
    with loops.watched("load", call_seconds=300):
        now = 899.0
        assert loops.overdue() is None
        now = 901.0
        assert loops.overdue() == "loops that stopped turning: load"
    assert loops.overdue() is None


async def test_a_long_call_may_last_three_times_its_deadline():
    now = 0.0
    loops, stop = hasty(now=lambda: now), asyncio.Event()
    task = asyncio.create_task(loops.keep("slow", lambda _pulse: stop.wait(), stop, call_seconds=30))
    await asyncio.sleep(0)
    now = 89.0
    assert loops.overdue() is None
    now = 91.0
    assert loops.overdue()
    stop.set()
    await task


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RedisConnectionError("gone"), ReplyClass.AWAY),
        (BusyLoadingError("loading", status_code="LOADING"), ReplyClass.AWAY),
        (OutOfMemoryError("command not allowed", status_code="OOM"), ReplyClass.AWAY),
        (ReadOnlyError("You can't write against a read only replica.", status_code="READONLY"), ReplyClass.AWAY),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), ReplyClass.AWAY),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), ReplyClass.AWAY),
        (ResponseError("ERR max number of clients reached"), ReplyClass.AWAY),
        (ResponseError("BUSY Redis is busy running a script."), ReplyClass.AWAY),
        (ResponseError("SOMETHING new"), ReplyClass.AWAY),
        (ResponseError("ERR Error running script (call to f_1): @user_script:3: -OOM command not …"), ReplyClass.AWAY),
        (NoScriptError("No matching script.", status_code="NOSCRIPT"), ReplyClass.RELOAD),
        (AuthenticationError("Authentication required.", status_code="NOAUTH"), ReplyClass.OURS),
        (NoPermissionError("no permission", status_code="NOPERM"), ReplyClass.OURS),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"), ReplyClass.OURS),
        (ResponseError("ERR user_script:12: attempt to index a nil value"), ReplyClass.OURS),
        (OSError("no route"), ReplyClass.AWAY),
        (KeyError("image"), ReplyClass.OURS),
        (ExceptionGroup("two", [OSError("a"), RedisConnectionError("b")]), ReplyClass.AWAY),
        (ExceptionGroup("two", [OSError("a"), KeyError("b")]), ReplyClass.OURS),
    ],
    ids=str,
)
def test_error_replies_fall_into_three_classes(error, expected):
    assert class_of(error) is expected
    assert is_away(error) is (expected is not ReplyClass.OURS)


@pytest.mark.parametrize("state", ["25006", "53100", "40001", "57P03", "08006", "XX000", ""])
def test_postgres_cannot_do_it_now_unless_the_statement_is_at_fault(state):
    assert class_of_sqlstate(state) is ReplyClass.AWAY


@pytest.mark.parametrize("state", ["22021", "23505", "42P01"])
def test_bad_data_and_wrong_statements_are_ours(state):
    assert class_of_sqlstate(state) is ReplyClass.OURS


def test_an_unlisted_redis_code_is_waited_out():
    assert class_of_redis_reply("NEWCODE", "of a later version") is ReplyClass.AWAY
