"""A result is recorded only if what the gateway reads of it is there; the rest may be of any version."""

from __future__ import annotations

import pytest

from gateway.outcomes import unreadable

IMAGE = {"key": "images/u/a.png", "sha256": "a", "width": 1, "height": 2, "content_type": "image/png", "size_bytes": 3}


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("ingest", {"image": IMAGE, "of_a_later_version": [1]}),
        ("cut", {"result_key": "derived/x", "cut": {"category": "upper", "worn": False, "confidence": 1}}),
        ("parse", {"result_key": "derived/x"}),
        ("tryon", {"result_key": "results/x", "timings": {"weave_seconds": 2}, "notes": {"any": "thing"}}),
    ],
)
def test_a_result_of_any_version_with_what_is_needed_is_readable(kind, result) -> None:
    assert unreadable(kind, result) is None


@pytest.mark.parametrize(
    ("kind", "result", "where"),
    [
        ("ingest", {}, "image"),
        ("ingest", {"image": IMAGE | {"width": "wide"}}, "image.width"),
        ("ingest", {"image": IMAGE | {"size_bytes": 2**40}}, "image.size_bytes"),
        ("cut", {"result_key": "x", "cut": {"worn": "perhaps"}}, "cut.worn"),
        ("cut", {"result_key": "x", "cut": [1]}, "cut"),
        ("parse", {"result_key": ""}, "result_key"),
        ("tryon", {"result_key": 7}, "result_key"),
        ("tryon", {"result_key": "x", "degraded": "no"}, "degraded"),
        ("tryon", {"result_key": "x", "timings": {"weave_seconds": None}}, "timings.weave_seconds"),
    ],
)
def test_what_is_missing_or_of_another_type_is_named(kind, result, where) -> None:
    assert (unreadable(kind, result) or "").startswith(f"{where}: ")
