"""The order of an outfit's garments, and what its pictures come to together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.jobs import JobRow
from gateway.rules.outfits import in_order, position_of, variant_of
from gateway.status.views import view_of_tryon
from gateway.submitting.photos import NamedPicture, picture_in
from proteus.errors import InvalidRequest
from proteus.jobs import Category, JobState, Stage, unit_id
from proteus.stages import JobKind

LAYERS = tuple(one for one in Category if one is not Category.AUTO)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def unit(n, state, *, position=None, code="engine_failed"):
    failed = state in (JobState.FAILED, JobState.EXPIRED)
    return JobRow(
        id=unit_id("job_1", n),
        kind=JobKind.TRYON,
        user_id="usr_1",
        tenant="acme",
        tryon_id="job_1",
        n=n,
        variant=variant_of(position or n),
        state=state,
        stage=Stage.WAITING if state is JobState.QUEUED else None,
        engine="puppet",
        batch_key="puppet",
        trace_id="t",
        result={"result_key": "results/x"} if state is JobState.COMPLETED else None,
        error={"code": code, "message": "No.", "hint": "Do.", "retryable": True} if failed else None,
        created_at=NOW,
        updated_at=NOW,
    )


@given(st.lists(st.sampled_from(LAYERS), min_size=1, max_size=4))
def test_an_outfit_is_put_on_from_below_outwards_or_refused(layers):
    whole = [one for one in layers if one in ("dress", "overall")]
    wearable = (
        all(layers.count(one) <= 1 for one in ("lower", "shoes", "bag", "hat"))
        and layers.count("upper") + layers.count("inner") <= 1
        and len(whole) <= 1
        and not (whole and {"lower", "upper", "inner"} & set(layers))
    )
    if not wearable:
        with pytest.raises(InvalidRequest):
            in_order(layers)
        return
    order = in_order(layers)
    assert sorted(order) == list(range(len(layers)))
    put_on = [layers[place] for place in order]
    ranks = {"lower": 0, "dress": 0, "overall": 0, "upper": 1, "inner": 1, "outer": 2, "shoes": 3, "bag": 4, "hat": 5}
    assert [ranks[one] for one in put_on] == sorted(ranks[one] for one in put_on)
    outer = [place for place in order if layers[place] == "outer"]
    assert outer == sorted(outer)  # Layers of one kind stay in the order of the request.


def test_a_garment_without_a_category_is_refused_in_an_outfit():
    with pytest.raises(InvalidRequest, match="names its category"):
        in_order([Category.UPPER, Category.AUTO])


@pytest.mark.parametrize("text", ["", "upper/classic/3", "garment-", "garment-x", "garment-1/2"])
def test_other_variants_name_no_garment(text):
    assert position_of(text) is None


def test_an_outfit_is_completed_only_with_all_its_garments():
    states = (JobState.COMPLETED, JobState.FAILED, JobState.EXPIRED, JobState.CANCELED)
    for chain in product(states, repeat=3):
        seen = view_of_tryon([unit(n, state, position=4 - n) for n, state in enumerate(chain, 1)])
        missing = next((n for n, state in enumerate(chain, 1) if state is not JobState.COMPLETED), None)
        if missing is None:
            assert (seen.status, seen.failed_garment, seen.partial) == (JobState.COMPLETED, None, None)
            continue
        assert seen.status is not JobState.COMPLETED
        assert seen.failed_garment == 4 - missing  # Its place in the request.
        assert seen.partial is (JobState.COMPLETED in chain)
        if JobState.CANCELED in chain[missing - 1 :]:
            assert (seen.status, seen.error) == (JobState.CANCELED, None)
        elif chain[missing - 1] is JobState.FAILED:
            assert seen.error.code == ("outfit_incomplete" if seen.partial else "engine_failed")
            assert (seen.error.hint, seen.error.retryable) == ("Do.", True)
        else:
            assert (seen.status, seen.error.code) == (JobState.EXPIRED, "engine_failed")


def test_pictures_of_an_ordinary_try_on_are_kept_one_by_one():
    some = [replace(unit(n, state), variant="") for n, state in ((1, JobState.COMPLETED), (2, JobState.FAILED))]
    seen = view_of_tryon(some)
    assert (seen.status, seen.failed_garment, seen.partial) == (JobState.COMPLETED, None, None)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/v1/results/job_1a/2", NamedPicture("job_1a", 2)),
        ("https://api.shop.example/v1/results/job_1a/1?download=x", NamedPicture("job_1a", 1)),
        ("/v1/results/job_1a/0", None),
        ("/v1/results/job_1a", None),
        ("/v1/results/job_1a/1/../2", None),
        ("ftp://x/v1/results/job_1a/1", None),
        ("http://127.0.0.1:8333/proteus/results/usr/job/1-1-a.png", None),
    ],
)
def test_only_the_apis_own_address_of_a_result_names_a_picture(url, found):
    assert picture_in(url) == found
