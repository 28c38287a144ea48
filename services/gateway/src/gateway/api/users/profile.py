"""Your profile: your name, and what you prefer where a submit does not say."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.auth.models import USER_ID
from gateway.api.dependencies import CallerDep, ServicesDep
from gateway.api.guarding import GuardedRouter
from gateway.api.users.models import expiry_of
from gateway.api.wire import asked, said
from gateway.ledger.users import UserRow
from gateway.rules.options import card_of
from gateway.rules.preferences import Preferences, Units
from gateway.rules.text import EngineName, Name
from gateway.services import Services
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.engines import Quality
from proteus.errors import NotFound

router = GuardedRouter(tags=["users"])

_PREFERRED: Final[dict[str, Any]] = {"engine": "puppet", "quality": "best", "units": "metric"}


class PreferencesBody(BaseModel):
    """What you prefer; null: as the deployment does."""

    model_config = {"extra": "forbid"}

    engine: EngineName | None = Field(default=None, description="Where a submit names no `model`.")
    quality: Quality | None = Field(default=None, description="Where a submit names no `quality`.")
    units: Units | None = Field(default=None, description="For pages that show lengths.")


class ProfileBody(BaseModel):
    """You."""

    model_config = said(
        {
            "user_id": USER_ID, "kind": "guest", "tenant": "guests", "display_name": "Ada",
            "preferences": _PREFERRED, "created_at": AT, "expires_at": None,
        }
    )  # fmt: skip

    user_id: str
    kind: str
    tenant: str
    display_name: str | None
    preferences: PreferencesBody
    created_at: str
    expires_at: str | None = Field(
        description="When a sweep deletes you if you do not come back; null: never. Every visit moves it."
    )

    @classmethod
    def of(cls, row: UserRow, services: Services) -> ProfileBody:
        """Return a row as its owner sees it."""
        preferred = Preferences.read(row.preferences)
        return cls(
            user_id=row.id,
            kind=row.kind,
            tenant=row.tenant,
            display_name=row.display_name,
            preferences=PreferencesBody(engine=preferred.engine, quality=preferred.quality, units=preferred.units),
            created_at=iso(row.created_at),
            expires_at=expiry_of(row, services.settings.retention),
        )


class ProfileChange(BaseModel):
    """What to change; what is left out stays as it is."""

    model_config = asked(display_name="Ada", preferences=_PREFERRED)

    display_name: Name | None = None
    preferences: PreferencesBody | None = Field(default=None, description="All of them; null: none.")


@router.get("/v1/users/me", summary="Look at your profile")
async def profile(services: ServicesDep, caller: CallerDep) -> ProfileBody:
    """Return your name, what you prefer, and when you are deleted if you stay away."""
    async with services.ledger.read() as reads:
        found = await reads.users.find(caller.user_id)
    if found is None:
        raise NotFound("There is no such user.")
    return ProfileBody.of(found, services)


@router.patch("/v1/users/me", summary="Change your profile")
async def change(services: ServicesDep, caller: CallerDep, wish: ProfileChange) -> ProfileBody:
    """Change your name and what you prefer. A preference that a submit would be refused with is refused here."""
    values: dict[str, Any] = {}
    if "display_name" in wish.model_fields_set:
        values["display_name"] = wish.display_name
    if "preferences" in wish.model_fields_set:
        given = wish.preferences or PreferencesBody()
        if given.engine is not None:
            card_of(given.engine, rules=services.settings.licences)
            caller.rights.require_engine(given.engine)
        if given.quality is not None:
            caller.rights.require_quality(given.quality)
        preferred = Preferences(engine=given.engine, quality=given.quality, units=given.units)
        values["preferences"] = preferred.write()
    async with services.ledger.write() as writes:
        found = await (writes.users.change(caller.user_id, **values) if values else writes.users.find(caller.user_id))
    if found is None:
        raise NotFound("There is no such user.")
    services.callers.forget(caller.user_id)
    return ProfileBody.of(found, services)
