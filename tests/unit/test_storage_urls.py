"""Which addresses are ours: the rule that keeps the server from fetching anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from proteus.errors import ForeignUrl
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore

store = ObjectStore(
    StorageSettings(
        endpoint="http://127.0.0.1:8333",
        public_endpoint="https://media.shop.example",
        access_key="tests",
        secret_key=SecretStr("tests"),
    )
)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/proteus/images/a/b.png",
        "http://media.shop.example/proteus/images/a/b.png",
        "https://media.shop.example@evil.example/proteus/a",
        "https://media.shop.example:444/proteus/images/a",
        "https://media.shop.example/other/images/a",
        "https://media.shop.example/proteus/../other/a",
        "https://media.shop.example/proteus/images/%2e%2e/secret",
        "https://media.shop.example/proteus/",
        "https://media.shop.example/proteus//a",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "",
        "images/a/b.png",
        "http://[",
        "http://[::1/x",
        "http://\u2100.com/x",
        "https://media.shop.example/proteus/images/a%00b",
    ],
)
def test_an_address_that_is_not_ours_is_refused(url: str) -> None:
    with pytest.raises(ForeignUrl):
        store.key_of(url)


PLAIN = st.characters(exclude_categories=("Cc", "Cs"))
"""What a key may be made of: no control characters, no lone surrogates."""


def test_a_signature_behind_the_address_is_ignored() -> None:
    assert store.key_of("https://media.shop.example/proteus/images/u/a.png?X-Amz-Signature=1") == "images/u/a.png"


@given(
    st.lists(st.text(PLAIN, min_size=1, max_size=8).filter(lambda t: "/" not in t and t not in (".", "..")), min_size=1)
)
def test_a_key_survives_its_address(parts: list[str]) -> None:
    key = "/".join(parts)
    assert store.key_of(store.url_of(key)) == key
