"""Rights narrow each other; a key's text names it and proves it; an origin is what a browser sends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules import api_keys
from gateway.rules.rights import (
    ALL,
    EngineNotAllowed,
    PriorityNotAllowed,
    QualityNotAllowed,
    Rights,
    SamplesNotAllowed,
)
from gateway.rules.text import tenant_name, web_origin
from proteus.errors import Forbidden

ENGINES = ("puppet", "fashn", "catvton")
QUALITIES = ("fast", "balanced", "best")
PRIORITIES = ("low", "normal", "high")


def some_of(names: tuple[str, ...]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(st.sampled_from(names))


RIGHTS = st.builds(
    Rights.of,
    some_of(ENGINES),
    st.none() | st.integers(1, 4),
    qualities=some_of(QUALITIES),
    priorities=some_of(PRIORITIES),
)
WISHES = st.fixed_dictionaries(
    {
        "engine": st.sampled_from(ENGINES), "samples": st.integers(1, 4), "quality": st.sampled_from(QUALITIES),
        "priority": st.sampled_from(PRIORITIES),
    }
)  # fmt: skip
PLAIN = {"engine": "puppet", "samples": 1, "quality": "balanced", "priority": "normal"}


def allows(rights: Rights, **wish: Any) -> bool:
    try:
        rights.require(**{**PLAIN, **wish})
    except (EngineNotAllowed, SamplesNotAllowed, QualityNotAllowed, PriorityNotAllowed):
        return False
    return True


@given(RIGHTS, RIGHTS, WISHES)
def test_two_rights_together_allow_what_both_allow(one: Rights, other: Rights, wish: dict[str, Any]) -> None:
    both = allows(one, **wish) and allows(other, **wish)
    assert allows(one.within(other), **wish) == both
    assert allows(other.within(one), **wish) == both


def test_rights_without_a_restriction_allow_everything_and_an_empty_list_nothing() -> None:
    assert Rights.of(None, None) is ALL
    assert allows(ALL, engine="anything", samples=4, quality="best", priority="high")
    assert not allows(Rights.of([], None))
    assert not allows(Rights.of(None, None, qualities=[]))
    assert not allows(Rights.of(None, None, priorities=[]))


@pytest.mark.parametrize(
    ("rights", "wish", "refusal"),
    [
        (Rights.of(["puppet"], None), {"engine": "fashn"}, "EngineNotAllowed: .*'fashn'; you may use: puppet"),
        (Rights.of(None, 2), {"samples": 3}, "SamplesNotAllowed: .*2 samples of a try-on, not 3"),
        (
            Rights.of(None, None, qualities=["fast"]),
            {"quality": "best"},
            "QualityNotAllowed: .*'best'; you may use: fast",
        ),
        (
            Rights.of(None, None, priorities=["low", "normal"]),
            {"priority": "high"},
            "PriorityNotAllowed: .*'high'; you may use: low, normal",
        ),
    ],
)
def test_a_refusal_names_what_was_asked_and_what_is_granted(rights: Rights, wish: dict[str, Any], refusal: str) -> None:
    with pytest.raises(Forbidden) as raised:
        rights.require(**{**PLAIN, **wish})
    assert re.match(refusal, f"{type(raised.value).__name__}: {raised.value}")


@given(st.text(api_keys.ALPHABET, min_size=8, max_size=8), st.binary(min_size=32, max_size=32))
def test_a_key_names_itself_and_only_its_own_text_proves_it(prefix: str, secret: bytes) -> None:
    text = api_keys.compose(prefix, secret)
    assert api_keys.claimed_id(text) == api_keys.id_of(prefix)
    assert text.startswith(api_keys.prefix_of(api_keys.id_of(prefix)) + "_")
    digest = api_keys.digest_of(text)
    assert len(digest) == 32
    assert api_keys.proves(text, digest)
    for at in range(len(text)):
        other = "a" if text[at] != "a" else "b"
        assert not api_keys.proves(text[:at] + other + text[at + 1 :], digest)
    assert not api_keys.proves(text, None)


@pytest.mark.parametrize("text", ["", "pk_", "pk_abcdefgh_", "pk_ABCDEFGH_" + "A" * 43, "pk_abcdefgh_" + "A" * 44, "x"])
def test_a_text_that_is_no_key_names_none(text: str) -> None:
    assert api_keys.claimed_id(text) is None


@pytest.mark.parametrize("origin", ["https://shop.example", "http://127.0.0.1:8000", "https://xn--bcher-kva.example"])
def test_an_origin_is_taken_as_browsers_write_it(origin: str) -> None:
    assert web_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example", "https://shop.example/", "https://Shop.example", "https://u@shop.example", "*", "null", "",
        "ftp://shop.example", "https://shop.example?x", "https://", "https://[",
    ],
)  # fmt: skip
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        web_origin(origin)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x" * 65, "ä", "a\n"])
def test_a_tenants_name_fits_into_ids_and_command_lines(name: str) -> None:
    with pytest.raises(ValueError, match="must be 1 to 64"):
        tenant_name(name)
    assert tenant_name("acme-1.eu") == "acme-1.eu"
