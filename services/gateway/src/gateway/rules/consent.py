"""Whether a photo of a shopper may be taken: the tenant's rule, and what the shopper agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from proteus.errors import Conflict, Forbidden

PHOTOS = "photos"
"""The scope without which no photo is taken."""


class ConsentRequired(Forbidden):
    """This shop takes no photo before its shopper has agreed."""

    code = "consent_required"
    hint = "Show the text of GET /v1/consent, then POST /v1/consent with its version."


class ConsentOutdated(Conflict):
    """The text was changed meanwhile."""

    code = "consent_outdated"
    hint = "Show the text of GET /v1/consent again: it has another version now."


class AgeNotConfirmed(Forbidden):
    """This shop takes photos only of people who confirm their age."""

    code = "age_not_confirmed"


class Given(Protocol):
    """A consent, as it is stored."""

    @property
    def version(self) -> str: ...
    @property
    def scope(self) -> Sequence[str]: ...
    @property
    def age_confirmed(self) -> bool: ...
    @property
    def region(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentRule:
    """What a tenant asks of its shoppers.

    Attributes:
        version: Of the text; a new one asks everybody again.
        minimum_age: Years that a shopper must confirm; None: none.
        regions: Where it is asked, as ISO 3166 codes; None: everywhere. Who names no region is asked.
    """

    version: str
    text: str
    minimum_age: int | None = None
    regions: tuple[str, ...] | None = None

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> ConsentRule | None:
        """Return a stored rule."""
        if stored is None:
            return None
        regions = stored.get("regions")
        return cls(
            version=stored["version"],
            text=stored["text"],
            minimum_age=stored.get("minimum_age"),
            regions=None if regions is None else tuple(regions),
        )

    def applies_in(self, region: str | None) -> bool:
        """Tell whether shoppers of this region are asked; None: it is unknown."""
        return self.regions is None or region is None or region in self.regions

    def is_met_by(self, given: Given | None, *, region: str | None) -> bool:
        """Tell whether photos may be taken.

        Args:
            given: What the shopper agreed to.
            region: What the shopper's token says; it outweighs what the shopper says.
        """
        if not self.applies_in(region or (given.region if given else None)):
            return True
        if given is None or given.version != self.version or PHOTOS not in given.scope:
            return False
        return self.minimum_age is None or given.age_confirmed

    def check(self, *, version: str, age_confirmed: bool) -> None:
        """Refuse a consent that would not count.

        Raises:
            ConsentOutdated: It is for another text.
            AgeNotConfirmed: The age is not confirmed.
        """
        if version != self.version:
            raise ConsentOutdated(f"The text has the version {self.version!r}, not {version!r}.")
        if self.minimum_age is not None and not age_confirmed:
            raise AgeNotConfirmed(f"Confirm that you are {self.minimum_age} or older.")
