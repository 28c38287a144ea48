"""The photos that the items of a batch name: found all together, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from gateway.batches.values import AskedItem, BadItem
from gateway.ledger.session import Reads
from proteus import object_keys
from proteus.errors import ForeignUrl
from proteus.jobs import ImageId, UserId
from proteus.object_keys import Area

CHUNK: Final = 1_000
"""Addresses in one statement."""

BAD_MOST: Final = 20
"""Bad items that a refusal names."""


async def photos_of(
    reads: Reads, items: Sequence[AskedItem], *, user_id: UserId, key_of: Callable[[str], str]
) -> tuple[dict[str, ImageId], list[BadItem]]:
    """Return the user's photo behind each address, and the items that name none.

    Args:
        reads: A session.
        items: Those of a batch.
        user_id: Whose photos they must be.
        key_of: Returns the key of an address of our storage; raises `ForeignUrl`.
    """
    keys: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for url in {url for item in items for url in (item.person, item.garment)}:
        try:
            keys[url] = key_of(url)
        except ForeignUrl as error:
            wrong[url] = error.message
    own = {url: object_keys.split(key) for url, key in keys.items()}
    own = {url: parts for url, parts in own.items() if parts.user_id == user_id}
    uploads = {url: parts.image_id for url, parts in own.items() if parts.image_id}
    kept = {url: keys[url] for url, parts in own.items() if parts.area == Area.IMAGES}
    cuts = {url: keys[url] for url, parts in own.items() if parts.area == Area.DERIVED}
    by_id = {one for some in _chunks(uploads.values()) for one in await reads.images.own(some, user_id=user_id)}
    by_key: dict[str, ImageId] = {}
    for some in _chunks(kept.values()):
        by_key |= await reads.images.ids_of_keys(some, user_id=user_id)
    of_cuts: dict[str, ImageId] = {}
    for some in _chunks(cuts.values()):
        of_cuts |= await reads.jobs.photos_of_cuts(some, user_id=user_id)
    persons = {url: ImageId(one) for url, one in uploads.items() if one in by_id}
    persons |= {url: by_key[key] for url, key in kept.items() if key in by_key}
    garments = persons | {url: of_cuts[key] for url, key in cuts.items() if key in of_cuts}
    bad: list[BadItem] = []
    for place, item in enumerate(items):
        for field, url, known in (("person", item.person, persons), ("garment", item.garment, garments)):
            if url not in known and len(bad) < BAD_MOST:
                bad.append(BadItem(place, field, wrong.get(url) or f"is no address of a {field}'s photo of yours"))
    return garments, bad


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    every = sorted(set(values))
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
