"""Bodies of `/v1/keys`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.api.wire import asked, page, said
from gateway.ledger.api_keys import ApiKeyRow
from gateway.rules.admission import Priority
from gateway.rules.api_keys import prefix_of
from gateway.rules.rights import Rights
from gateway.rules.text import EngineName, Name, TenantName
from gateway.status.models import AT
from gateway.status.views import iso
from proteus.engines import CARDS, Quality
from proteus.errors import ModelUnavailable

EXAMPLE: Final[dict[str, Any]] = {
    "key_id": "key_k3f7x0qa",
    "prefix": "pk_k3f7x0qa",
    "name": "shop server",
    "tenant": "acme",
    "scopes": ["tokens"],
    "engines": ["puppet", "fashn"],
    "samples_most": None,
    "qualities": None,
    "priorities": ["low", "normal"],
    "limits": {"submits": 600},
    "created_by": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
    "created_at": AT,
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
TEXT: Final = "pk_k3f7x0qa_Zm9yIGRvY3VtZW50YXRpb24gb25seSwgbm8ga2V5IQ"

KeyScope = Literal["admin", "priority:high", "tokens", "usage", "webhooks"]
QUALITIES: Final = "`fast`, `balanced`, `best`, `approximate`; null: all."
PRIORITIES: Final = "`low`, `normal`, `high`, and `batch` for POST /v1/batches; null: all. `high` needs its scope, too."
Qualities = Annotated[list[Quality], Field(max_length=8)]
Grantable = Priority | Literal["batch"]
Priorities = Annotated[list[Grantable], Field(max_length=8)]
Engines = Annotated[list[EngineName], Field(max_length=32)]
Units = Annotated[int, Field(ge=1, le=100_000_000)]
LimitedKind = Literal["submits", "uploads", "pictures_a_day", "pictures_in_30_days"]
Limits = Annotated[
    dict[LimitedKind, Units],
    Field(
        description="Units by kind, for all its callers together, beside the deployment's limits: `submits` and "
        "`uploads` a minute; `pictures_a_day` and `pictures_in_30_days`: pictures that are asked for."
    ),
]


def rights_of(
    engines: list[str] | None,
    samples_most: int | None,
    *,
    qualities: list[Quality] | None = None,
    priorities: list[Grantable] | None = None,
) -> Rights:
    """Return the rights that a client wrote.

    Raises:
        ModelUnavailable: This version has no such engine.
    """
    if unknown := sorted(set(engines or ()) - CARDS.keys()):
        raise ModelUnavailable(f"There is no engine {unknown[0]!r}; GET /v1/models lists them.")
    return Rights.of(engines, samples_most, qualities=qualities, priorities=priorities)


class KeyRequest(BaseModel):
    """What a new key is to be."""

    model_config = asked(name="shop server", scopes=["tokens"], engines=["puppet", "fashn"], expires_in=7_776_000)

    name: Name = Field(min_length=1, description="For people: where the key is used.")
    tenant: TenantName | None = Field(default=None, description="Administrators only; default: your own.")
    scopes: list[KeyScope] = Field(
        default=["tokens"],
        max_length=8,
        description="`tokens`: make guests and mint browser tokens. `webhooks`: endpoints, `webhook_url`. `usage`: see "
        "what the tenant used. "
        "`priority:high`, `admin`: you must have them.",
    )
    engines: Engines | None = Field(default=None, description="The engines it may use; null: those of its tenant.")
    samples_most: int | None = Field(default=None, ge=1, le=4, description="Pictures of one try-on.")
    qualities: Qualities | None = Field(default=None, description=QUALITIES)
    priorities: Priorities | None = Field(default=None, description=PRIORITIES)
    limits: Limits = {}
    expires_in: int | None = Field(
        default=None, ge=60, le=315_360_000, description="Seconds until it ends; null: when it is revoked."
    )


class RotateRequest(BaseModel):
    """How long the old key goes on."""

    model_config = asked(grace_seconds=86_400)

    grace_seconds: int = Field(default=86_400, ge=0, le=604_800, description="0: it ends at once.")


class KeyBody(BaseModel):
    """A key, without its text."""

    model_config = said(EXAMPLE)

    key_id: str
    prefix: str = Field(description="How the key begins.")
    name: str
    tenant: str
    scopes: list[str]
    engines: list[str] | None
    samples_most: int | None
    qualities: list[str] | None
    priorities: list[str] | None
    limits: dict[str, int]
    created_by: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None = Field(description="To a minute.")

    @classmethod
    def of(cls, row: ApiKeyRow) -> KeyBody:
        """Return a stored key as its owner sees it."""
        return cls(**_fields(row))


class NewKeyBody(KeyBody):
    """A new key. Its text is shown here and never again."""

    model_config = said({**EXAMPLE, "key": TEXT})

    key: str = Field(description="Send it as `Authorization: Bearer …`. Keep it on your server.")

    @classmethod
    def made(cls, row: ApiKeyRow, text: str) -> NewKeyBody:
        """Return a key with its text."""
        return cls(**_fields(row), key=text)


class KeyList(BaseModel):
    """Keys, the newest first."""

    model_config = page(EXAMPLE)

    items: list[KeyBody]
    next_cursor: str | None = None


def _fields(row: ApiKeyRow) -> dict[str, Any]:
    return {
        "key_id": row.id,
        "prefix": prefix_of(row.id),
        "name": row.name,
        "tenant": row.tenant,
        "scopes": row.scopes,
        "engines": row.engines,
        "samples_most": row.samples_most,
        "qualities": row.qualities,
        "priorities": row.priorities,
        "limits": row.limits,
        "created_by": row.created_by,
        "created_at": iso(row.created_at),
        "expires_at": iso(row.expires_at) if row.expires_at else None,
        "revoked_at": iso(row.revoked_at) if row.revoked_at else None,
        "last_used_at": iso(row.last_used_at) if row.last_used_at else None,
    }
