"""The state machine of docs/contract.md, as a table."""

import itertools
import re
from pathlib import Path

import pytest

from proteus import queue
from proteus.errors import IllegalTransition
from proteus.jobs import (
    ALIVE,
    ENDS,
    EPOCH_TOKENS,
    QUEUE_EVENTS,
    TERMINAL,
    EventKind,
    Job,
    JobId,
    JobState,
    Stage,
    unit_id,
)

LUA = {path.name: path.read_text() for path in (Path(queue.__file__).parent / "lua").rglob("*.lua")}

Q, R, C, F, X, E = (
    JobState.QUEUED,
    JobState.RUNNING,
    JobState.COMPLETED,
    JobState.FAILED,
    JobState.CANCELED,
    JobState.EXPIRED,
)
LEGAL = {(Q, R), (Q, F), (Q, X), (Q, E), (R, C), (R, F), (R, X), (R, E), (R, Q), (F, Q)}


def job(state: JobState) -> Job:
    return Job(id=JobId("job_1"), state=state, stage=None)


@pytest.mark.parametrize(("before", "after"), sorted(LEGAL))
def test_a_legal_transition_returns_a_new_job(before: JobState, after: JobState) -> None:
    old = job(before)
    new = old.advance(after)
    assert (old.state, new.state) == (before, after)
    assert (new.stage is None) == (after in TERMINAL)


@pytest.mark.parametrize(("before", "after"), sorted(set(itertools.product(JobState, repeat=2)) - LEGAL))
def test_every_other_transition_is_refused(before: JobState, after: JobState) -> None:
    with pytest.raises(IllegalTransition, match=f"job_1 cannot go from {before} to {after}"):
        job(before).advance(after)


@pytest.mark.parametrize(
    ("state", "stage"), [(R, Stage.WAITING), (R, Stage.HELD), (C, Stage.STORING), (Q, Stage.DENOISING)]
)
def test_a_stage_must_belong_to_its_state(state: JobState, stage: Stage) -> None:
    before = F if state is Q else (R if state.terminal else Q)
    with pytest.raises(IllegalTransition, match="does not belong"):
        job(before).advance(state, stage=stage)


def test_a_requeued_job_waits_and_a_running_one_fetches_first() -> None:
    assert job(R).advance(Q).stage is Stage.WAITING
    assert job(Q).advance(R).stage is Stage.FETCHING


def test_the_first_unit_carries_the_tryons_own_id() -> None:
    assert [unit_id("job_a", n) for n in (1, 2, 3)] == ["job_a", "job_a:2", "job_a:3"]


def test_a_job_is_alive_or_at_its_end_and_every_end_is_an_event() -> None:
    assert {*ALIVE} | TERMINAL == set(JobState)
    assert not {*ALIVE} & TERMINAL
    assert {kind.value: state.value for kind, state in ENDS.items()} == {state: state for state in TERMINAL}


def test_an_epoch_has_as_many_tokens_in_lua_as_in_python() -> None:
    # Each place where Lua makes an epoch of a token, or a token of an epoch.
    said = re.findall(r"(?:/|epoch \*) (\d{4,})", LUA["submit.lua"])
    assert said == [str(EPOCH_TOKENS)] * 2


def test_lua_emits_the_kinds_of_events_that_python_knows() -> None:
    kinds = {kind for text in LUA.values() for kind in re.findall(r"\bemit\('(\w+)'", text)}
    assert kinds <= QUEUE_EVENTS
    assert kinds >= {EventKind.SUBMITTED, EventKind.CLAIMED, EventKind.RETURNED, EventKind.RETRYING}
