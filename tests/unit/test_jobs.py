"""The state machine of docs/contract.md, as a table."""

import itertools

import pytest

from proteus.errors import IllegalTransition
from proteus.jobs import TERMINAL, Job, JobId, JobKind, JobState, Stage, unit_id

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
    return Job(id=JobId("job_1"), kind=JobKind.TRYON, state=state, stage=None)


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


def test_pictures_and_preparations_wait_on_their_own_lists() -> None:
    assert {kind: kind.queue for kind in JobKind} == {
        JobKind.INGEST: "tailorJob",
        JobKind.CUT: "tailorJob",
        JobKind.PARSE: "tailorJob",
        JobKind.TRYON: "queue:jobs",
    }
