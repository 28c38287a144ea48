"""Whatever text or JSON comes in, what comes out can be stored."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.documents import parse_object, storable, storable_text

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_storable_text_has_no_nul_encodes_and_keeps_its_length(words):
    made = storable_text(words)
    assert "\0" not in made
    assert len(made.encode().decode()) == len(words)
    assert storable_text(made) == made


def test_good_text_is_left_alone():
    assert storable_text("größe 尺码 \U0001f457\n") == "größe 尺码 \U0001f457\n"


def test_a_value_is_cleaned_at_every_depth_and_numbers_are_finite():
    odd = {"a\0": ["\ud800", {"b": math.nan}, math.inf, 1, 1.5, True, None]}
    assert storable(odd) == {"a\ufffd": ["\ufffd", {"b": None}, None, 1, 1.5, True, None]}


@pytest.mark.parametrize("words", ["", "[1]", "null", "1", '{"a":', "{" * 10, "[" * 200_000, b"\xff"])
def test_what_is_no_object_is_refused(words):
    with pytest.raises(ValueError, match=r".*"):
        parse_object(words)


def test_an_object_with_odd_words_is_read():
    assert parse_object(json.dumps({"m": "a\0b", "n": math.inf})) == {"m": "a\ufffdb", "n": None}
