"""What jobs used and cost: by day, tenant, user, key and engine, as JSON or CSV."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Response

from gateway.api.dependencies import CallerDep, ServicesDep
from gateway.api.guarding import GuardedRouter
from gateway.api.usage.models import Dimension, UsageBody, Whose
from gateway.api.wire import answer
from gateway.ledger.usage import UsageFilter
from gateway.rules.prices import PriceTable
from gateway.rules.text import Id, Moment
from gateway.rules.tokens import Caller
from gateway.status.models import AT
from proteus.errors import Forbidden, InvalidRequest

router = GuardedRouter(prefix="/v1/usage", tags=["usage"])

LONGEST: Final = timedelta(days=400)
GROUPS_MOST: Final = 10_000
CSV: Final = "text/csv"

By = Annotated[
    list[Dimension],
    Query(max_length=5, description="Sum by these, in this order; repeat the parameter.", examples=[["day", "engine"]]),
]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Which usage a caller asks for, as far as it may see it."""

    whose: Whose
    which: UsageFilter


async def seen_of(
    caller: CallerDep,
    since: Annotated[
        Moment | None, Query(description="Attempts that ended from here on; default: 30 days ago.", examples=[AT])
    ] = None,
    until: Annotated[Moment | None, Query(description="And before; default: now.", examples=[AT])] = None,
    tenant: Annotated[Id | None, Query(description="Only this tenant's.")] = None,
    user: Annotated[Id | None, Query(description="Only this user's; `me`: your own.")] = None,
) -> Seen:
    """Whose usage the request is about, and of which time."""
    end = until or datetime.now(UTC)
    start = since or end - timedelta(days=30)
    if not timedelta(0) < end - start <= LONGEST:
        raise InvalidRequest(f"`since` must be before `until`, by {LONGEST.days} days at most.")
    whose, of_tenant, of_user = _seen_by(caller, tenant=tenant, user=user)
    return Seen(whose=whose, which=UsageFilter(since=start, until=end, tenant=of_tenant, user_id=of_user))


SeenDep = Annotated[Seen, Depends(seen_of)]


@router.get(
    "",
    response_model=UsageBody,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "As JSON, or as CSV."}},
    summary="Show usage and cost",
)
async def usage(
    services: ServicesDep,
    seen: SeenDep,
    by: By = ["day", "engine"],  # noqa: B006 - the framework copies it
    format: Annotated[Literal["json", "csv"], Query(description="`csv`: the groups alone.")] = "json",
) -> Response:
    """Return what jobs used, preparations included, in the time in which their attempts ended.

    You see your own usage; with the scope `usage` or `keys` that of your tenant; an administrator sees all.
    """
    if len(set(by)) < len(by):
        raise InvalidRequest("`by` names a dimension twice.")
    prices = PriceTable.of(services.settings.prices)
    which = replace(seen.which, currency=prices.currency)
    async with services.ledger.read() as reads:
        groups = await reads.usage.sums(by, which, limit=GROUPS_MOST + 1) if by else []
        (total,) = await reads.usage.sums((), which, limit=1)
    if len(groups) > GROUPS_MOST:
        raise InvalidRequest(f"That is more than {GROUPS_MOST} groups: ask for less time, or for fewer dimensions.")
    body = UsageBody.of(groups, total, by=by, whose=seen.whose, which=which, prices=prices)
    if format == "csv":
        return Response(
            body.csv(),
            media_type=CSV,
            headers={"Content-Disposition": 'attachment; filename="usage.csv"', "Cache-Control": "no-store"},
        )
    return answer(body)


def _seen_by(caller: Caller, *, tenant: str | None, user: str | None) -> tuple[Whose, str | None, str | None]:
    """Return what a caller may see of what it asks for: whose usage, of which tenant, of which user.

    Raises:
        Forbidden: It asks for another tenant's or another user's.
    """
    user = caller.user_id if user == "me" else user
    if "admin" in caller.scopes:
        return "all", tenant, user
    if tenant not in (None, caller.tenant):
        raise Forbidden("You may not see the usage of another tenant.")
    if not caller.scopes.isdisjoint({"usage", "keys"}):
        return "tenant", caller.tenant, user
    if user not in (None, caller.user_id):
        raise Forbidden("You may not see the usage of another user: that needs the scope 'usage'.")
    return "own", caller.tenant, caller.user_id
