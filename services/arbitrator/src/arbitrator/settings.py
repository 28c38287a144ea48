"""The arbitrator's settings, composed once in `__main__`. The environment is read nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from arbitrator.policies.named import POLICIES
from proteus.checked_settings import CheckedSettings
from proteus.settings import LogSettings, ProbeSettings, RedisSettings, fresh_worker_id


def known_policy(name: str) -> str:
    """Return the name of a policy.

    Raises:
        ValueError: There is no such policy.
    """
    if name not in POLICIES:
        raise ValueError(f"must be one of {', '.join(POLICIES)}")
    return name


PolicyName = Annotated[str, AfterValidator(known_policy)]


class ArbitratorSettings(CheckedSettings):
    """How the arbitrator decides."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="ARBITRATOR_", extra="ignore")

    policy: PolicyName = "slo"
    """`ARBITRATOR_POLICY`. `slo`: predicted wait, a ramped degraded share, hysteresis; it beats `table` on every trace
    of docs/benchmarks.md. `table`: the four scenarios of the founding contract, which `slo` too follows until a worker
    has measured its costs."""

    shadow_policy: PolicyName | Literal[""] = ""
    """`ARBITRATOR_SHADOW_POLICY`. A second policy for the same observations, whose decisions are only noted; none by
    default. `proteus fleet why --shadow` shows them."""

    slo_seconds: float = Field(default=12.0, gt=0)
    """`ARBITRATOR_SLO_SECONDS`. End-to-end time a job should take at most; policy `slo` keeps it."""

    tick_seconds: float = Field(default=0.5, gt=0)
    """`ARBITRATOR_TICK_SECONDS`. Time from one tick to the next."""

    lease_seconds: float = Field(default=3.0, gt=0)
    """`ARBITRATOR_LEASE_SECONDS`. A second arbitrator takes over this long after the first one's last tick."""

    min_replicas: int = Field(default=1, ge=0)
    """`ARBITRATOR_MIN_REPLICAS`. Fewest weavers the autoscaler keeps."""

    max_replicas: int = Field(default=5, ge=1)
    """`ARBITRATOR_MAX_REPLICAS`. Most weavers the autoscaler may run."""

    cold_start_seconds: float = Field(default=120.0, ge=0)
    """`ARBITRATOR_COLD_START_SECONDS`. Time from requesting a weaver to its first claim."""

    local_replicas: bool = False
    """`ARBITRATOR_LOCAL_REPLICAS`. Write `config:weaver_replicas` for the supervisor of one machine; off where KEDA or
    the HPA owns the number."""

    idle_seconds: float = Field(default=300.0, gt=0)
    """`ARBITRATOR_IDLE_SECONDS`. How long one machine keeps a weaver that nothing needs; KEDA's usual cooldown."""


class OperatorSettings(CheckedSettings):
    """Whether and how WeaverFleets are followed."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="OPERATOR_", extra="ignore")

    enabled: bool = False
    """`OPERATOR_ENABLED`. Follow the WeaverFleets of this namespace (chart: `scaling.owner=operator`)."""

    api_server: str = "https://kubernetes.default.svc"
    """`OPERATOR_API_SERVER`. The Kubernetes API, by the name that its certificate carries in every cluster."""

    account_dir: str = Field(default="/var/run/secrets/kubernetes.io/serviceaccount", validate_default=True)
    """`OPERATOR_ACCOUNT_DIR`. Folder of the service account's `token`, `ca.crt` and `namespace`."""

    @field_validator("account_dir")
    @classmethod
    def _is_there(cls, folder: str, info: ValidationInfo) -> str:
        if info.data.get("enabled") and not all((Path(folder) / name).is_file() for name in ("token", "namespace")):
            raise ValueError("must hold the files token and namespace, because OPERATOR_ENABLED is set")
        return folder

    every_seconds: float = Field(default=5.0, gt=0)
    """`OPERATOR_EVERY_SECONDS`. Time between two looks at all fleets; at a changed object it looks at once."""


class DeploymentSettings(CheckedSettings):
    """This process's name, and what the deployment runs."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PROTEUS_", extra="ignore")

    worker_id: str = Field(default_factory=lambda: fresh_worker_id("arbitrator"))
    """`PROTEUS_WORKER_ID`. By default the host and a random part."""

    default_engine: str = "puppet"
    """`PROTEUS_DEFAULT_ENGINE`. Its balanced preset is the batch key whose costs count, if a worker offers it."""


class Settings(BaseModel):
    """All settings, grouped."""

    model_config = ConfigDict(frozen=True)

    arbitrator: ArbitratorSettings = Field(default_factory=ArbitratorSettings)
    operator: OperatorSettings = Field(default_factory=OperatorSettings)
    deployment: DeploymentSettings = Field(default_factory=DeploymentSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    probe: ProbeSettings = Field(default_factory=ProbeSettings)
