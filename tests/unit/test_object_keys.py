"""Object keys: what is made can be read back, and one module alone spells them."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus import object_keys
from proteus.object_keys import Area, split

ROOT = Path(__file__).parents[2]
SPELLED = re.compile(rf"(?:^|\w/)(?:{'|'.join(Area)})/")
"""A key at the beginning of a text, or in the path of an address."""

PART = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/"), min_size=1, max_size=40)


def spelled_keys(source: str) -> Iterator[tuple[int, str]]:
    """Find literals that spell a key: (line, literal). Docstrings may name keys; API paths begin with a slash."""
    if not any(f"{area}/" in source for area in Area):
        return
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    later = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values[1:]}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            text = node.value.replace("/v1/", "/")
            text = f"x{text}" if id(node) in later and text.startswith("/") else text
            if not text.startswith("/") and SPELLED.search(text):
                yield node.lineno, node.value


def test_no_other_module_spells_an_object_key() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}": literal
        for folder in ("libs", "services", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "object_keys.py" and "node_modules" not in path.parts
        for line, literal in spelled_keys(path.read_text(encoding="utf-8"))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        ('key = f"incoming/{user}/{image}"', ["incoming/"]),
        ('store.list("results/")', ["results/"]),
        ('url = f"{STORE}/derived/{user}/cut.png"', ["/derived/"]),
        ('url = "http://127.0.0.1/bucket/images/user/x.png"', ["http://127.0.0.1/bucket/images/user/x.png"]),
        ('key.startswith("derived/")', ["derived/"]),
        ('"""Raw uploads lie under `incoming/`."""', []),
        ('get("/images/presignedUpUrl")', []),
        ('get(f"/v1/results/{job_id}/1")', []),
        ('hint = "First GET /images/presignedUpUrl."', []),
        ('hint = "Then DELETE /v1/images/{image_id}."', []),
    ],
)
def test_a_spelled_key_is_found_and_an_api_path_is_none(source: str, literals: list[str]) -> None:
    assert [literal for _, literal in spelled_keys(source)] == literals


@given(user=PART, image=PART, tryon=PART, sha256=PART, worker=PART, n=st.integers(1, 9), token=st.integers(0, 10**15))
def test_what_is_made_can_be_read_back(
    user: str, image: str, tryon: str, sha256: str, worker: str, n: int, token: int
) -> None:
    upload = split(object_keys.upload_key(user, image))
    assert (upload.area, upload.user_id, upload.image_id, upload.tryon_id) == (Area.INCOMING, user, image, None)
    result = object_keys.result_key(user, tryon, n, token=token, worker=worker, extension="png")
    assert (split(result).area, split(result).user_id, split(result).tryon_id) == (Area.RESULTS, user, tryon)
    assert split(result).image_id is None
    photo = split(object_keys.photo_key(user, sha256, "jpg"))
    assert (photo.area, photo.user_id, photo.name) == (Area.IMAGES, user, f"{sha256}.jpg")


@given(user=PART, tryon=PART, sha256=PART)
def test_everything_of_a_user_lies_under_that_users_prefixes(user: str, tryon: str, sha256: str) -> None:
    cut = object_keys.cut_keys(user, sha256, parser="classic", parser_version="1", category="auto")
    parse = object_keys.parse_keys(user, sha256, parser="classic", parser_version="1")
    derived = [cut.picture, cut.description, parse.description, parse.person_mask, parse.agnostic_mask("upper")]
    result = object_keys.result_key(user, tryon, 1, token=1, worker="w", extension="png")
    variant = object_keys.variant_key(result, width=160, quality="low", format="avif")
    assert variant.startswith(object_keys.variants_prefix(result))
    every = [object_keys.upload_key(user, "img"), object_keys.photo_key(user, sha256, "png"), *derived, result, variant]
    assert len(set(every)) == len(every)
    for key in every:
        assert sum(key.startswith(prefix) for prefix in object_keys.user_prefixes(user)) == 1
        assert not any(key.startswith(prefix) for prefix in object_keys.user_prefixes(f"{user}x"))
    assert all(key.startswith(object_keys.derived_prefix(user, sha256)) for key in derived)
    assert result.startswith(object_keys.result_prefix(user, tryon))


def test_keys_that_lie_in_stores_keep_their_spelling() -> None:
    cut = object_keys.cut_keys("u", "abc", parser="classic", parser_version="1.2", category="auto")
    parse = object_keys.parse_keys("u", "abc", parser="classic", parser_version="1.2")
    assert object_keys.upload_key("u", "img_1") == "incoming/u/img_1"
    assert object_keys.photo_key("u", "abc", "jpg") == "images/u/abc.jpg"
    assert cut.picture == "derived/u/abc/cut/classic-1.2-auto/cut.png"
    assert cut.description == "derived/u/abc/cut/classic-1.2-auto/cut.json"
    assert parse.description == "derived/u/abc/parse/classic-1.2/parse.json"
    assert parse.person_mask == "derived/u/abc/parse/classic-1.2/person.png"
    assert parse.agnostic_mask("dress") == "derived/u/abc/parse/classic-1.2/agnostic-dress.png"
    key = object_keys.result_key("u", "job_1", 2, token=1_000_001, worker="weaver-1", extension="png")
    assert key == "results/u/job_1/2-1000001-4cd4a25a.png"
    sha256 = hashlib.sha256(key.encode()).hexdigest()
    for quality, name in (("low", "320-low.webp"), ("normal", "320.webp"), ("high", "320-high.webp")):
        made = object_keys.variant_key(key, width=320, quality=quality, format="webp")
        assert made == f"variants/u/{sha256}/{name}"
    assert object_keys.user_prefixes("u") == ["incoming/u/", "images/u/", "derived/u/", "results/u/", "variants/u/"]


@pytest.mark.parametrize("key", ["", "x", "incoming", "incoming/", "incoming/u", "//", "results/u", "sources/u/x"])
def test_a_strange_key_has_parts_as_well(key: str) -> None:
    parts = split(key)
    assert "/".join(parts).startswith(key)
