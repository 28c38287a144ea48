"""Query parameters: those that a route does not know are refused, on the JSON routes under `/v1`.

A misspelt filter must not answer with everything. Founding paths, redirects and streams ignore what they do not know,
as they always did, and every route ignores the `utm_*` that campaigns add to links.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse

from proteus.errors import UnknownParameter

STRICT: Final = "/v1/"
IGNORED: Final = "utm_"
NAME_MOST: Final = 60
"""Characters of a client's name that a refusal repeats."""


@dataclass(frozen=True)
class Known:
    """The query parameters that a route takes.

    Attributes:
        names: Each as it is.
        maps: Those that are written `name[key]=value` (`deepObject` in the description).
    """

    names: frozenset[str]
    maps: frozenset[str]

    def require_known(self, request: Request) -> None:
        """Raise unless the route takes every parameter of the request.

        Raises:
            UnknownParameter: It does not; the error names the parameter and those that it takes.
        """
        for name in request.query_params:
            if name in self.names or name.startswith(IGNORED):
                continue
            if name.partition("[")[0] in self.maps and name.endswith("]"):
                continue
            shown = name[:NAME_MOST].encode("unicode_escape").decode()
            taken = ", ".join(sorted(self.names) + sorted(f"{one}[…]" for one in self.maps))
            raise UnknownParameter(
                f"There is no query parameter '{shown}' here; "
                + (f"known are: {taken}." if taken else "this route takes none.")
            )


def known_parameters(route: APIRoute) -> Known | None:
    """Return what a route takes; None: it ignores unknown parameters."""
    kind = route.response_class
    if not route.path.startswith(STRICT):
        return None
    if isinstance(kind, type) and issubclass(kind, (RedirectResponse, EventSourceResponse)):
        return None
    described = (route.openapi_extra or {}).get("parameters", ())
    maps = frozenset(one["name"] for one in described if one.get("style") == "deepObject")
    return Known(names=frozenset(_names(route.dependant)) - maps, maps=maps)


def _names(dependant: Dependant) -> Iterator[str]:
    for one in dependant.query_params:
        yield one.alias
    for part in dependant.dependencies:
        yield from _names(part)
