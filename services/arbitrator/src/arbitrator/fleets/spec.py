"""The spec of a `WeaverFleet`, with its defaults and rules. Pure: the CRD's schema is generated from these models.

Each rule stands here twice, beside each other: as CEL for the API server, and as Python for an object that an older CRD
let through. A test evaluates both on the same specs.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

from proteus.errors import InvalidRequest

GROUP: Final = "proteus.dev"
VERSION: Final = "v1alpha1"
KIND: Final = "WeaverFleet"
PLURAL: Final = "weaverfleets"

MOST_REPLICAS: Final = 1_000


class SpecRefused(InvalidRequest):
    """The spec of a WeaverFleet breaks a rule."""

    code = "spec_refused"


class Rule(NamedTuple):
    """A CEL rule of the CRD and its message."""

    rule: str
    message: str


def validations(*rules: Rule) -> JsonDict:
    """Return the rules in the form of a CRD's schema."""
    return {"x-kubernetes-validations": [{"rule": one.rule, "message": one.message} for one in rules]}


LEAST: Final = 1
MOST: Final = 5
"""Fewest and most pods where nothing says otherwise."""

BOUNDS: Final = Rule(
    f"!has(self.minReplicas) || self.minReplicas <= (has(self.maxReplicas) ? self.maxReplicas : "
    f"has(self.budget) ? {MOST_REPLICAS} : {MOST})",
    f"minReplicas must not exceed maxReplicas, which is {MOST} where neither it nor a budget is given",
)
PLAIN: Final = Rule(
    "self.scaling.form != 'plain' || ((!has(self.minReplicas) || self.minReplicas >= 1) && "
    "self.schedules.all(s, !has(s.minReplicas) || s.minReplicas >= 1))",
    "scaling.form plain counts waiting jobs only and would stop a pod that still works: minReplicas must be at least 1",
)
BUDGET: Final = Rule(
    "!has(self.budget) || (self.billing.hourlyPrice > 0.0 && self.budget.perMonth >= self.billing.hourlyPrice)",
    "a budget needs billing.hourlyPrice, the price of one pod for an hour, and must pay for one such hour at least",
)
SAME_DEPLOYMENT: Final = Rule(
    "self.deployment == oldSelf.deployment", "deployment cannot be changed: create another WeaverFleet"
)
CANARY_OFFERED: Final = Rule(
    "!has(self.canary) || self.engines.size() == 0 || self.canary.engine in self.engines",
    "canary.engine must be one of the fleet's engines",
)
SOME_BOUND: Final = Rule(
    "has(self.minReplicas) || has(self.maxReplicas)", "a schedule must set minReplicas or maxReplicas"
)
SCHEDULE_BOUNDS: Final = Rule(
    "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
    "minReplicas of a schedule must not exceed its maxReplicas",
)
SOME_TIME: Final = Rule("self.from != self.until", "from and until of a schedule must differ")


class Part(BaseModel):
    """A piece of the spec: frozen, camelCase outside. Fields of a later version are ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


class Capacity(StrEnum):
    """How the fleet's nodes are bought."""

    ON_DEMAND = "onDemand"
    SPOT = "spot"


class Form(StrEnum):
    """What KEDA counts."""

    SIGNAL = "signal"
    FORMULA = "formula"
    PLAIN = "plain"


class Weekday(StrEnum):
    """A day of the week, in order."""

    MONDAY = "Mon"
    TUESDAY = "Tue"
    WEDNESDAY = "Wed"
    THURSDAY = "Thu"
    FRIDAY = "Fri"
    SATURDAY = "Sat"
    SUNDAY = "Sun"


WEEK: Final = tuple(Weekday)

Replicas = Annotated[int, Field(ge=0, le=MOST_REPLICAS)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
Engine = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class Slo(Part):
    """What the fleet should keep."""

    seconds: float = Field(default=12.0, gt=0, le=3600)
    """Time from a submit to its picture."""

    picture_seconds: float = Field(default=2.0, gt=0, le=3600)
    """Seconds per picture of one weaver in full batches, t(B) / B; the formula uses it."""


class Scaling(Part):
    """How KEDA follows the work."""

    form: Form = Form.SIGNAL
    """signal: the arbitrator's number; while it is silent, formula. formula: jobs per pod. plain: waiting jobs."""

    jobs_per_pod: int = Field(default=0, ge=0, le=10_000)
    """Jobs per pod in formula and plain. 0: half of what a pod makes within the SLO, 10 with plain."""

    polling_interval_seconds: int = Field(default=5, ge=1, le=3600)
    """How often KEDA looks at a fleet without pods."""

    cooldown_seconds: int = Field(default=600, ge=0, le=86_400)
    """How long the last pod stays without work."""


class Billing(Part):
    """What a pod's node costs."""

    hourly_price: float = Field(default=0.0, ge=0, le=1_000_000)
    """Price of one pod for an hour, in your currency; shown as cost, and cheaper fleets are filled first."""

    period_seconds: int = Field(default=3600, ge=60, le=86_400)
    """Every started period is paid in full; a pod whose period has just begun goes last."""

    node_idle_seconds: int = Field(default=600, ge=0, le=86_400)
    """How long the cluster autoscaler keeps an empty node: its scale-down-unneeded-time."""


class Budget(Part):
    """What the fleet may cost. Bounds, jobs per pod and pre-warming that the spec leaves open follow from it."""

    per_month: float = Field(gt=0, le=1_000_000_000)
    """In the currency of billing.hourlyPrice, for this fleet's pods."""


class RedisAccess(Part):
    """How KEDA reaches Redis."""

    authentication: str = Field(default="", max_length=253)
    """Name of the TriggerAuthentication; empty: none."""

    tls: bool = False
    """Redis speaks TLS."""

    sentinel_primary: str = Field(default="", max_length=253)
    """Name by which the Sentinels at REDIS_ADDR know the primary; empty: REDIS_ADDR is the server."""


class Schedule(Part):
    """Other bounds at certain hours. Of two active schedules that set the same bound the later one holds."""

    model_config = ConfigDict(json_schema_extra=validations(SOME_BOUND, SCHEDULE_BOUNDS, SOME_TIME))

    name: Name
    days: tuple[Weekday, ...] = Field(default=WEEK, min_length=1, max_length=7)
    """Days on which it begins."""

    begin: TimeOfDay = Field(alias="from")
    """Time of day, HH:MM."""

    until: TimeOfDay
    """Time of day, HH:MM; earlier than from: on the next day."""

    time_zone: str = Field(default="UTC", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")
    """IANA name, for example Europe/Berlin."""

    min_replicas: Replicas | None = None
    """Fewest pods meanwhile: pre-warm with it, or allow zero at night."""

    max_replicas: Replicas | None = None
    """Most pods meanwhile. 0 closes the fleet: work waits for the end of the schedule."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        least, most = self.min_replicas, self.max_replicas
        if least is None and most is None:
            raise ValueError(SOME_BOUND.message)
        if least is not None and most is not None and least > most:
            raise ValueError(SCHEDULE_BOUNDS.message)
        if self.begin == self.until:
            raise ValueError(SOME_TIME.message)
        return self


class Canary(Part):
    """A version of one engine that gets a part of its work."""

    engine: Engine
    """Engine whose version is tried."""

    version: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9.+_-]*$")
    """Version that its workers show: engine_version of results; 2, or 1+NAME with WEAVER_WEIGHTS_VERSION=NAME."""

    share: float = Field(ge=0, le=1)
    """Most of the engine's jobs that workers of this version take; the others' workers take the rest. 0: none."""


class FleetSpec(Part):
    """A fleet of weavers: one Deployment, and how many pods it should have."""

    model_config = ConfigDict(json_schema_extra=validations(BOUNDS, PLAIN, BUDGET, SAME_DEPLOYMENT, CANARY_OFFERED))

    deployment: Name
    """Deployment of the fleet's pods, in the same namespace. The ScaledObject has its name."""

    selector: Mapping[str, Annotated[str, Field(max_length=63)]] = Field(min_length=1, max_length=16)
    """Labels of the fleet's pods, and of no others."""

    container: Name = "weaver"
    """Container whose environment holds REDIS_ADDR, for KEDA."""

    engines: tuple[Engine, ...] = Field(default=(), max_length=16)
    """Engines that the pods offer. Empty: all of the queue's work is theirs."""

    capacity: Capacity = Capacity.ON_DEMAND
    """How the nodes are bought. Of fleets with the same engines spot ones are filled first, after all minReplicas."""

    min_replicas: Replicas | None = None
    """Fewest pods; of an onDemand fleet beside spot ones: the floor. Absent: 1, or what the budget gives."""

    max_replicas: Annotated[int, Field(ge=1, le=MOST_REPLICAS)] | None = None
    """Most pods. Absent: 5, or what the budget gives."""

    budget: Budget | None = None
    """What the fleet may cost; the operator derives what is left open, and says so in the status."""

    replicas: Replicas | None = None
    """Hold exactly so many pods, whatever waits (kubectl scale). Remove it to scale again."""

    paused: bool = False
    """Keep the number of pods as it is."""

    canary: Canary | None = None
    """A version under trial. It holds for the whole queue while ready workers have it, and others have not."""

    slo: Slo = Slo()
    scaling: Scaling = Scaling()
    billing: Billing = Billing()
    redis: RedisAccess = RedisAccess()
    schedules: tuple[Schedule, ...] = Field(
        default=(),
        max_length=32,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.least > (MOST_REPLICAS if self.budget and self.max_replicas is None else self.most):
            raise ValueError(BOUNDS.message)
        if self.budget and not 0 < self.billing.hourly_price <= self.budget.per_month:
            raise ValueError(BUDGET.message)
        least = [self.least, *(s.min_replicas for s in self.schedules if s.min_replicas is not None)]
        if self.scaling.form is Form.PLAIN and min(least) < 1:
            raise ValueError(PLAIN.message)
        if self.canary and self.engines and self.canary.engine not in self.engines:
            raise ValueError(CANARY_OFFERED.message)
        names = [schedule.name for schedule in self.schedules]
        if len(set(names)) < len(names):
            raise ValueError("each schedule must have a name of its own")
        return self

    @property
    def least(self) -> int:
        """Fewest pods."""
        return LEAST if self.min_replicas is None else self.min_replicas

    @property
    def most(self) -> int:
        """Most pods."""
        return MOST if self.max_replicas is None else self.max_replicas

    @property
    def jobs_per_pod(self) -> int:
        """Jobs that one pod may have in formula and plain."""
        if self.scaling.jobs_per_pod:
            return self.scaling.jobs_per_pod
        if self.scaling.form is Form.PLAIN:
            return 10
        return max(1, int(self.slo.seconds / (2 * self.slo.picture_seconds)))


def parse_spec(raw: object) -> FleetSpec:
    """Return the spec of an object.

    Raises:
        SpecRefused: It breaks a rule; the message names the field, its value and the rule.
    """
    try:
        return FleetSpec.model_validate(raw)
    except ValidationError as error:
        raise SpecRefused("; ".join(_sentence(dict(one)) for one in error.errors())) from error


def _sentence(error: Mapping[str, Any]) -> str:
    path = ".".join(map(str, ("spec", *error["loc"])))
    if error["type"] == "missing":
        return f"{path} is missing"
    value = "" if isinstance(error["input"], (dict, BaseModel)) else f" is {error['input']!r}"
    return f"{path}{value}: {error['msg'].removeprefix('Value error, ')}"[:300]
