"""The lock of each image holds all that its packages need, as their installed distributions say: all sets are here."""

from collections.abc import Iterator
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from workbench.deploy.locks import APART, OURS, ROOT, SETS, blocks, canonical

LOCKS = {name: (ROOT / name).read_text() for name in SETS}


def needed(roots: tuple[str, ...]) -> Iterator[str]:
    """Yield the names of whatever pip would install on this machine for these roots, theirs included."""
    waiting = [Requirement(root) for root in roots]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        asked = waiting.pop()
        mark = (canonical(asked.name), frozenset(asked.extras))
        if mark in seen:
            continue
        seen.add(mark)
        yield mark[0]
        for line in metadata.distribution(asked.name).requires or ():
            one = Requirement(line)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *asked.extras)):
                waiting.append(one)


IMAGES = {
    "services/gateway/requirements.lock": ("proteus-gateway",),
    "services/tailor/requirements.lock": ("proteus-tryon[imaging]", "proteus-tailor[clean,hub]"),
    "services/weaver/requirements.lock": ("proteus-tryon[imaging]", "proteus-weaver"),
    "services/arbitrator/requirements.lock": ("proteus-arbitrator",),
    "requirements.lock": ("proteus-workbench",),
}


@pytest.mark.parametrize("name", IMAGES)
def test_a_lock_holds_whatever_its_packages_need(name: str) -> None:
    there = {package for lock in (*SETS[name].after, name) for package in blocks(LOCKS[lock])}
    asked = {one for one in needed(IMAGES[name]) if not OURS.match(one) and not APART.match(one)}
    assert asked - there == set()
