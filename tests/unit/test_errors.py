"""Every error of the tree can be shown to a client."""

import re
from collections.abc import Iterator

import pytest

from proteus import errors
from proteus.errors import ProteusError


def tree(root: type[ProteusError]) -> Iterator[type[ProteusError]]:
    """The errors of `proteus.errors`; rooms beyond it may add leaves of their own."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


@pytest.mark.parametrize("kind", list(tree(ProteusError)), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_and_a_sentence(kind: type[ProteusError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert kind().message.endswith(".")
    assert kind("the 7 is too large").message == "the 7 is too large"


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in tree(ProteusError)]
    assert len(codes) == len(set(codes))


def test_the_drawn_tree_names_every_error() -> None:
    drawing = errors.__doc__ or ""
    assert [kind.__name__ for kind in tree(ProteusError) if kind.__name__ not in drawing] == []
