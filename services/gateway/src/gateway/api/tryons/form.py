"""The whole try-on in one request: two photos in a form, `POST /v1/tryons` as `multipart/form-data`.

It is the same submit as the one in JSON: the photos are stored first, by the rules of every upload, and are deleted if
the submit is refused. A form may name an address in place of either file.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form
from fastapi.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from gateway.api.dependencies import SubmitDep
from gateway.api.guarding import GuardedRoute, GuardedRouter
from gateway.api.inline_photos import InlinePhoto
from gateway.api.tryons.cancel_after import CancelAfter, with_deadline
from gateway.api.tryons.models import TryonForm
from gateway.api.tryons.submit import TRYONS, submit_pair

ENVELOPE_BYTES: Final = 65_536
"""Bytes for a form's boundaries and fields, beside its files."""

FILES: Final = 2


class OfForms(GuardedRoute):
    """Takes forms alone; any other body is for the route of the same path behind it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request by its content type as well."""
        kinds = [value for name, value in scope.get("headers", ()) if name == b"content-type"]
        if not kinds or not kinds[0].lower().startswith(b"multipart/form-data"):
            return Match.NONE, {}
        return super().matches(scope)


router = GuardedRouter(tags=["try-ons"])
router.route_class = OfForms


@router.post(TRYONS, include_in_schema=False)
async def snap_form(
    submit: SubmitDep, asked: Annotated[TryonForm, Form()], cancel_after: CancelAfter = None
) -> Response:
    """Submit a try-on of two photos in a form; the answers are those of the submit in JSON."""
    person = InlinePhoto.of_file(asked.person, kind="person") if asked.person else asked.user_photo_url
    garment = InlinePhoto.of_file(asked.garment, kind="garment") if asked.garment else asked.cloth_clean_url
    assert person is not None, "the model has checked it"
    assert garment is not None, "the model has checked it"
    preferred = submit.caller.preferences.applied(asked.options, named=asked.model_fields_set)
    options = with_deadline(preferred, cancel_after)
    return await submit_pair(submit, options, person=person, garment=garment)
