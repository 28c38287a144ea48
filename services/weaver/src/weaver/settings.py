"""The weaver's settings, composed once in `__main__`. The environment is read nowhere else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from proteus.checked_settings import CheckedSettings
from proteus.engines import CARDS
from proteus.settings import (
    AnyWorkerSettings,
    LeaseSettings,
    LogSettings,
    MarkSettings,
    ProbeSettings,
    RedisSettings,
    SafetySettings,
    StorageSettings,
    TracingSettings,
    fresh_worker_id,
)

Poison = Literal["crash", "hang", "raise", "sicken", "refuse", "fail"]
"""How a job can make the engine `timed` misbehave; see `pipelines.timed`."""


class WeaverSettings(CheckedSettings):
    """What this worker makes, and how much at once."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="WEAVER_", extra="ignore")

    engines: Annotated[tuple[str, ...], NoDecode] = ("puppet",)
    """`WEAVER_ENGINES`, a comma list. All are loaded at start; jobs of other engines are left to other workers."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`WEAVER_DEVICE`. `auto`: the GPU if the engine's library finds one."""

    weights_dir: str = ""
    """`WEAVER_WEIGHTS_DIR`. Folder with one folder of weights per engine; empty: each engine's default folder."""

    weights_source: str = ""
    """`WEAVER_WEIGHTS_SOURCE`. Where the weaver fetches `weights_dir` from at start when that is empty:
    `s3://bucket/prefix`, read with the object storage's credentials, or `owner/name[@revision]` on the model hub
    (`HF_TOKEN` for gated ones); empty: it fetches nothing."""

    weights_version: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,40}$")
    """`WEAVER_WEIGHTS_VERSION`. What you call these weights: results and the fleet then name the engine's version as
    `1+name`, and a canary can be for it. Weights that replace others under one source want another name."""

    max_batch: int = Field(default=8, ge=1, le=64)
    """`WEAVER_MAX_BATCH`. Most pictures in one session, whatever `config:batch_size` says."""

    poll_seconds: float = Field(default=1.0, gt=0)
    """`WEAVER_POLL_SECONDS`. Interval of the safety poll beside the wake-up channel, and the age at which `config:*` is
    read again."""

    step_lever: Literal["off", "graphs", "compile"] = "off"
    """`WEAVER_STEP_LEVER`. How the steps of diffusion engines run. `off`: eagerly. `graphs`: as CUDA graphs, `compile`:
    as torch compiles them, both captured before the weaver is ready, for 1, 2, 4, 8 and 16 rows (a guided picture is
    two); other numbers of rows are padded to the next one. What cannot be captured runs eagerly, and the log says
    so."""

    profile_seconds: float = Field(default=2.0, ge=0)
    """`WEAVER_PROFILE_SECONDS`. Time that measuring t(b) at start may take in all, about; a few steps of each canvas
    run however long they take. 0: measure nothing, learn from work."""

    slo_seconds: float = Field(default=20.0, gt=0)
    """`WEAVER_SLO_SECONDS`. Time a job should take at most, end to end: bounds how long a batch waits for company."""

    store_patience_seconds: float = Field(default=60.0, gt=0)
    """`WEAVER_STORE_PATIENCE_SECONDS`. How long a silent object store is retried before the job is handed back."""

    timed_curve: Annotated[dict[int, float], NoDecode] = Field(default={1: 0.2, 2: 0.24, 4: 0.36, 8: 0.64})
    """`WEAVER_TIMED_CURVE`, `1:0.2,4:0.36`: seconds of a batch in the engine `timed` at its balanced preset."""

    timed_poison: Annotated[dict[int, Poison], NoDecode] = Field(default={})
    """`WEAVER_TIMED_POISON`, `7:crash,8:fail`: seeds whose jobs misbehave in the engine `timed`; for chaos tests."""

    timed_step_log: str = ""
    """`WEAVER_TIMED_STEP_LOG`. File to which the engine `timed` appends a line of JSON for each step: the truth that
    usage is compared with; empty: none."""

    @field_validator("engines", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            value = tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("engines")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in CARDS:
                raise ValueError(f"there is no engine {name!r}; this version has {', '.join(sorted(CARDS))}")
        if not value:
            raise ValueError("it names no engine")
        return value

    @field_validator("timed_curve", "timed_poison", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if isinstance(value, str):
            pairs = [pair.split(":") for pair in value.split(",") if pair]
            if any(len(pair) != 2 for pair in pairs):
                raise ValueError("it must be pairs such as 1:0.2,4:0.36")
            return dict(pairs)
        return value


class WorkerSettings(AnyWorkerSettings):
    """This weaver's identity in its deployment."""

    worker_id: str = Field(default_factory=lambda: fresh_worker_id("weaver"))
    """`PROTEUS_WORKER_ID`. Unique in the fleet; by default the host and a random part."""


class Settings(BaseModel):
    """All settings, grouped."""

    model_config = ConfigDict(frozen=True)

    weaver: WeaverSettings = Field(default_factory=WeaverSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    safety: SafetySettings = Field(default_factory=SafetySettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    lease: LeaseSettings = Field(default_factory=LeaseSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    marks: MarkSettings = Field(default_factory=MarkSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
    probe: ProbeSettings = Field(default_factory=ProbeSettings)
